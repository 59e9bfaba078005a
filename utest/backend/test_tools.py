import json
import random
import time
from fractions import Fraction
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import OURS, model_call_rows, open_database, plant, record_sets

from backend.agent.plan import ToolCall
from backend.agent.planner import call_of
from backend.agent.tools import Toolbox, UnknownToolError
from backend.agent.tools.compare_models import compare
from backend.agent.tools.forecast_spend import STEPS, forecast
from backend.store.record_set import ModelCallRow, RecordSet, ResourceRow, SpendRow
from backend.store.records import DIMENSIONS, Records

ENGINE = open_database()
SCHEMAS = Path(__file__).parents[2] / "resources" / "contract" / "schemas"


def called(ours, theirs, call):
    with ENGINE.begin() as connection:
        return Toolbox(plant(connection, ours, theirs)).call(connection, OURS, call)


@pytest.fixture(scope="module")
def contract():
    common, tools = (
        json.loads((SCHEMAS / name).read_text(encoding="utf-8")) for name in ("common.json", "tools.json")
    )
    registry = jsonschema_rs.Registry([(common["$id"], common), (tools["$id"], tools)])

    def check(definition, value):
        schema = {"$ref": f"{tools['$id']}#/$defs/{definition}"}
        jsonschema_rs.validator_for(schema, registry=registry).validate(json.loads(json.dumps(value)))

    return check


def matching(rows, filters):
    return [row for row in rows if all(getattr(row, name) == value for name, value in filters.items())]


def some_filters(data, rows, dimensions):
    chosen = data.draw(st.sets(st.sampled_from(dimensions), max_size=2))
    return {
        name: data.draw(st.sampled_from(sorted({getattr(row, name) for row in rows} | {"nobody"})))
        for name in chosen
    }


@given(record_sets, record_sets, st.data())
def test_query_spend_gives_the_usage_summary(ours, theirs, data):
    filters = some_filters(data, ours.spend, DIMENSIONS)
    group_by = data.draw(st.sampled_from(DIMENSIONS))
    result = called(ours, theirs, call_of("query_spend", filters, group_by=group_by))
    rows = matching(ours.spend, filters)
    assert result.result["total_cents"] == sum(row.amount_cents for row in rows)
    assert {row["key"] for row in result.result["rows"]} == {getattr(row, group_by) for row in rows}
    assert result.result["group_by"] == group_by
    assert result.result["filters"] == filters
    assert not result.findings


@given(record_sets, record_sets, st.data())
def test_idle_resources_are_those_used_5_percent_at_most(ours, theirs, data):
    filters = some_filters(data, ours.resources, ("service", "team", "provider", "region"))
    result = called(ours, theirs, call_of("find_idle_resources", filters))
    idle = [
        row
        for row in matching(ours.resources, filters)
        if row.utilisation_percent <= 5 and row.monthly_cost_cents > 0
    ]
    given_rows = [(row["name"], row["monthly_cost_cents"]) for row in result.result["resources"]]
    assert given_rows == sorted(
        ((row.name, row.monthly_cost_cents) for row in idle), key=lambda row: (-row[1], row[0])
    )
    assert result.result["monthly_saving_cents"] == sum(row.monthly_cost_cents for row in idle)
    assert [finding.monthly_saving_cents for finding in result.findings] == [row[1] for row in given_rows]
    assert all(name in finding.title for (name, _), finding in zip(given_rows, result.findings, strict=True))


