"""docs/mistakes.md tells the truth: each mistake on it is made, and its message compared."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from robot.api import ExecutionResult

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mistakes.md"
BLOCK = re.compile(r"```(robotframework|text|console)\n(.*?)```", re.DOTALL)
IMPORTED = ("chat", "events", "rights", "business")
PROMPT = "$ python3 run.py "


@dataclass(frozen=True)
class Mistake:
    made: str
    told: str

    @property
    def name(self) -> str:
        return re.sub(r"[^\w ]", "", self.made.splitlines()[-1])


def mistakes(kind: str) -> Iterator[Mistake]:
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    for at, (language, text) in enumerate(blocks):
        if language == kind == "robotframework":
            assert blocks[at + 1][0] == "text", f"what is said of it does not follow: {text}"
            yield Mistake(text.strip(), blocks[at + 1][1].strip())
        elif language == kind == "console":
            command, told = text.strip().split("\n", 1)
            yield Mistake(command.removeprefix(PROMPT), told)


IN_TESTS = list(mistakes("robotframework"))
IN_COMMANDS = list(mistakes("console"))


def says(told: str, pattern: str) -> bool:
    """Whether a message is as the page has it; an ellipsis stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), told.strip(), re.DOTALL) is not None


@pytest.fixture(scope="module")
def messages(tmp_path_factory) -> dict[str, str]:
    """What each mistake in a test is answered with: all of them in one run."""
    folder = tmp_path_factory.mktemp("mistakes")
    lines = ["*** Settings ***"]
    lines += [f"Resource    {ROOT / 'resources' / f'{name}.resource'}" for name in IMPORTED]
    lines += ["Test Setup    Ana Of Northwind Is Connected", "*** Test Cases ***"]
    for number, mistake in enumerate(IN_TESTS):
        lines += [f"Mistake {number}", *(f"    {line}" for line in mistake.made.splitlines())]
    (folder / "mistakes.robot").write_text("\n".join(lines), "utf-8")
    command = [sys.executable, "-m", "robot", "--log", "NONE", "--report", "NONE", "--console", "none"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AGENT_CHAT_")}
    subprocess.run([*command, "--outputdir", str(folder), str(folder)], env=variables, check=False)
    result = ExecutionResult(folder / "output.xml")
    assert not [str(error) for error in result.errors]
    return {test.name: f"{test.status} {test.message}" for test in result.suite.all_tests}


@pytest.mark.parametrize("number", range(len(IN_TESTS)), ids=[m.name for m in IN_TESTS])
def test_a_mistake_in_a_test_is_answered_as_the_page_says(messages, number):
    told = messages[f"Mistake {number}"]
    assert says(told, f"FAIL {IN_TESTS[number].told}"), told


@pytest.mark.parametrize("mistake", IN_COMMANDS, ids=[m.name for m in IN_COMMANDS])
def test_a_mistake_on_the_command_line_is_answered_as_the_page_says(mistake):
    words = shlex.split(mistake.made)
    done = subprocess.run(
        [sys.executable, "-m", "runner", *(["accept", *words] if words[0].startswith("-") else words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert says(done.stderr, mistake.told), done.stderr


def test_a_suite_that_imports_nothing_is_told_what_to_import(suites, planned, run_together):
    from runner import results  # noqa: PLC0415 -- only this test needs it

    plan = planned(suites(one='One\n    Given Ana asks "What did we spend?"\n'))
    outcome = results.combine(plan, run_together(plan))
    message = outcome.failures[0].message
    assert message.startswith("The file has no section `*** Settings ***`"), message
    assert message.endswith("add to the settings: `Resource    ../resources/chat.resource`"), message


def test_a_resource_that_is_misspelt_is_named_before_the_step(suites, planned, run_together):
    from runner import results  # noqa: PLC0415 -- only this test needs it

    imports = "*** Settings ***\nResource    ../resources/chats.resource\n"
    one = f"{imports}*** Test Cases ***\nOne\n    Given Ana is a free user of Northwind\n"
    plan = planned(suites(one=one))
    outcome = results.combine(plan, run_together(plan))
    message = outcome.failures[0].message
    told = "Line 2 imports '../resources/chats.resource', which does not exist."
    assert message.startswith(f"{told} Did you mean 'chat.resource'?\n"), message
    assert "resources/people.resource, which resources/chat.resource brings; add" in message
