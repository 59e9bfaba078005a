import json
import time
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st
from planted import OURS, open_database, plant

from backend.agent.planner import Planner, call_of
from backend.agent.tools import Toolbox
from backend.seed import seeded_records
from backend.store.record_set import parse_records
from backend.store.tables_records import spend
from backend.tiers import Tiers

organisations = st.text(st.characters(blacklist_categories=("Cs",)), max_size=30)


@given(organisations)
@settings(max_examples=50)
def test_demo_records_are_rich_enough_for_every_question(name):
    records = seeded_records(name)
    assert 1_500 <= len(records.spend) <= 3_000
    assert len(records.resources) == 120
    assert len({row.service for row in records.spend}) >= 16
    assert len({row.month for row in records.spend}) == 6
    assert len({row.team for row in records.spend}) >= 4
    assert len({row.provider for row in records.spend}) == 3
    assert len({row.region for row in records.spend}) >= 6
    assert sum(row.utilisation_percent <= 5 for row in records.resources) >= 10
    assert sum(6 <= row.utilisation_percent <= 35 for row in records.resources) >= 20
    assert len({row.name for row in records.resources}) == 120
    assert {row.service for row in records.resources} <= {row.service for row in records.spend}
    # What resources cost is a part of what is spent.
    monthly = sum(row.amount_cents for row in records.spend if row.month == "2026-08")
    assert sum(row.monthly_cost_cents for row in records.resources) < monthly


@given(organisations)
@settings(max_examples=20)
def test_the_same_name_gives_the_same_valid_records(name):
    records = seeded_records(name)
    assert records == seeded_records(name)
    assert records != seeded_records(name + "'")
    document = {
        "spend": [row._asdict() for row in records.spend],
        "resources": [row._asdict() for row in records.resources],
        "model_calls": [row._asdict() for row in records.model_calls],
    }
    assert parse_records(document) == records


def test_every_savings_tool_finds_something_and_a_review_takes_32_calls():
    with open_database().begin() as connection:
        records = plant(connection, seeded_records("Northwind"))
        for tool in ("find_idle_resources", "rightsize_resources", "compare_models"):
            assert (
                Toolbox(records).call(connection, OURS, call_of(tool, {})).result["monthly_saving_cents"] > 0
            )
        vocabulary = records.vocabulary(connection, OURS)
    plan = Planner().plan("Review every service one by one", None, vocabulary, Tiers.load().policy("free"))
    assert len(plan.calls) >= 32


def test_no_demo_name_hides_what_a_question_is_after():
    planner, policy = Planner(), Tiers.load().policy("enterprise")
    with open_database().begin() as connection:
        for name in ("Northwind", "Contoso", "Fabrikam"):
            vocabulary = plant(connection, seeded_records(name)).vocabulary(connection, OURS)
            for question, intent in (
                ("Help me cut our cloud costs", "savings"),
                ("Which resources are idle?", "idle"),
                ("Which models do we use?", "models"),
                ("What is oversized?", "rightsizing"),
                ("Forecast our spend for next quarter", "forecast"),
                ("Review every service one by one", "review"),
                ("How much do we spend by region?", "spend"),
            ):
                plan = planner.plan(question, None, vocabulary, policy)
                assert (plan.intent, plan.filters) == (intent, {})


def test_seeding_is_quick():
    def once():
        begun = time.thread_time()
        records = seeded_records("Northwind")
        made = time.thread_time()
        rows = [
            {"position": place, **json.loads(json.dumps(row._asdict()))}
            for place, row in enumerate(records.spend)
        ]
        copied = time.thread_time()
        with open_database().begin() as connection:
            connection.execute(spend.insert().values(organisation_id="warm up"), rows)
            ready = time.thread_time()
            connection.execute(spend.insert().values(organisation_id="bare"), rows)
            bare = time.thread_time()
            plant(connection, records)
            planted = time.thread_time()
        return (made - begun) / (copied - made), (planted - bare) / (bare - ready)

    ratios = [once() for _ in range(5)]
    # A new person waits for this at registration: beside a copy by way of JSON, and beside a bare insert.
    assert median(making for making, _ in ratios) < 1
    assert median(planting for _, planting in ratios) < 4
