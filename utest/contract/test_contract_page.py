"""docs/contract.md tells people what the files tell machines."""

import re

import pytest
from contract_files import FOLDER, ROOT, SCHEMAS, types_of, uri_of

PAGE = (FOLDER.parents[1] / "docs" / "contract.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"\w+(?:[:.]\w+)*", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
"""Every word that the page sets as code."""


@pytest.mark.parametrize(("side", "name"), [(s, n) for s in ("server", "client") for n in types_of(s)])
def test_every_frame_and_every_field_of_it_is_named(side, name):
    assert {name, *SCHEMAS[uri_of(side, name)]["properties"]} - NAMED == set()


@pytest.mark.parametrize("definition", ["error_code", "tool_name", "limits", "finding", "upgrade_offer"])
def test_every_shared_name_is_told(definition):
    schema = SCHEMAS[f"{ROOT}schemas/common.json"]["$defs"][definition]
    assert set(schema.get("enum", schema.get("properties"))) - NAMED == set()


def test_every_argument_and_result_of_the_tools_is_told():
    tools = SCHEMAS[f"{ROOT}schemas/tools.json"]["$defs"].values()
    assert {name for schema in tools for name in schema.get("properties", ())} - NAMED == set()


def test_the_tiers_are_those_of_the_file(tiers):
    free, pro, enterprise = (tiers["tiers"][name] for name in ("free", "pro", "enterprise"))
    rows = {
        "questions in 24 h": lambda tier: f"{tier['questions_per_day']:,}",
        "runs at once": lambda tier: str(tier["concurrent_runs"]),
        "connections at once": lambda tier: str(tier["connections"]),
        "messages a minute, and burst": lambda tier: f"{tier['messages_per_minute']:,}, {tier['burst']:,}",
    }
    for name, figure in rows.items():
        assert f"| {name} | {figure(free)} | {figure(pro)} | {figure(enterprise)} |" in PAGE
    assert set(enterprise["permissions"]) - NAMED == set()
    assert f"{tiers['limits']['max_message_bytes']:,}" in PAGE
    assert f"{tiers['limits']['hard_message_bytes']:,}" in PAGE
    assert f"`heartbeat_seconds` ({tiers['limits']['heartbeat_seconds']})" in PAGE


def test_every_file_that_the_page_names_is_there():
    for name in re.findall(r"^\| `([^|]+)` \|.*\((?:AsyncAPI|JSON).*$", PAGE, re.MULTILINE):
        assert list(FOLDER.glob(name.replace("TYPE", "*")))
