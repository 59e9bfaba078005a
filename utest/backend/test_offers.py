import json

import pytest
from hypothesis import given
from planted import OURS, open_database, plant, record_sets

from backend.agent.money import money
from backend.agent.offers import Offers
from backend.agent.planner import call_of
from backend.agent.tools import Toolbox
from backend.seed import seeded_records
from backend.tiers import TIERS_FILE, Tiers

ENGINE = open_database()
TIERS = Tiers.load()


@given(record_sets, record_sets)
def test_an_offer_is_worth_what_the_withheld_tools_find(ours, theirs):
    with ENGINE.begin() as connection:
        toolbox = Toolbox(plant(connection, ours, theirs))
        offers = Offers(toolbox, TIERS)
        offer = offers.for_answer(connection, OURS, "free")
        quota = offers.for_quota(connection, OURS, "free")
        models = toolbox.call(connection, OURS, call_of("compare_models", {})).result["monthly_saving_cents"]
    halves = sum(
        row.monthly_cost_cents - row.monthly_cost_cents // 2
        for row in ours.resources
        if 6 <= row.utilisation_percent <= 35
    )
    assert offer is not None
    assert quota is not None
    assert offer.as_dict() == {
        "tier": "pro",
        "withheld": ["rightsize_resources", "compare_models"],
        "monthly_saving_cents": halves + models,
        "message": offer.message,
    }
    assert money(halves + models) in offer.message
    assert {**quota.as_dict(), "message": ""} == {**offer.as_dict(), "message": ""}


@pytest.mark.parametrize("tier", ["pro", "enterprise"])
def test_who_has_every_savings_tool_gets_no_offer_with_an_answer(tier):
    with ENGINE.begin() as connection:
        assert Offers(Toolbox(plant(connection, *_two())), TIERS).for_answer(connection, OURS, tier) is None


def test_a_spent_quota_leads_to_the_next_tier_while_there_is_one():
    with ENGINE.begin() as connection:
        offers = Offers(Toolbox(plant(connection, *_two())), TIERS)
        pro = offers.for_quota(connection, OURS, "pro")
        assert pro is not None
        assert (pro.tier, pro.withheld, pro.monthly_saving_cents) == ("enterprise", (), 0)
        assert "100,000" in pro.message
        assert offers.for_quota(connection, OURS, "enterprise") is None


def _two():
    return seeded_records("Ours"), seeded_records("Theirs")


def test_tiers_are_loaded_as_the_contract_states_them():
    stated = json.loads(TIERS_FILE.read_text(encoding="utf-8"))
    assert TIERS.names == tuple(stated["tiers"])
    for name, entry in stated["tiers"].items():
        policy = TIERS.policy(name)
        for field, value in entry.items():
            assert getattr(policy, field) == (tuple(value) if isinstance(value, list) else value)
    assert TIERS.permission_for("ping") is None
    assert TIERS.permission_for("share") == "threads:share"
    assert TIERS.limits.max_message_bytes == stated["limits"]["max_message_bytes"]


def test_a_tier_file_of_another_form_is_refused(tmp_path):
    bad = tmp_path / "tiers.json"
    bad.write_text('{"tiers": {"free": {"tools": []}}, "operations": {}, "next_tier": {}, "limits": {}}')
    with pytest.raises(ValueError, match=r"tiers\.json"):
        Tiers.load(bad)
