"""What a run reads is never removed by it."""

from __future__ import annotations

import shutil

import pytest
from throwaway import ROOT, Project

from runner import clearing
from runner.console import Stop

SPOKEN = ROOT / "utest" / "dialect" / "fixtures" / "netra-frames.jsonl"


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.suite("one", "Passes\n    No Operation\n")
    shutil.copytree(ROOT / "judging", tmp_path / "judging")
    (tmp_path / "libraries").symlink_to(ROOT / "libraries")
    return made


def test_a_recording_of_the_last_run_is_judged_and_stays(project):
    kept = project.folder / "results" / "transcripts" / "a.jsonl"
    kept.parent.mkdir(parents=True)
    shutil.copy(SPOKEN, kept)
    status, printed = project.run("judge", str(kept), "--env", "netra")
    assert (status, printed[-1]) == (1, "13 passed, 6 failed, 5 skipped")
    assert kept.read_bytes() == SPOKEN.read_bytes()
    assert (project.folder / "results" / "judged" / "report.html").exists()
    status, printed = project.run("judge", str(kept), "--env", "netra", "--", "--outputdir", "results")
    assert (status, printed[-1]) == (
        2,
        "results/transcripts/a.jsonl is in the folder that this run clears; add --outputdir results/again",
    )
    assert kept.exists()


def test_a_rerun_does_not_clear_what_it_reruns(project):
    project.suite("two", "Fails\n    Fail    no\n")
    assert project.run()[0] == 1
    output = project.folder / "results" / "output.xml"
    before = output.read_bytes()
    status, printed = project.run("--", "--rerunfailed", "results/output.xml")
    assert (status, printed) == (
        2,
        ["results/output.xml is in the folder that this run clears; add --outputdir results/again"],
    )
    assert output.read_bytes() == before
    _, printed = project.run("--", "--rerunfailed", "results/output.xml", "--outputdir", "results/again")
    assert printed[-1] == "0 passed, 1 failed, 0 skipped"


@pytest.mark.parametrize(
    "options",
    [
        ["-R{}"],
        ["-S", "{}"],
        ["--rerun-failed-suites={}"],
        ["--argumentfile", "{}"],
        ["--variablefile", "{}:first:second"],
        ["--listener", "{};first"],
        ["{}"],
    ],
)
def test_any_option_may_name_it(tmp_path, options):
    file = tmp_path / "transcripts" / "x"
    file.parent.mkdir()
    file.touch()
    with pytest.raises(Stop, match="is in the folder that this run clears") as stopped:
        clearing.protect(tmp_path, [option.format(file) for option in options])
    assert stopped.value.status == 2
    clearing.protect(tmp_path / "again", [option.format(file) for option in options])


@pytest.mark.parametrize("option", [["--log", "{}"], ["-l", "{}"], ["--output={}"]])
def test_what_is_only_written_may_be_there(tmp_path, option):
    (tmp_path / "log.html").touch()
    clearing.protect(tmp_path, [part.format(tmp_path / "log.html") for part in option])


def test_a_suite_setup_that_fails_is_said_once(project):
    body = "*** Settings ***\nSuite Setup    Fail    no key\n*** Test Cases ***\n"
    project.suite("two", body + "".join(f"T{n}\n    No Operation\n" for n in range(4)))
    status, printed = project.run()
    assert (status, printed[-1]) == (1, "1 passed, 4 failed, 0 skipped")
    assert sum("Parent suite setup failed" in line for line in printed) == 1
    at = printed.index("    Parent suite setup failed: no key")
    assert printed[at - 1].endswith("Two (4 tests)")
