"""The three tables of an organisation's records: spend, resources and model calls.

A row is known by its organisation and its place in the list it was given in: the key serves the only
filter that every query has, so no other index is needed.
"""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from backend.store.metadata import metadata

spend = Table(
    "spend_records",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("month", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
)

resources = Table(
    "resource_records",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("monthly_cost_cents", BigInteger, nullable=False),
    Column("utilisation_percent", Integer, nullable=False),
)

model_calls = Table(
    "model_call_records",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("month", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("cost_cents", BigInteger, nullable=False),
)
