"""The processes of a deployment of one's own: what is said of those that are not there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.environment import EnvironmentProblem
from AgentChatLibrary.fleet import Fleet


@pytest.fixture
def sleepers():
    """Two processes that do nothing, reaped as they end."""
    found = [
        subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], stdin=subprocess.DEVNULL)
        for _ in range(2)
    ]
    for one in found:
        threading.Thread(target=one.wait, daemon=True).start()
    yield found
    for one in found:
        one.kill()


@pytest.fixture
def deployment(sleepers, tmp_path):
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps({"processes": [one.pid for one in sleepers]}))
    backends = ("http://127.0.0.1:1", "http://127.0.0.1:2")
    return Deployment("http://127.0.0.1:3", process=sleepers[0], ready=ready, backends=backends)


def test_a_deployment_that_somebody_else_keeps_has_no_processes_to_stop():
    with pytest.raises(EnvironmentProblem, match="use `Start Private Deployment`"):
        Fleet(Deployment("http://127.0.0.1:1", backends=("http://127.0.0.1:2",)))


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_process_that_is_not_there_is_told(deployment, number):
    with pytest.raises(EnvironmentProblem, match=f"no process {number}; there are 2"):
        Fleet(deployment).kill(number)


def test_a_process_is_killed_and_gone_and_the_other_is_left_alone(deployment, sleepers):
    Fleet(deployment).kill(2)
    assert sleepers[1].poll() == -signal.SIGKILL
    os.kill(sleepers[0].pid, 0)


def test_a_deployment_without_a_server_of_its_own_cannot_lose_it(deployment):
    with pytest.raises(EnvironmentProblem, match="no database server of its own"):
        Fleet(deployment).crash_database()
