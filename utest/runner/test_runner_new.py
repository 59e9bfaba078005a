"""``run.py new``: what is written is clean, runs at once, and never takes the place of anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from AgentChatLibrary import environment

from runner.arguments import COMMANDS
from runner.new.options import KINDS

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("backend", "docs", "libraries", "resources", "runner", "tests", "variables")
PYTHON = ("backend/faults", "variables")
NOTHING = ("--output", "NONE", "--log", "NONE", "--report", "NONE")


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the project that can be written into."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run(folder: Path, *command: str, **variables: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )
    return done.returncode, done.stdout + done.stderr


def new(folder: Path, *arguments: str) -> str:
    status, told = run(folder, "runner", "new", *arguments)
    assert status == 0, told
    assert "Next:" in told
    return told


def refused(folder: Path, *arguments: str) -> str:
    before = sorted(path for part in PARTS for path in (folder / part).rglob("*") if path.suffix != ".pyc")
    status, told = run(folder, "runner", "new", *arguments)
    assert status == 2, told
    assert "Traceback" not in told
    after = sorted(path for part in PARTS for path in (folder / part).rglob("*") if path.suffix != ".pyc")
    assert after == before
    return told


@pytest.fixture(scope="module")
def begun(copy: Path) -> Path:
    """The copy, with one of each kind."""
    assert "run.py -- --suite monthly_reports" in new(copy, "suite", "monthly_reports")
    told = new(copy, "promise", "Reports name their month", "--area", "monthly-reports")
    assert "--include promise-41" in told
    new(copy, "promise", "Agent_started comes early", "--area", "agent-events")
    assert "catches:report-without-words" in new(copy, "fault", "report-without-words")
    new(copy, "environment", "local_copy")
    new(copy, "environment", "staging", "--url", "https://chat.example")
    return copy


def test_what_is_written_is_clean(begun):
    for check in (
        ("ruff", "check", *PYTHON),
        ("ruff", "format", "--check", *PYTHON),
        ("robocop", "check", "tests"),
        ("robocop", "format", "--check", "--diff", "tests"),
        ("mypy", "--cache-dir", str(begun / "types"), "backend/faults/report_without_words.py"),
        ("robot", "--dryrun", *NOTHING, "tests"),
        ("runner.coverage",),
        ("runner.house",),
    ):
        status, told = run(begun, *check)
        assert status == 0, f"{check}: {told}"


def test_what_is_written_runs_and_can_fail(begun):
    chosen = ("--include", "area:monthly-reportsORpromise-42", "tests")
    status, told = run(begun, "robot", "--outputdir", str(begun / "healthy"), *chosen)
    assert status == 0, told
    assert "3 tests, 3 passed" in told
    status, told = run(
        begun,
        "robot",
        *("--outputdir", str(begun / "broken"), *chosen),
        AGENT_CHAT_FAULT="report-without-words",
    )
    assert "0 passed, 3 failed" in told, told
    status, told = run(
        begun,
        "robot",
        *("--outputdir", str(begun / "local"), *chosen),
        AGENT_CHAT_ENV="local_copy",
    )
    assert status == 0, told


def test_a_promise_is_registered_and_its_test_is_whole_by_itself(begun):
    promises = json.loads((begun / "resources" / "promises.json").read_text("utf-8"))
    assert promises[-2:] == [
        {"tag": "promise-41", "area": "monthly-reports", "promise": "Reports name their month"},
        {"tag": "promise-42", "area": "agent-events", "promise": "Agent_started comes early"},
    ]
    suite = (begun / "tests" / "02_agent_events.robot").read_text("utf-8")
    assert suite.endswith("Then Ana sees the agent work from start to finish\n")
    assert "Agent Started Comes Early\n" in suite
    assert "[Setup]    NONE" in suite  # the suite's own setup is not for it


def test_an_environment_explains_every_value(begun):
    embedded = environment.load(ROOT / "variables" / "embedded.py")
    for name in ("local_copy", "staging"):
        file = begun / "variables" / f"{name}.py"
        text, found = file.read_text("utf-8"), environment.load(file)
        assert all(f"\n{value} = " in text or f"\n{value}: " in text for value in environment.KNOWN_VALUES)
        assert set(found.budgets) == set(embedded.budgets)
        assert set(found.timeouts) == set(environment.DEFAULT_TIMEOUTS)
    assert environment.load(begun / "variables" / "local_copy.py").capabilities == embedded.capabilities
    assert "private_backend" not in environment.load(begun / "variables" / "staging.py").capabilities


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["suite", "Monthly-Reports"], "Did you mean 'monthly_reports'? A good one: lower-case letters"),
        (["suite", "../up"], "Did you mean 'up'?"),
        (["suite", "!"], "no good name for a suite. A good one: "),
        (["suite", "connection"], "There is a suite 'connection' already: tests/01_connection.robot"),
        (["suite", "reconnection"], "There is a suite 'reconnection' already: tests/07_reconnection"),
        (["suite", "fine", "--area", "No"], "no good area"),
        (["promise", "Too short", "--area", "business"], "at least three words"),
        (["promise", "It ends here.", "--area", "business"], "Did you mean 'It ends here'?"),
        (["promise", "A signed-in user connects", "--area", "connection"], "promised already: promise-01"),
        (["promise", "Nothing is ever late", "--area", "perfomance"], "Did you mean 'performance'?"),
        (
            ["promise", "Nothing is ever late", "--area", "health", "--suite", "helth"],
            "There is no suite 'helth'.",
        ),
        (["fault", "No_Good"], "Did you mean 'no-good'?"),
        (["fault", "seq-gap"], "There is a fault 'seq-gap' already: "),
        (["fault", "delivery"], "backend/faults/delivery.py exists already, and nothing is overwritten"),
        (["environment", "1st"], "beginning with a letter"),
        (["environment", "embedded"], "variables/embedded.py exists already"),
        (["environment", "fine", "--url", "ws://chat.example"], "is no HTTP address of a backend"),
    ],
)
def test_a_bad_name_is_refused_with_what_a_good_one_is(copy, arguments, says):
    assert says in refused(copy, *arguments)


def test_each_kind_has_help_of_its_own(copy):
    assert COMMANDS["new"].module == "runner.new.command"
    for name, kind in KINDS.items():
        status, told = run(copy, "runner", "new", name, "--help")
        assert status == 0
        assert kind.metavar in told
        assert "Nothing is ever overwritten" in " ".join(told.split())
