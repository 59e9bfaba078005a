"""A run's workers have their backends forked by the runner, where it can load what they load."""

from __future__ import annotations

import json
import os
import stat
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from robot.api import ExecutionResult

from runner import environments, lending
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


def listener(folder: Path, *preloaded: str) -> list[str]:
    return lending.listener(replace(environments.chosen("embedded"), preloaded=preloaded), folder)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "starting.py").write_text(STARTING)
    (tmp_path / "one.robot").write_text(textwrap.dedent(SUITE))
    return tmp_path / "one.robot"


@pytest.mark.skipif(os.name == "nt", reason="nothing is forked there")
@pytest.mark.parametrize("lent", [True, False])
def test_what_a_worker_starts_has_loaded_what_the_environment_names(
    lent: bool, suite: Path, tmp_path: Path, run_robot: Callable[..., Path]
):
    options = listener(tmp_path, "fractions") if lent else []
    path = os.pathsep.join(map(str, (ROOT, ROOT / "libraries")))
    written = run_robot(suite, *options, variables={"PYTHONPATH": path})
    assert ExecutionResult(written / "output.xml").return_code == 0
    assert json.loads((tmp_path / "output").read_text()) == {
        "arguments": ["one"],
        "given": "this",
        "loaded": lent,
    }


@pytest.mark.skipif(os.name == "nt", reason="nothing is forked there")
def test_only_the_user_can_read_what_opens_it(tmp_path: Path):
    options = listener(tmp_path, "fractions")
    key = json.loads((tmp_path / lending.FILE).read_text())["key"]
    assert stat.S_IMODE((tmp_path / lending.FILE).stat().st_mode) == 0o600
    assert key not in " ".join(options)


def test_nothing_is_lent_where_nothing_can_be_loaded_before(tmp_path: Path):
    assert listener(tmp_path) == []
    assert not any(tmp_path.iterdir())
