"""What the house rules find, and what they leave alone."""

from __future__ import annotations

import pytest

from runner import house


def found(folder, name: str, text: str) -> list[tuple[int, str]]:
    (folder / name).write_text(text, "utf-8")
    return [(f.line, f.problem) for f in house.findings(folder, folder / "none", folder / "none")]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("Sleep    1s", "'Sleep' sleeps"),
        ("BuiltIn.sleep    1s", "'BuiltIn.sleep' sleeps"),
        ("And Sleep    1s", "'And Sleep' sleeps"),
        ("Run Keyword If    True    Sleep    1s", "'Sleep' sleeps"),
        ("Pass Execution    done", "'Pass Execution' passes without proving anything"),
        ("${x} =    Run Keyword And Ignore Error    Fail", "'Run Keyword And Ignore Error' hides a failure"),
        ("Log    ${token.value}", "'${token.value}' takes a secret out of its wrapping"),
        ("Evaluate    len($token.value)", "'len($token.value)' takes a secret out of its wrapping"),
        ("[Tags]    robot:skip-on-failure", "'robot:skip-on-failure' turns a failure into a skip"),
        ("[Setup]    Sleep    1s", "'Sleep' sleeps"),
    ],
)
def test_a_step_that_breaks_a_rule_is_found_at_its_line(tmp_path, step, problem):
    text = f"*** Test Cases ***\nOne\n    Log    fine\n    {step}\n"
    assert found(tmp_path, "one.robot", text) == [(4, problem)]
    keyword = f"*** Keywords ***\nOne\n    {step}\n"
    (tmp_path / "one.robot").unlink()
    if "[Tags]" not in step:
        assert found(tmp_path, "one.resource", keyword) == [(3, problem)]


def test_ordinary_suites_are_left_alone(tmp_path):
    text = """\
*** Settings ***
Documentation    Sleep is what Ana does; ${x.values} too.
*** Test Cases ***
Ana Can Sleep Well
    [Documentation]    Sleep    1s
    # Sleep    1s
    Ana asks "Can you sleep?"
    Log    ${record}[value]
"""
    assert found(tmp_path, "one.robot", text) == []


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("import time\ntime.sleep(1)\n", [2]),
        ("from time import sleep as nap\nnap(1)\n", [2]),
        ("import asyncio\nasync def f():\n    await asyncio.sleep(0.1)\n", [3]),
        ("import asyncio\nasync def f():\n    await asyncio.sleep(0)\n", []),
        ("import threading\nthreading.Event().wait(1)\n", []),
    ],
)
def test_python_that_sleeps_is_found(tmp_path, code, lines):
    assert [line for line, _ in found(tmp_path, "one.py", code)] == lines


def test_a_finding_says_where_what_and_how_to_mend_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.robot").write_text("*** Test Cases ***\nOne\n    Sleep    1s\n")
    (finding,) = house.findings(tmp_path, tmp_path / "none", tmp_path / "none")
    assert str(finding) == "one.robot:3: 'Sleep' sleeps; wait for an event, a count, a close or a fence."
