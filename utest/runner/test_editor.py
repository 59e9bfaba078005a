"""What the editor is told: ``robot.toml`` knows what steps hand over, and the environments there are."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = tomllib.loads((ROOT / "robot.toml").read_text("utf-8"))
SUITES = [*(ROOT / "resources").glob("*.resource"), *(ROOT / "tests").rglob("*.robot")]


def test_what_steps_hand_over_is_known_by_name():
    handed: set[str] = set()
    for file in SUITES:
        text = file.read_text("utf-8")
        section = re.search(r"\*\*\* Variables \*\*\*\n(.*?)(?=\n\*\*\*|\Z)", text, re.DOTALL)
        declared = set(re.findall(r"^[$@&]\{([^:}]+)", section[1], re.MULTILINE)) if section else set()
        handed |= set(re.findall(r"VAR\s+[$@&]\{([^:}]+)[^\n]*scope=(?:TEST|SUITE)", text)) - declared
    assert set(CONFIGURATION["variables"]) == handed, "name them in robot.toml, [variables]"


def test_profiles_name_environments_and_areas_that_exist():
    profiles = CONFIGURATION["profiles"]
    for profile in profiles.values():
        name = profile.get("env", {}).get("AGENT_CHAT_ENV", "embedded")
        assert (ROOT / "variables" / f"{name}.py").is_file()
        for tag in profile.get("includes", []):
            assert any(tag in file.read_text("utf-8") for file in SUITES)
    assert set(CONFIGURATION["default-profiles"]) <= set(profiles)


@pytest.mark.parametrize("name", ["extensions.json", "settings.json"])
def test_the_settings_of_the_editor_can_be_read(name):
    assert json.loads((ROOT / ".vscode" / name).read_text("utf-8"))
