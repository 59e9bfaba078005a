"""What the tests of the agent plant: records of any shape, and a database to put them into."""

from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

import backend.store.tables_records  # noqa: F401 - its import puts the tables on the metadata
from backend.store.metadata import metadata
from backend.store.record_set import ModelCallRow, RecordSet, ResourceRow, SpendRow
from backend.store.records import Records
from backend.store.tables_records import model_calls, resources, spend

OURS = "o_ours"
THEIRS = "o_theirs"

# Few names, so that rows meet; any text, so that nothing depends on what a name looks like.
any_text = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), min_size=1, max_size=6
)
names = st.sampled_from(["compute", "Compute", "db", "search", "évé", "計算", "a b"]) | any_text
months = st.sampled_from(["2026-06", "2026-07", "2026-08"])
cents = st.integers(0, 10**12) | st.integers(0, 200)
percents = st.integers(0, 100) | st.integers(4, 7) | st.integers(34, 36)

spend_rows = st.builds(
    SpendRow, month=months, service=names, team=names, provider=names, region=names, amount_cents=cents
)
resource_rows = st.builds(
    ResourceRow,
    name=names,
    service=names,
    team=names,
    provider=names,
    region=names,
    monthly_cost_cents=cents,
    utilisation_percent=percents,
)
model_call_rows = st.builds(
    ModelCallRow,
    month=months,
    team=names,
    task=st.sampled_from(["summaries", "triage"]),
    model=st.sampled_from(["large", "medium", "small", "tiny"]),
    calls=st.integers(0, 5) | st.integers(0, 10**12),
    cost_cents=cents,
)
record_sets = st.builds(
    RecordSet,
    spend=st.lists(spend_rows, max_size=12).map(tuple),
    resources=st.lists(resource_rows, max_size=12).map(tuple),
    model_calls=st.lists(model_call_rows, max_size=12).map(tuple),
)


def open_database():
    """Returns an engine on an empty database in memory, with the record tables."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine, tables=[spend, resources, model_calls])
    return engine


NOTHING = RecordSet()


def plant(connection, ours, theirs=NOTHING):
    """Gives two organisations their records."""
    records = Records()
    records.replace(connection, OURS, ours)
    records.replace(connection, THEIRS, theirs)
    return records
