"""``run.py judge``: a report about a recording, and a clear word about what is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
