"""tiers.json: valid, and at one with the frames."""

import copy
from itertools import pairwise

import pytest
from contract_files import ROOT, SCHEMAS, types_of


def test_the_tiers_are_valid(judge, tiers):
    assert judge(f"{ROOT}tiers.schema.json", tiers)


@pytest.mark.parametrize(
    "path",
    [
        ("tiers", "free", "tools"),
        ("tiers", "pro", "burst"),
        ("tiers", "enterprise", "permissions"),
        ("tiers", "free"),
        ("next_tier", "pro"),
        ("limits", "max_message_bytes"),
        ("operations",),
    ],
)
def test_what_is_missing_or_of_another_type_is_found(judge, tiers, path):
    for replacement in (None, "nothing", -1, []):
        broken = copy.deepcopy(tiers)
        holder = broken
        for step in path[:-1]:
            holder = holder[step]
        if replacement is None:
            del holder[path[-1]]
        else:
            holder[path[-1]] = replacement
        assert not judge(f"{ROOT}tiers.schema.json", broken)


def test_each_tier_has_at_least_what_the_one_below_has(tiers):
    ladder = [tiers["tiers"][name] for name in ("free", "pro", "enterprise")]
    for lower, upper in pairwise(ladder):
        assert set(lower["tools"]) < set(upper["tools"])
        assert set(lower["permissions"]) <= set(upper["permissions"])
        for limit in ("questions_per_day", "concurrent_runs", "connections", "messages_per_minute", "burst"):
            assert lower[limit] < upper[limit]


def test_the_highest_tier_has_every_tool_and_every_permission(tiers):
    highest = tiers["tiers"]["enterprise"]
    assert set(highest["tools"]) == set(SCHEMAS[f"{ROOT}schemas/common.json"]["$defs"]["tool_name"]["enum"])
    assert set(tiers["operations"].values()) == set(highest["permissions"])


def test_every_frame_but_ping_and_refresh_token_needs_a_permission(tiers):
    frames = {name for name in tiers["operations"] if name in types_of("client")}
    assert frames == set(types_of("client")) - {"ping", "refresh_token"}


def test_only_the_highest_tier_may_share(tiers):
    share = tiers["operations"]["share"]
    assert [name for name, tier in tiers["tiers"].items() if share in tier["permissions"]] == ["enterprise"]


def test_an_answered_message_is_never_longer_than_one_that_closes(tiers):
    assert tiers["limits"]["max_message_bytes"] < tiers["limits"]["hard_message_bytes"]
