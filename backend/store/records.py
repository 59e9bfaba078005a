"""Reading and replacing an organisation's records. Every statement is bound to one organisation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Delete, Select, Table, delete, func, insert, literal, select, union

from backend.store.engine import one_statement
from backend.store.record_set import ModelCallRow, RecordSet, ResourceRow
from backend.store.sql import one_at_a_time
from backend.store.tables_records import model_calls, resources, spend

DIMENSIONS = ("service", "team", "provider", "region", "month")
"""What spend is grouped and filtered by, in the order of preference for a name that is two of them."""

Statement = TypeVar("Statement", Select[Any], Delete)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that an organisation's records use, each list in code point order."""

    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    months: tuple[str, ...] = ()

    def of(self, dimension: str) -> tuple[str, ...]:
        """Returns the names of one of ``DIMENSIONS``.

        Raises:
            KeyError: There is no such dimension.
        """
        return {
            "service": self.services,
            "team": self.teams,
            "provider": self.providers,
            "region": self.regions,
            "month": self.months,
        }[dimension]


@dataclass(frozen=True, slots=True)
class SpendSummary:
    """Spend grouped by one dimension.

    Attributes:
        group_by: One of ``DIMENSIONS``.
        filters: The dimensions held fast, with their values.
        total_cents: Sum of all rows.
        rows: Key and amount in cents; highest amount first, then by key.
    """

    group_by: str
    filters: Mapping[str, str]
    total_cents: int
    rows: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, object]:
        """Returns the summary in the form of ``query_spend`` and ``GET /usage/summary``."""
        return {
            "group_by": self.group_by,
            "filters": dict(self.filters),
            "total_cents": self.total_cents,
            "rows": [{"key": key, "amount_cents": amount} for key, amount in self.rows],
        }


class Records:
    """The records of all organisations, read and written for one of them at a time."""

    def of_organisation(self, statement: Statement, table: Table, organisation_id: str) -> Statement:
        """Binds a statement to one organisation's rows: the one place that keeps organisations apart."""
        return statement.where(table.c.organisation_id == organisation_id)

    def vocabulary(self, connection: Connection, organisation_id: str) -> Vocabulary:
        """Returns the names that occur in the organisation's records."""
        sources = [(table, name) for table in (spend, resources, model_calls) for name in DIMENSIONS]
        statement = union(
            *(
                self.of_organisation(
                    select(literal(name).label("dimension"), table.c[name].label("name")),
                    table,
                    organisation_id,
                )
                for table, name in sources
                if name in table.c
            )
        )
        names: dict[str, list[str]] = {dimension: [] for dimension in DIMENSIONS}
        for row in connection.execute(statement):
            names[row.dimension].append(row.name)
        # Sorted here and not by the database, whose collation differs from one to the next.
        return Vocabulary(
            services=tuple(sorted(names["service"])),
            teams=tuple(sorted(names["team"])),
            providers=tuple(sorted(names["provider"])),
            regions=tuple(sorted(names["region"])),
            months=tuple(sorted(names["month"])),
        )

    @one_statement
    def spend_summary(
        self, connection: Connection, organisation_id: str, group_by: str, filters: Mapping[str, str]
    ) -> SpendSummary:
        """Sums the organisation's spend.

        Args:
            connection: An open connection.
            organisation_id: Whose spend.
            group_by: One of ``DIMENSIONS``.
            filters: Dimensions that a row must have these values of.

        Returns:
            One row for each value of ``group_by`` that occurs.

        Raises:
            ValueError: ``group_by`` or a filter is no dimension of spend.
        """
        if group_by not in DIMENSIONS:
            raise ValueError(f"group_by must be one of {', '.join(DIMENSIONS)}")
        key = spend.c[group_by]
        statement = select(key, func.sum(spend.c.amount_cents)).group_by(key)
        statement = _filtered(self.of_organisation(statement, spend, organisation_id), spend, filters)
        # PostgreSQL sums bigint as numeric, hence int().
        rows = [(str(row[0]), int(row[1])) for row in connection.execute(statement)]
        return SpendSummary(
            group_by=group_by,
            filters=dict(filters),
            total_cents=sum(amount for _, amount in rows),
            rows=tuple(sorted(rows, key=lambda row: (-row[1], row[0]))),
        )

    def resources(
        self,
        connection: Connection,
        organisation_id: str,
        min_utilisation: int,
        max_utilisation: int,
        filters: Mapping[str, str],
    ) -> list[ResourceRow]:
        """Returns the organisation's resources that cost something and are used this much.

        Args:
            connection: An open connection.
            organisation_id: Whose resources.
            min_utilisation: Lowest utilisation, in percent, inclusive.
            max_utilisation: Highest utilisation, in percent, inclusive.
            filters: ``service``, ``team``, ``provider`` or ``region`` that a resource must have.

        Returns:
            The resources, dearest first, then by name.

        Raises:
            ValueError: A filter is no field of a resource.
        """
        used = resources.c.utilisation_percent
        statement = select(*(resources.c[name] for name in ResourceRow._fields)).where(
            used >= min_utilisation, used <= max_utilisation, resources.c.monthly_cost_cents > 0
        )
        statement = _filtered(self.of_organisation(statement, resources, organisation_id), resources, filters)
        rows = [ResourceRow(*row) for row in connection.execute(statement)]
        return sorted(rows, key=lambda row: (-row.monthly_cost_cents, row))

    def model_calls(
        self, connection: Connection, organisation_id: str, filters: Mapping[str, str]
    ) -> list[ModelCallRow]:
        """Returns the organisation's model calls of all months, rows without a call left out.

        Args:
            connection: An open connection.
            organisation_id: Whose calls.
            filters: ``team`` that made the calls.

        Raises:
            ValueError: A filter is no field of a model call.
        """
        statement = select(*(model_calls.c[name] for name in ModelCallRow._fields)).where(
            model_calls.c.calls > 0
        )
        statement = _filtered(
            self.of_organisation(statement, model_calls, organisation_id), model_calls, filters
        )
        return [ModelCallRow(*row) for row in connection.execute(statement)]

    def replace(self, connection: Connection, organisation_id: str, records: RecordSet) -> None:
        """Puts ``records`` in the place of all that the organisation had, in the caller's transaction."""
        one_at_a_time(connection, "records", organisation_id)
        for table, rows in (
            (spend, records.spend),
            (resources, records.resources),
            (model_calls, records.model_calls),
        ):
            connection.execute(self.of_organisation(delete(table), table, organisation_id))
            if rows:
                connection.execute(insert(table), _as_inserted(organisation_id, rows))


def _as_inserted(organisation_id: str, rows: Iterable[Any]) -> list[dict[str, object]]:
    return [
        {"organisation_id": organisation_id, "position": position, **row._asdict()}
        for position, row in enumerate(rows)
    ]


def _filtered(statement: Select[Any], table: Table, filters: Mapping[str, str]) -> Select[Any]:
    for name, value in filters.items():
        if name not in DIMENSIONS or name not in table.c:
            raise ValueError(f"{name} is not a filter of {table.name}")
        statement = statement.where(table.c[name] == value)
    return statement
