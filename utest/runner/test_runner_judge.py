"""``run.py judge``: a report about a recording, and a clear word about what is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from AgentChatLibrary import filing
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.transcript import Owner, Transcript
from robot.api import ExecutionResult

from runner.project import ROOT

NETRA = ROOT / "utest" / "dialect" / "fixtures" / "netra-frames.jsonl"


def judge(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runner", "judge", *map(str, args)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)


def test_a_recording_becomes_a_report(tmp_path):
    done = judge(NETRA, "--env", "netra", "--", "--outputdir", tmp_path)
    assert done.stdout.splitlines()[-1] == "13 passed, 6 failed, 5 skipped"
    assert "550 records, 71 connections" in done.stdout
    assert done.returncode == 1
    report = (tmp_path / "output.xml").read_text("utf-8")
    assert "record 163, ws_test" in report
    assert (tmp_path / "report.html").exists()


def recorded(file: Path, *, missing: int) -> Path:
    """A recording of a connection that was welcomed, from which frames may be missing."""
    schema = ROOT / "resources" / "contract" / "schemas" / "server" / "connection_established.json"
    (welcome,) = json.loads(schema.read_text("utf-8"))["examples"]
    owner = Owner("Ana", user_id=welcome["user_id"])
    transcript = Transcript("Ana", owner, 1, 0.0, welcome["timestamp"], truncated=missing)
    transcript.append(0.1, Direction.RECEIVED, Kind.TEXT, json.dumps(welcome))
    filing.write(file, [transcript])
    return file


def test_a_recording_that_frames_are_missing_from_does_not_pass(tmp_path):
    whole = judge(recorded(tmp_path / "a.jsonl", missing=0), "--", "--outputdir", tmp_path / "whole")
    assert whole.returncode == 0, whole.stdout
    assert "Missing" not in whole.stdout
    done = judge(recorded(tmp_path / "a.jsonl", missing=3), "--", "--outputdir", tmp_path / "cut")
    assert done.returncode == 1
    assert "Missing from it: 3 frames of 1 connection, which nobody recorded." in done.stdout
    tests = list(ExecutionResult(tmp_path / "cut" / "output.xml").suite.all_tests)
    assert [test.message for test in tests if test.name == "Nothing Of Anybody Else Has Come"] == [
        "1 of 1 cannot be judged by isolation.no_foreign_canary, for want of frames:\n"
        "3 frames of Ana were not recorded, so this cannot be judged."
    ]


def test_it_is_no_success_whatever_is_asked_of_it(tmp_path):
    options = ("--outputdir", tmp_path / "cut", "--test", "Every Message Is Read")
    done = judge(recorded(tmp_path / "a.jsonl", missing=3), "--", *options)
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed, 0 skipped"
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("content", "env", "problem"),
    [
        ('{"log": {"entries": [{}]}}', "netra", "1 requests, but no WebSocket messages"),
        ("hello", "netra", "holds no frame"),
        ('{"type": "ping"}', "netar", "Did you mean 'netra'?"),
    ],
)
def test_what_cannot_be_judged_says_why(tmp_path, content, env, problem):
    file = tmp_path / "page.har"
    file.write_text(content, "utf-8")
    done = judge(file, "--env", env, "--", "--outputdir", tmp_path / "results")
    assert done.returncode in (1, 2)
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
