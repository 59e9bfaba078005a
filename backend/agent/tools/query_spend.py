"""The tool ``query_spend``: what was spent, grouped by one dimension."""

from collections.abc import Mapping

from sqlalchemy import Connection

from backend.agent.tools.base import Tool, ToolResult
from backend.store.records import DIMENSIONS, Records


class QuerySpend(Tool):
    """Sums spend exactly as ``GET /usage/summary`` does."""

    name = "query_spend"
    filters = DIMENSIONS

    def run(
        self, records: Records, connection: Connection, organisation_id: str, arguments: Mapping[str, object]
    ) -> ToolResult:
        """Sums the spend; ``group_by`` is required."""
        summary = records.spend_summary(
            connection, organisation_id, str(arguments.get("group_by")), self.filters_in(arguments)
        )
        return ToolResult(summary.as_dict())
