import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import OURS, THEIRS, open_database, plant, record_sets

from backend.store.record_set import RecordSet, RecordsInvalidError, SpendRow, parse_records
from backend.store.records import DIMENSIONS, Records

ENGINE = open_database()


def as_document(records):
    return {
        "spend": [row._asdict() for row in records.spend],
        "resources": [row._asdict() for row in records.resources],
        "model_calls": [row._asdict() for row in records.model_calls],
    }


GOOD = {
    "spend": [
        {
            "month": "2026-08",
            "service": "compute",
            "team": "platform",
            "provider": "aws",
            "region": "eu-west-1",
            "amount_cents": 123456,
        }
    ],
    "resources": [
        {
            "name": "db-replica-7",
            "service": "database",
            "team": "platform",
            "provider": "aws",
            "region": "eu-west-1",
            "monthly_cost_cents": 40000,
            "utilisation_percent": 3,
        }
    ],
    "model_calls": [
        {
            "month": "2026-08",
            "team": "search",
            "task": "summaries",
            "model": "large-1",
            "calls": 1000,
            "cost_cents": 50000,
        }
    ],
}


@given(record_sets)
def test_a_document_of_any_records_is_read_back_as_they_were(records):
    assert parse_records(json.loads(json.dumps(as_document(records)))) == records


@pytest.mark.parametrize("document", [{}, {"spend": []}, {"resources": [], "model_calls": []}])
def test_lists_may_be_empty_or_absent(document):
    assert parse_records(document) == RecordSet()


def damaged(path, value):
    document = json.loads(json.dumps(GOOD))
    table, field = path
    if value is ...:
        del document[table][0][field]
    else:
        document[table][0][field] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spend", "amount_cents"), -1),
        (("spend", "amount_cents"), 10**12 + 1),
        (("spend", "amount_cents"), 1.0),
        (("spend", "amount_cents"), True),
        (("spend", "amount_cents"), "1"),
        (("spend", "service"), None),
        (("spend", "service"), "nul\x00"),
        (("spend", "team"), "\ud800"),
        (("spend", "month"), "2026-13"),
        (("spend", "month"), "2026-08-01"),
        (("spend", "month"), "\u0662\u0660\u0662\u0666-08"),
        (("spend", "region"), ...),
        (("resources", "utilisation_percent"), 101),
        (("resources", "name"), 7),
        (("resources", "owner"), "x"),
        (("model_calls", "calls"), -1),
        (("model_calls", "task"), ...),
    ],
)
def test_a_bad_field_is_named_by_its_path(path, value):
    with pytest.raises(RecordsInvalidError) as refused:
        parse_records(damaged(path, value))
    assert refused.value.field == f"{path[0]}[0].{path[1]}"
    assert refused.value.message
    assert "nul" not in refused.value.message


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "records"),
        (None, "records"),
        ({"spend": {}}, "spend"),
        ({"spend": None}, "spend"),
        ({"spend": [1]}, "spend[0]"),
        ({"spent": []}, "spent"),
    ],
)
def test_a_document_of_another_shape_is_refused(document, field):
    with pytest.raises(RecordsInvalidError) as refused:
        parse_records(document)
    assert refused.value.field == field


@given(record_sets, record_sets, st.sampled_from(DIMENSIONS), st.data())
def test_spend_is_summed_as_a_person_would_sum_it(ours, theirs, group_by, data):
    filters = {}
    for name in data.draw(st.sets(st.sampled_from(DIMENSIONS), max_size=2)):
        seen = sorted({getattr(row, name) for row in ours.spend + theirs.spend} | {"nobody"})
        filters[name] = data.draw(st.sampled_from(seen))
    with ENGINE.begin() as connection:
        records = plant(connection, ours, theirs)
        summary = records.spend_summary(connection, OURS, group_by, filters)
    mine = [row for row in ours.spend if all(getattr(row, name) == value for name, value in filters.items())]
    sums = {}
    for row in mine:
        key = getattr(row, group_by)
        sums[key] = sums.get(key, 0) + row.amount_cents
    assert summary.total_cents == sum(row.amount_cents for row in mine)
    assert dict(summary.rows) == sums
    assert list(summary.rows) == sorted(summary.rows, key=lambda row: (-row[1], row[0]))
    assert summary.as_dict()["filters"] == filters


@given(record_sets, record_sets)
def test_the_vocabulary_is_the_organisations_own(ours, theirs):
    with ENGINE.begin() as connection:
        vocabulary = plant(connection, ours, theirs).vocabulary(connection, OURS)
    everything = ours.spend + ours.resources + ours.model_calls
    for dimension in DIMENSIONS:
        names = {getattr(row, dimension) for row in everything if hasattr(row, dimension)}
        assert vocabulary.of(dimension) == tuple(sorted(names))


@given(record_sets, record_sets)
def test_replacing_leaves_nothing_of_the_old_and_does_not_touch_others(before, after):
    with ENGINE.begin() as connection:
        records = plant(connection, before, before)
        records.replace(connection, OURS, after)
        changed = records.spend_summary(connection, OURS, "team", {})
        kept = records.spend_summary(connection, THEIRS, "team", {})
        idle = records.resources(connection, OURS, 0, 100, {})
        calls = records.model_calls(connection, OURS, {})
    assert changed.total_cents == sum(row.amount_cents for row in after.spend)
    assert kept.total_cents == sum(row.amount_cents for row in before.spend)
    assert sorted(idle) == sorted(row for row in after.resources if row.monthly_cost_cents)
    assert sorted(calls) == sorted(row for row in after.model_calls if row.calls)


def test_an_unknown_grouping_or_filter_is_refused():
    with ENGINE.begin() as connection:
        for group_by, filters in (("amount_cents", {}), ("team", {"organisation_id": THEIRS})):
            with pytest.raises(ValueError, match=r"must be one of|is not a filter"):
                Records().spend_summary(connection, OURS, group_by, filters)
        with pytest.raises(ValueError, match="month is not a filter"):
            Records().resources(connection, OURS, 0, 100, {"month": "2026-08"})


def test_what_keeps_organisations_apart_is_one_method():
    class Leaky(Records):
        def of_organisation(self, statement, table, organisation_id):  # noqa: ARG002 - the defect
            return statement

    row = SpendRow("2026-08", "compute", "platform", "aws", "eu-west-1", 5)
    with ENGINE.begin() as connection:
        plant(connection, RecordSet(spend=(row,)), RecordSet(spend=(row,)))
        assert Records().spend_summary(connection, OURS, "team", {}).total_cents == 5
        assert Leaky().spend_summary(connection, OURS, "team", {}).total_cents == 10
