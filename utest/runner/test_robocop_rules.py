"""The house rules that the editor shows: what they find in a test, and what they leave alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = """\
*** Settings ***
Test Tags    area:one    severity:normal


*** Test Cases ***
One
    [Documentation]    Why.
    {step}


*** Keywords ***
Look
    [Documentation]    Keywords may hold logic.
    IF    $TRUE    No Operation
"""


def found(file: Path, text: str) -> list[str]:
    file.write_text(text, "utf-8")
    command = [sys.executable, "-m", "robocop", "check", "--config", str(ROOT / "pyproject.toml"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return re.findall(r":(\d+:\d+ HOUSE\d\d)", done.stdout)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD.format(step="Look"), []),
        (GOOD.format(step="FOR    ${i}    IN    a\n        Look\n    END"), ["8:5 HOUSE03"]),
        (GOOD.format(step="IF    $TRUE    Look"), ["8:5 HOUSE03"]),
        (GOOD.format(step="WHILE    $TRUE\n        BREAK\n    END"), ["8:5 HOUSE03"]),
        (GOOD.format(step="TRY\n        Look\n    EXCEPT\n        Look\n    END"), ["8:5 HOUSE03"]),
        (GOOD.format(step="Evaluate    1"), ["8:5 HOUSE03"]),
        (GOOD.format(step="[Tags]    -area:one\n    Look"), ["6:1 HOUSE01"]),
        (GOOD.format(step="Look").replace("area:one    ", ""), ["6:1 HOUSE01"]),
        (GOOD.format(step="Look").replace("    severity:normal", ""), ["6:1 HOUSE02"]),
        (GOOD.format(step="[Tags]    area:two\n    Look").replace("area:one    ", ""), []),
    ],
)
def test_a_rule_finds_what_it_is_about(tmp_path, text, expected):
    assert found(tmp_path / "one.robot", text) == expected
