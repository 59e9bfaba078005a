"""What several machines promise: the same tests and verdicts as one, and each about as much to do."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from robot.api import ExecutionResult

from runner import arguments, merge, planning, results
from runner.command_options import Shard
from runner.console import Stop

MIXED = "Passes\n    No Operation\nFails\n    Fail    because\nSkips\n    Skip    not here\n"
ONE = "One\n    No Operation\n"
TIMED = {"a": 9.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": 3.0, "f": 3.0}
"""Seconds of each suite, 18 in all."""


def part(tests, folder, index, count, run_robot, home):
    """Runs one shard for real and writes its report, as a machine does."""
    folder.mkdir()
    plan = planning.discover(planning.select([], shard=Shard(index, count), tests=tests, results=folder))
    output = run_robot(tests, *plan.selection.options, "--outputdir", str(home / "robot")) / "output.xml"
    results.write(results.combine(plan, [output]), plan)
    return plan


def verdicts(output):
    return Counter((t.full_name, t.status, t.message) for t in ExecutionResult(output).suite.all_tests)


def test_what_is_sharded_and_merged_equals_what_is_run_at_once(suites, run_robot, tmp_path, capsys):
    tests = suites(a=MIXED, b=ONE, c=MIXED, inner__d=ONE, inner__e=MIXED)
    whole = run_robot(tests, "--outputdir", str(tmp_path / "whole")) / "output.xml"
    at_once = verdicts(whole if whole.exists() else tmp_path / "whole" / "output.xml")
    parts = [tmp_path / f"part{index}" for index in (1, 2, 3)]
    for index, folder in enumerate(parts, 1):
        part(tests, folder, index, 3, run_robot, tmp_path)
    options = arguments.parse(
        ["merge", *map(str, parts), "--", "--outputdir", str(tmp_path / "merged"), str(tests)]
    )
    assert merge.main(options) == 1  # some fail, as they did at once
    assert verdicts(tmp_path / "merged" / "output.xml") == at_once
    assert capsys.readouterr().out.strip().endswith("5 passed, 3 failed, 3 skipped")


def test_suites_are_dealt_out_by_how_long_they_take(suites, tmp_path):
    tests = suites(**dict.fromkeys(TIMED, ONE))
    known = {f"Tests.{name.title()}": seconds for name, seconds in TIMED.items()}
    planning.schedule_file(tmp_path).write_text(json.dumps(known))
    dealt = [
        planning.discover(planning.select([], shard=Shard(index, 2), tests=tests, results=tmp_path))
        for index in (1, 2)
    ]
    loads = [sum(known[test.suite] for test in plan.tests) for plan in dealt]
    assert loads == [9.0, 9.0]  # by count it would have been three suites each
    assert sum((plan.names for plan in dealt), Counter()) == Counter(f"{name}.One" for name in known)


def test_tests_that_run_by_themselves_are_weighed_by_their_own_times(suites, tmp_path):
    tests = suites(a=ONE, b="One\n    [Tags]    alone\n    No Operation\n", c=ONE)
    planning.schedule_file(tmp_path).write_text(json.dumps({"alone: Tests.B": 30, "Tests.B": 0.1}))
    plan = planning.discover(planning.select([], shard=Shard(1, 2), tests=tests, results=tmp_path))
    assert plan.suites == ["Tests.B"]


def test_a_part_stays_as_it_was_planned_whatever_is_timed_meanwhile(suites, tmp_path):
    tests = suites(**dict.fromkeys(TIMED, ONE))
    planning.schedule_file(tmp_path).write_text(json.dumps({"Tests.A": 5}))
    selection = planning.select([], shard=Shard(1, 2), tests=tests, results=tmp_path)
    before = planning.discover(selection).names
    planning.schedule_file(tmp_path).write_text(json.dumps({"Tests.F": 50, "Tests.B": 0.01}))
    assert planning.discover(selection).names == before
    again = planning.select([], shard=Shard(1, 2), tests=tests, results=tmp_path)
    assert planning.discover(again).names != before


def test_parts_that_were_dealt_out_by_different_timings_are_refused(suites, run_robot, tmp_path):
    tests = suites(a=ONE, b=ONE)
    folders = [tmp_path / "part1", tmp_path / "part2"]
    part(tests, folders[0], 1, 2, run_robot, tmp_path)
    folders[1].mkdir()
    planning.schedule_file(folders[1]).write_text(json.dumps({"Tests.A": 5}))
    plan = planning.discover(planning.select([], shard=Shard(2, 2), tests=tests, results=folders[1]))
    output = run_robot(tests, *plan.selection.options, "--outputdir", str(tmp_path / "robot")) / "output.xml"
    results.write(results.combine(plan, [output]), plan)
    options = arguments.parse(
        ["merge", *map(str, folders), "--", "--outputdir", str(tmp_path / "merged"), str(tests)]
    )
    with pytest.raises(Stop, match=r"part1 by none, .*part2 by [0-9a-f]{12}\), so they are not one whole"):
        merge.main(options)
