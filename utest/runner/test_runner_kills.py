"""Killing processes under load: it works from end to end, and says what it counted."""

import re
import subprocess
import sys

from runner.project import ROOT

SECONDS = 120.0


def test_kills_lose_nothing_and_are_counted():
    done = subprocess.run(
        [sys.executable, "-m", "runner.kills", "--times", "2", "--customers", "2", "--seed", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2 kills .*, [1-9]\d* events, 0 lost, 0 repeated$", done.stdout, re.MULTILINE)