@given(record_sets, record_sets, st.data())
def test_oversized_resources_are_halved(ours, theirs, data):
    filters = some_filters(data, ours.resources, ("service", "team", "provider", "region"))
    result = called(ours, theirs, call_of("rightsize_resources", filters))
    oversized = [
        row
        for row in matching(ours.resources, filters)
        if 6 <= row.utilisation_percent <= 35 and row.monthly_cost_cents > 0
    ]
    assert [
        (row["name"], row["monthly_cost_cents"], row["proposed_cost_cents"])
        for row in result.result["resources"]
    ] == sorted(
        ((row.name, row.monthly_cost_cents, row.monthly_cost_cents // 2) for row in oversized),
        key=lambda row: (-row[1], row[0]),
    )
    saving = sum(row.monthly_cost_cents - row.monthly_cost_cents // 2 for row in oversized)
    assert result.result["monthly_saving_cents"] == saving
    assert sum(finding.monthly_saving_cents for finding in result.findings) == saving
    assert len(result.findings) == len(oversized)


@given(record_sets, record_sets, st.data())
def test_models_are_compared_over_the_latest_month(ours, theirs, data):
    filters = some_filters(data, ours.model_calls, ("team",))
    result = called(ours, theirs, call_of("compare_models", filters))
    rows = [row for row in matching(ours.model_calls, filters) if row.calls]
    latest = [row for row in rows if row.month == max(other.month for other in rows)]
    expected = {}
    for task in {row.task for row in latest}:
        sums = {}
        for row in latest:
            if row.task == task:
                calls, cost = sums.get(row.model, (0, 0))
                sums[row.model] = (calls + row.calls, cost + row.cost_cents)
        cheapest = min(sums, key=lambda model: (Fraction(sums[model][1], sums[model][0]), model))
        base_calls, base_cost = sums.pop(cheapest)
        savings = {m: max(0, cost - calls * base_cost // base_calls) for m, (calls, cost) in sums.items()}
        expected[task] = (cheapest, base_cost * 1000 // base_calls, savings)
    given_tasks = {
        task["task"]: (
            task["cheapest_model"],
            task["cheapest_cost_cents_per_1000_calls"],
            {other["model"]: other["saving_cents"] for other in task["alternatives"]},
        )
        for task in result.result["tasks"]
    }
    assert given_tasks == expected
    total = sum(sum(savings.values()) for _, _, savings in expected.values())
    assert result.result["monthly_saving_cents"] == total
    assert sum(finding.monthly_saving_cents for finding in result.findings) == total
    assert all(finding.monthly_saving_cents > 0 for finding in result.findings)


@given(st.lists(model_call_rows, max_size=8), st.randoms())
def test_a_comparison_does_not_depend_on_the_order_of_rows(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert compare(shuffled) == compare(rows)


def test_prices_that_differ_by_less_than_a_float_can_tell_are_told_apart():
    many = 10**12
    assert (many - 1) / many == (many - 2) / (many - 1)
    rows = [
        ModelCallRow("2026-08", "t", "task", "a", many, many - 1),
        ModelCallRow("2026-08", "t", "task", "b", many - 1, many - 2),
    ]
    (task,) = compare(rows)
    assert (task.cheapest.model, task.saving_cents) == ("b", 1)


def test_of_equal_prices_the_first_name_is_the_cheapest_and_nothing_is_saved():
    rows = [
        ModelCallRow("2026-08", "t", "task", model, calls, 2 * calls) for model, calls in (("b", 7), ("a", 9))
    ]
    result = called(RecordSet(model_calls=tuple(rows)), RecordSet(), call_of("compare_models", {}))
    assert result.result == {
        "tasks": [
            {
                "task": "task",
                "cheapest_model": "a",
                "cheapest_cost_cents_per_1000_calls": 2000,
                "alternatives": [{"model": "b", "calls": 7, "cost_cents": 14, "saving_cents": 0}],
                "saving_cents": 0,
            }
        ],
        "monthly_saving_cents": 0,
    }
    assert result.findings == ()


@given(record_sets, record_sets, st.data())
def test_a_forecast_starts_from_the_true_history(ours, theirs, data):
    filters = some_filters(data, ours.spend, ("service", "team", "provider", "region"))
    sums = {}
    for row in matching(ours.spend, filters):
        sums[row.month] = sums.get(row.month, 0) + row.amount_cents
    with ENGINE.begin() as connection:
        summary = plant(connection, ours, theirs).spend_summary(connection, OURS, "month", filters)
    assert sorted(summary.rows) == sorted(sums.items())
    history = [amount for _, amount in sorted(summary.rows)]
    future = forecast(history, 3, steps=700)
    assert 0 <= future.low_cents <= future.expected_cents <= future.high_cents
    assert future == forecast(history, 3, steps=700)
    if len(history) < 2:
        assert future.low_cents == future.high_cents == 3 * sum(history)


def test_a_forecast_of_steady_growth_goes_on_growing():
    future = forecast([100, 200, 300, 400], 2, steps=600)
    assert (future.low_cents, future.expected_cents, future.high_cents) == (1100, 1100, 1100)


def test_a_forecasts_range_covers_what_it_says():
    # Changes of -10 and +10 alike: the sum of one month is 90 or 110 in even shares.
    future = forecast([100, 110, 100], 1, steps=50_000)
    assert (future.low_cents, future.high_cents) == (90, 110)


@pytest.mark.parametrize("months", [1, 3, 24])
def test_a_forecast_works_for_at_least_50_ms(months):
    history = [random.Random(month).randint(10**6, 10**7) for month in range(6)]  # noqa: S311
    begun = time.thread_time()
    future = forecast(history, months)
    # Of computing, not of waiting: the clock is this thread's own.
    assert time.thread_time() - begun >= 0.05
    assert future.samples * (months + 4) <= STEPS
    assert future.samples >= 20_000


def test_the_result_of_forecast_spend_names_history_and_average():
    spend = tuple(row for row in _spend_of({"2026-06": 100, "2026-07": 201, "2026-08": 400}))
    result = called(RecordSet(spend=spend), RecordSet(), call_of("forecast_spend", {})).result
    assert result["history"] == [
        {"month": "2026-06", "amount_cents": 100},
        {"month": "2026-07", "amount_cents": 201},
        {"month": "2026-08", "amount_cents": 400},
    ]
    assert result["average_cents"] == 233
    assert (result["months"], result["samples"]) == (3, 80_000)


def test_a_forecast_without_a_history_is_nothing():
    result = called(RecordSet(), RecordSet(), call_of("forecast_spend", {})).result
    assert result["history"] == []
    assert {name: result[name] for name in result if name.endswith("_cents")} == {
        "average_cents": 0,
        "expected_cents": 0,
        "low_cents": 0,
        "high_cents": 0,
    }


def _spend_of(sums):
    return [SpendRow(month, "s", "t", "p", "r", amount) for month, amount in sums.items()]


@pytest.mark.parametrize(
    "call",
    [
        call_of("query_spend", {"month": "2026-08", "team": "t"}, group_by="service"),
        call_of("find_idle_resources", {"service": "s"}),
        call_of("rightsize_resources", {}),
        call_of("compare_models", {}),
        call_of("forecast_spend", {"team": "t"}),
    ],
    ids=lambda call: call.tool,
)
def test_arguments_and_results_are_those_of_the_contract(contract, call):
    ours = RecordSet(
        spend=tuple(_spend_of({"2026-07": 5, "2026-08": 7})),
        resources=(ResourceRow("a", "s", "t", "p", "r", 3, 5), ResourceRow("b", "s", "t", "p", "r", 3, 6)),
        model_calls=(
            ModelCallRow("2026-08", "t", "x", "m", 3, 10),
            ModelCallRow("2026-08", "t", "x", "n", 3, 9),
        ),
    )
    contract(f"{call.tool}.arguments", call.arguments)
    contract(f"{call.tool}.result", called(ours, RecordSet(), call).result)


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("query_spend", {}),
        ToolCall("query_spend", {"group_by": "organisation_id"}),
        ToolCall("find_idle_resources", {}),
        ToolCall("find_idle_resources", {"max_utilisation_percent": True}),
        ToolCall("rightsize_resources", {"min_utilisation_percent": 6, "max_utilisation_percent": 101}),
        ToolCall("forecast_spend", {"months": 0}),
        ToolCall("forecast_spend", {"months": 25}),
    ],
)
def test_a_bad_argument_is_refused(call):
    with ENGINE.begin() as connection, pytest.raises(ValueError, match="must be"):
        Toolbox(Records()).call(connection, OURS, call)


def test_an_unknown_tool_is_refused():
    with ENGINE.begin() as connection, pytest.raises(UnknownToolError):
        Toolbox(Records()).call(connection, OURS, ToolCall("drop_tables", {}))
