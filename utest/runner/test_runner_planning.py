"""What discovery promises: exactly the tests that Robot Framework reports, whatever the options."""

from __future__ import annotations

from collections import Counter

import pytest
from robot.api import ExecutionResult

from runner import planning
from runner.command_options import Shard
from runner.console import Stop
from runner.planning import Selection

ONE = """\
First
    [Tags]    area:one    alone
    No Operation
Second [With] *Stars*
    [Tags]    area:one
    No Operation
"""
TWO = """\
Third
    [Tags]    area:two
    No Operation
Third
    No Operation
Long One
    [Tags]    soak
    No Operation
"""


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--include", "area:*"],
        ["--include", "area:oneORarea:two", "--exclude", "alone"],
        ["--exclude", "NOTalone"],
        ["--test", "*third"],
        ["--suite", "Inner"],
        ["--name", "Another Name"],
        ["--settag", "added"],
        ["--parseinclude", "one.robot"],
        ["--randomize", "all"],
    ],
)
def test_discovery_equals_the_report(suites, planned, run_robot, options):
    tests = suites(one=ONE, inner__two=TWO)
    plan = planned(tests, *options)
    folder = run_robot(tests, *plan.selection.options, "--outputdir", str(tests.parent / "robot"))
    reported = Counter(t.full_name for t in ExecutionResult(folder / "output.xml").suite.all_tests)
    assert plan.names == reported


def test_soak_runs_like_every_other_test(suites, planned):
    tests = suites(one=ONE, two=TWO)
    assert planned(tests).tagged("soak")


def test_a_category_is_a_tag_or_an_area_and_narrows_what_is_included(suites, planned):
    tests = suites(one=ONE, two=TWO)
    assert [t.name for t in planned(tests, category="two").tests] == ["Tests.Two.Third"]
    assert [t.name for t in planned(tests, "--include", "alone", category="area:one").tests] == [
        "Tests.One.First"
    ]


def test_an_unknown_category_names_the_known_ones(suites, planned):
    with pytest.raises(
        Stop, match=r"No test has the tag 'three'\. There are: area:one, area:two, alone, soak"
    ) as stop:
        planned(suites(one=ONE, two=TWO), category="three")
    assert stop.value.status == 2


def test_a_category_that_is_no_promise_names_those_there_are():
    with pytest.raises(Stop, match=r"promises go from promise-01 to promise-40") as stop:
        planning.select([], category="promise-99")
    assert stop.value.status == 2


def test_named_suites_replace_the_whole_folder(suites, planned):
    tests = suites(one=ONE, two=TWO)
    plan = planned(tests, "--exclude", "alone", str(tests / "one.robot"))
    assert [t.name for t in plan.tests] == ["One.Second [With] *Stars*"]


@pytest.mark.parametrize("options", [["--nonsense"], ["--include", "nobody"], ["--test", "Nobody"]])
def test_what_robot_framework_does_not_take_is_a_wrong_command_line(suites, planned, options):
    with pytest.raises(Stop) as stop:
        planned(suites(one=ONE), *options)
    assert stop.value.status == 2


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_shards_together_are_everything_once(suites, tmp_path, count):
    tests = suites(**{f"s{at}": "T1\n    No Operation\nT2\n    No Operation\n" for at in range(5)})
    whole = planning.discover(planning.select([], tests=tests, results=tmp_path))
    parts = [
        planning.discover(planning.select([], shard=Shard(i + 1, count), tests=tests, results=tmp_path))
        for i in range(count)
    ]
    assert sum((part.names for part in parts), Counter()) == whole.names
    assert max(len(part.tests) for part in parts) - min(len(part.tests) for part in parts) <= 2


def test_kept_tests_are_exactly_the_named_ones(suites, planned, tmp_path):
    plan = planned(suites(one=ONE, inner__two=TWO))
    wanted = ("Tests.One.Second [With] *Stars*", "Tests.Inner.Two.Third")
    keeping = plan.keeping(wanted, tmp_path / "names")
    kept = planning.discover(Selection((*plan.selection.options, *keeping), plan.selection.sources))
    assert [t.name for t in kept.tests] == [
        "Tests.Inner.Two.Third",
        "Tests.Inner.Two.Third",
        "Tests.One.Second [With] *Stars*",
    ]
