"""What several machines promise: the same tests and verdicts as one, and each about as much to do."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from robot.api import ExecutionResult

from runner import arguments, merge, notes, planning, results
from runner.command_options import Shard
from runner.console import Stop
from runner.leaks import Leak
from runner.notes import Note

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


def merged(tmp_path, tests, run_robot, *told, robot=()):
    """Merges the parts of a run in which all passes, as each notes something of itself; gives the status."""
    for index, note in enumerate(told, 1):
        folder = tmp_path / f"part{index}"
        part(tests, folder, index, len(told), run_robot, tmp_path)
        if note:
            notes.write(folder, note)
    parts = [str(tmp_path / f"part{index}") for index in range(1, len(told) + 1)]
    whole = ["--outputdir", str(tmp_path / "merged")]
    return merge.main(arguments.parse(["merge", *parts, "--", *whole, *robot, str(tests)]))


WELL = Note("embedded")


def test_parts_that_are_well_are_one_whole(suites, run_robot, tmp_path):
    assert merged(tmp_path, suites(a=ONE, b=ONE), run_robot, WELL, WELL) == 0
    assert "2 passed against the environment embedded." in (tmp_path / "merged" / "summary.md").read_text()
    assert notes.read(tmp_path / "merged") == WELL


def test_a_part_that_wrote_a_secret_spoils_the_whole(suites, run_robot, tmp_path, capsys):
    leak = Leak(Path("part2") / "log.html", "plain", "a data URI")
    leaking = Note("embedded", leaks=(leak,))
    assert merged(tmp_path, suites(a=ONE, b=ONE), run_robot, WELL, leaking) == 1
    assert f"Secrets were written (none may be):\n  {leak}\n" in capsys.readouterr().out
    assert "part2/log.html: a secret, plain" in (tmp_path / "merged" / "summary.md").read_text()
    assert notes.read(tmp_path / "merged") == leaking


def test_a_part_that_nobody_has_searched_for_secrets_spoils_the_whole(suites, run_robot, tmp_path, capsys):
    assert merged(tmp_path, suites(a=ONE, b=ONE), run_robot, None, WELL) == 1
    told = capsys.readouterr().out.splitlines()
    at = told.index("Not searched for secrets: no run.json says that its run came to its end:")
    assert told[at + 1].endswith("part1")


def test_what_is_merged_is_searched_for_the_secrets_of_this_machine(
    suites, run_robot, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("AGENT_CHAT_ADMIN_TOKEN", "of-the-administrator")
    tests = suites(a="One\n    Log    of-the-administrator\n")
    assert merged(tmp_path, tests, run_robot, WELL) == 1
    assert "merged/output.xml: a secret, plain" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (
            WELL,
            Note("real_services"),
            r"part1: embedded; .*part2: real_services\), so they are not one whole",
        ),
        (WELL, Note("embedded", "late"), r"part2: embedded, BROKEN on purpose: late\), so they are not one"),
        (Note("embedded", "late"), Note("embedded", "leak"), "different backends"),
        (WELL, Note("embedded", dry=True), "part2 is of a dry run, which tries nothing: run it again"),
    ],
)
def test_parts_that_are_not_of_one_kind_are_refused(suites, run_robot, tmp_path, one, other, told):
    with pytest.raises(Stop, match=told) as stopped:
        merged(tmp_path, suites(a=ONE, b=ONE), run_robot, one, other)
    assert stopped.value.status == 2
    assert not (tmp_path / "merged").exists()


def test_a_whole_in_which_nothing_was_tried_is_not_green(suites, run_robot, tmp_path, capsys):
    assert merged(tmp_path, suites(a="Skips\n    Skip    not here\n"), run_robot, WELL) == 1
    assert capsys.readouterr().out.strip().endswith("1 skipped: nothing was tried")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAKS = st.builds(Leak, TEXT.filter(lambda text: "\0" not in text).map(Path), TEXT, TEXT)


@given(note=st.builds(Note, TEXT, TEXT, st.booleans(), st.lists(LEAKS, max_size=3).map(tuple)))
def test_what_a_run_notes_of_itself_is_read_as_it_was_written(tmp_path_factory, note):
    folder = tmp_path_factory.mktemp("noted")
    notes.write(folder, note)
    assert notes.read(folder) == note
    (folder / notes.FILE).write_text('{"environment": "cut')
    assert notes.read(folder) is None


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
