"""Processes that are stopped: they do nothing, go on when they are told to, and are never left stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from AgentChatLibrary import sleeping
from AgentChatLibrary.environment import EnvironmentProblem

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="reads the state of a process from /proc")

STOPS = """\
import sys
from AgentChatLibrary import sleeping
sleeping.stop(int(sys.argv[1]))
print("stopped", flush=True)
sys.stdin.read()
"""
SECONDS = 20.0


@pytest.fixture
def working():
    """A process that works until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", "import signal\nsignal.pause()"])
    yield process
    process.kill()
    process.wait()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def becomes(pid: int, wanted: str) -> bool:
    deadline = time.monotonic() + SECONDS
    while state(pid) != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return state(pid) == wanted


def test_one_that_was_stopped_goes_on_when_it_is_told_to(working):
    for _ in range(2):
        sleeping.stop(working.pid)
        assert becomes(working.pid, "T")
        sleeping.go_on(working.pid)
        assert becomes(working.pid, "S")


def test_stopping_twice_is_stopping_once(working):
    sleeping.stop(working.pid)
    sleeping.stop(working.pid)
    sleeping.go_on(working.pid)
    assert becomes(working.pid, "S")


def test_going_on_without_being_stopped_does_nothing(working):
    sleeping.go_on(working.pid)
    assert working.poll() is None


def test_one_that_was_stopped_goes_on_when_who_stopped_it_is_killed(working):
    who = subprocess.Popen(
        [sys.executable, "-c", STOPS, str(working.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert who.stdout
    assert who.stdout.readline() == b"stopped\n"
    assert becomes(working.pid, "T")
    os.kill(who.pid, signal.SIGKILL)
    who.communicate()
    assert becomes(working.pid, "S")


def test_what_was_ended_while_it_was_stopped_is_forgotten(working):
    sleeping.stop(working.pid)
    working.kill()
    working.wait()
    other = subprocess.Popen([sys.executable, "-c", "import signal\nsignal.pause()"])
    try:
        sleeping.stop(other.pid)
        assert set(sleeping._WAKERS) == {other.pid}
        sleeping.go_on(other.pid)
    finally:
        other.kill()
        other.wait()


def test_where_processes_cannot_be_stopped_it_is_said(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(EnvironmentProblem, match="cannot stop and continue"):
        sleeping.stop(os.getpid())
