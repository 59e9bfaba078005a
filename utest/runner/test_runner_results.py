"""What the one report promises: every planned test by name, in order, and nothing hidden."""

from __future__ import annotations

from collections import Counter

import pytest
from robot.api import ExecutionResult

from runner import planning, results
from runner.command_options import Shard

DIES = """\
Before
    No Operation
Dies
    Evaluate    os.kill(os.getpid(), 9)    modules=os
After
    No Operation
"""
FINE = """\
Passes
    No Operation
Fails
    Fail    because\\nof this
Skips
    Skip    not here
"""


def test_tests_of_a_worker_that_died_are_failed_by_name(suites, planned, run_together):
    plan = planned(suites(a_dies=DIES, b_fine=FINE))
    outcome = results.combine(plan, run_together(plan))
    assert outcome.lost == ("Tests.A Dies.Before", "Tests.A Dies.Dies", "Tests.A Dies.After")
    assert (outcome.passed, outcome.failed, outcome.skipped) == (1, 4, 1)
    assert outcome.failures[0].message == results.LOST
    assert not outcome.good


def test_the_report_is_in_the_order_of_the_plan_and_says_the_same_when_read_again(
    suites, planned, run_together, tmp_path
):
    plan = planned(suites(c=FINE, a__b=FINE, a__a=FINE, d=DIES))
    outcome = results.combine(plan, run_together(plan))
    files = results.write(outcome, plan)
    names = ["log.html", "report.html", "output.xml", "output.json", "xunit.xml"]
    assert [file.name for file in files] == names
    again = ExecutionResult(tmp_path / "results" / "output.xml").suite
    assert [t.full_name for t in again.all_tests] == [t.name for t in plan.tests]
    assert (again.statistics.passed, again.statistics.failed) == (outcome.passed, outcome.failed)


def test_a_suite_of_which_two_workers_ran_parts_is_one_suite(suites, planned, run_robot, tmp_path):
    tests = suites(one=FINE)
    plan = planned(tests)
    first = (run_robot(tests, "--test", "Passes") / "output.xml").rename(tmp_path / "first.xml")
    second = (run_robot(tests, "--exclude", "none", "--test", "Fails", "--test", "Skips")) / "output.xml"
    outcome = results.combine(plan, [second, first])
    assert [t.name for t in outcome.result.suite.suites[0].tests] == ["Passes", "Fails", "Skips"]
    assert not outcome.lost


def test_a_test_that_was_reported_twice_is_named(suites, planned, run_robot):
    tests = suites(one="One\n    No Operation\n")
    output = run_robot(tests) / "output.xml"
    outcome = results.combine(planned(tests), [output, output])
    assert outcome.extra == ("Tests.One.One",)
    assert not outcome.good


def test_nothing_reported_is_everything_lost(suites, planned, tmp_path):
    broken = tmp_path / "broken.xml"
    broken.write_text("<robot><suite name='Tests'>")
    outcome = results.combine(planned(suites(one=FINE, a__two=FINE)), [broken])
    assert (outcome.failed, len(outcome.lost)) == (6, 6)


@pytest.mark.parametrize(
    "settings", ["Library    NoSuchLibrary", "Variables    nowhere.py", "Resource    nowhere.resource"]
)
def test_errors_outside_of_tests_spoil_a_run_in_which_all_passed(suites, planned, run_robot, settings):
    tests = suites(one=f"*** Settings ***\n{settings}\n*** Test Cases ***\nOne\n    No Operation\n")
    outcome = results.combine(planned(tests), [run_robot(tests) / "output.xml"])
    assert (outcome.passed, outcome.failed) == (1, 0)
    assert len(outcome.errors) == 1
    assert not outcome.good


def test_an_exception_in_a_listener_spoils_a_run_in_which_all_passed(suites, planned, run_robot, tmp_path):
    listener = tmp_path / "listener.py"
    listener.write_text(
        "ROBOT_LISTENER_API_VERSION = 3\ndef end_test(data, result):\n    raise OSError('x')\n"
    )
    tests = suites(one="One\n    No Operation\n")
    outcome = results.combine(planned(tests), [run_robot(tests, "--listener", str(listener)) / "output.xml"])
    assert outcome.passed == 1
    assert not outcome.good


def test_claims_do_not_fill_the_tag_statistics(suites, planned, run_robot, tmp_path):
    tests = suites(one="One\n    [Tags]    catches:a-fault    area:x\n    No Operation\n")
    plan = planned(tests)
    results.write(results.combine(plan, [run_robot(tests) / "output.xml"]), plan)
    report = (tmp_path / "results" / "output.xml").read_text()
    statistics = report[report.index("<statistics>") :]
    assert "area:x" in statistics
    assert "catches" not in statistics


def test_the_reports_of_all_shards_merge_into_the_whole(suites, run_robot, tmp_path):
    tests = suites(a=FINE, b=FINE, inner__c=FINE)
    whole = planning.discover(planning.select([], tests=tests, results=tmp_path))
    outputs = []
    for index in (1, 2):
        results_folder = tmp_path / f"shard{index}"
        results_folder.mkdir()
        plan = planning.discover(
            planning.select([], shard=Shard(index, 2), tests=tests, results=results_folder)
        )
        output = (
            run_robot(tests, *plan.selection.options, "--outputdir", str(tmp_path / "robot")) / "output.xml"
        )
        results.write(results.combine(plan, [output]), plan)
        outputs.append(results_folder / "output.xml")
    merged = ExecutionResult(*outputs, merge=True).suite
    assert Counter(test.full_name for test in merged.all_tests) == whole.names


def test_tests_chosen_by_name_are_the_only_ones_that_run_in_several_suites(suites, planned, run_together):
    plan = planned(suites(a=FINE, b=FINE), "--test", "Passes", "--test", "Skips")
    outputs = run_together(plan)
    ran = [test.full_name for file in outputs for test in ExecutionResult(file).suite.all_tests]
    assert sorted(ran) == ["Tests.A.Passes", "Tests.A.Skips", "Tests.B.Passes", "Tests.B.Skips"]
    assert results.combine(plan, outputs).good
