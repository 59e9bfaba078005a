"""What stands in the user's shell is said, not silently obeyed or ignored."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from robot.api import ExecutionResult
from throwaway import ROOT, Project

from runner import surroundings


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.suite("one", "Passes\n    No Operation\n")
    return made


def test_a_backend_that_is_broken_on_purpose_is_said_to_be(project):
    _, printed = project.run(AGENT_CHAT_FAULT="seq-gap")
    assert any(line.endswith("(started for this run, BROKEN on purpose: seq-gap)") for line in printed)
    results = project.folder / "results"
    assert "BROKEN on purpose: seq-gap" in (results / "summary.md").read_text("utf-8")
    assert ExecutionResult(results / "output.xml").suite.metadata["Backend"] == "BROKEN on purpose: seq-gap"
    for page in ("report.html", "log.html"):
        assert "BROKEN on purpose" in (results / page).read_text("utf-8")
    _, printed = project.run()
    assert any(line.endswith("(started for this run)") for line in printed)
    assert "BROKEN on purpose" not in (results / "summary.md").read_text("utf-8")
    assert "Backend" not in ExecutionResult(results / "output.xml").suite.metadata


@pytest.mark.parametrize("command", [["prove", "--fault", "wrong-run-id"], ["test"], ["prove", "--mutants"]])
def test_a_proof_does_not_begin_with_a_fault(project, command):
    status, printed = project.run(*command, AGENT_CHAT_FAULT="seq-gap")
    assert (status, printed) == (
        2,
        [f"AGENT_CHAT_FAULT is set (seq-gap); {command[0]} chooses its faults itself: unset it"],
    )


def test_a_misspelt_variable_is_told(project):
    _, printed = project.run(AGENT_CHAT_FALT="seq-gap")
    assert printed[0] == (
        "Nothing reads the environment variable AGENT_CHAT_FALT. Did you mean AGENT_CHAT_FAULT?"
    )
    assert surroundings.unknown(["PATH", "AGENT_CHAT_ENV"]) == []


def test_every_variable_that_is_read_is_known():
    used: set[str] = set()
    for folder in ("libraries", "runner", "variables", "backend", "bench", "targets", "resources"):
        for file in (ROOT / folder).rglob("*.*"):
            if file.suffix in {".py", ".resource", ".yaml"}:
                used |= set(re.findall(r"AGENT_CHAT_[A-Z]+(?:_[A-Z]+)*", Path(file).read_text("utf-8")))
    assert used - {"AGENT_CHAT_FALT"}
    assert surroundings.unknown(used) == []
