"""One version, wherever it is asked for."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from AgentChatLibrary import AgentChatLibrary
from robot.libdoc import LibraryDocumentation

from runner import version

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def test_run_py_tells_it_without_an_environment():
    told = subprocess.run(
        [sys.executable, "-S", str(ROOT / "run.py"), "--version"], capture_output=True, text=True, check=True
    )
    assert told.stdout == f"run.py {VERSION}\n"
    assert version.current() == VERSION


def test_the_library_tells_it_to_robot_framework():
    assert AgentChatLibrary.ROBOT_LIBRARY_VERSION == VERSION
    assert LibraryDocumentation(str(ROOT / "libraries" / "AgentChatLibrary/")).version == VERSION


def test_the_changelog_knows_it():
    versions = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert versions[1] == VERSION
