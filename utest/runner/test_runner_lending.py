"""A run's workers have their backends forked by the runner, where it can load what they load."""

from __future__ import annotations

import json
import os
import stat
import sys
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from robot.api import ExecutionResult

from runner import environments, lending
from runner.forks import Forks
from runner.project import ROOT

PROGRAM = """
import json, os, sys
loaded = "fractions" in sys.modules
print(json.dumps({"arguments": sys.argv[1:], "given": os.environ.get("GIVEN"), "loaded": loaded}))
sys.exit(3)
"""
STARTING = """
import sys
from pathlib import Path
from AgentChatLibrary import deployment

def start_one(folder):
    there, given = Path(folder), {"GIVEN": "this"}
    command = [sys.executable, "-m", "program", "one"]
    started = deployment._Starting.way(command, output=there / "output", variables=given, cwd=there)
    return started.wait(30)
"""
SUITE = """
*** Settings ***
Library    starting.py

*** Test Cases ***
One
    ${status}=    Start One    ${CURDIR}
    Should Be Equal As Integers    ${status}    3
"""


def lent(folder: Path, *preloaded: str, started: bool = True) -> AbstractContextManager[list[str]]:
    env = replace(environments.chosen("embedded"), preloaded=preloaded)
    return lending.listener(env, folder, started=started)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "starting.py").write_text(STARTING)
    (tmp_path / "one.robot").write_text(textwrap.dedent(SUITE))
    return tmp_path / "one.robot"


@pytest.mark.skipif(os.name == "nt", reason="nothing is forked there")
@pytest.mark.parametrize("borrows", [True, False])
def test_what_a_worker_starts_has_loaded_what_the_environment_names(
    borrows: bool, suite: Path, tmp_path: Path, run_robot: Callable[..., Path]
):
    path = os.pathsep.join(map(str, (ROOT, ROOT / "libraries")))
    with lent(tmp_path, "fractions") as options:
        written = run_robot(suite, *(options if borrows else ()), variables={"PYTHONPATH": path})
    assert ExecutionResult(written / "output.xml").return_code == 0
    assert json.loads((tmp_path / "output").read_text()) == {
        "arguments": ["one"],
        "given": "this",
        "loaded": borrows,
    }


@pytest.mark.skipif(os.name == "nt", reason="nothing is forked there")
def test_only_the_user_can_read_what_opens_it(tmp_path: Path):
    with lent(tmp_path, "fractions") as options:
        pass
    key = json.loads((tmp_path / lending.FILE).read_text())["key"]
    assert stat.S_IMODE((tmp_path / lending.FILE).stat().st_mode) == 0o600
    assert key not in " ".join(options)


def test_nothing_is_lent_where_nothing_can_be_loaded_before_or_nothing_is_started(tmp_path: Path):
    with lent(tmp_path) as options:
        assert options == []
    with lent(tmp_path, "fractions", started=False) as options:
        assert options == []
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="nothing is forked there")
def test_after_a_run_others_fork_from_what_they_have_loaded_themselves(
    suite: Path, tmp_path: Path, run_robot: Callable[..., Path]
):
    path = os.pathsep.join(map(str, (ROOT, ROOT / "libraries")))
    with lent(tmp_path, "colorsys") as options:
        run_robot(suite, *options, variables={"PYTHONPATH": path})
    forks = Forks(["fractions"])
    command = [sys.executable, "-m", "program", "two"]
    process = forks.start(command, output=tmp_path / "further", variables={}, cwd=tmp_path)
    assert process.wait(30) == 3
    forks.close()
    assert json.loads((tmp_path / "output").read_text())["loaded"] is False
    assert json.loads((tmp_path / "further").read_text())["loaded"] is True
