"""The tool ``rightsize_resources``: what could run on half its size."""

from collections.abc import Mapping

from sqlalchemy import Connection

from backend.agent.tools.base import FindingDraft, Tool, ToolResult, integer
from backend.store.record_set import ResourceRow
from backend.store.records import Records


def proposed_cost_cents(row: ResourceRow) -> int:
    """Returns the monthly cost of the next smaller size: half, rounded down to a cent."""
    return row.monthly_cost_cents // 2


class RightsizeResources(Tool):
    """Finds resources that are used, but not enough for their size."""

    name = "rightsize_resources"
    filters = ("service", "team", "provider", "region")

    def run(
        self, records: Records, connection: Connection, organisation_id: str, arguments: Mapping[str, object]
    ) -> ToolResult:
        """Finds the resources used from ``min_`` to ``max_utilisation_percent`` that cost anything."""
        lowest = integer(arguments, "min_utilisation_percent", 0, 100)
        highest = integer(arguments, "max_utilisation_percent", 0, 100)
        oversized = records.resources(
            connection, organisation_id, lowest, highest, self.filters_in(arguments)
        )
        savings = [row.monthly_cost_cents - proposed_cost_cents(row) for row in oversized]
        return ToolResult(
            result={
                "resources": [
                    {
                        "name": row.name,
                        "service": row.service,
                        "team": row.team,
                        "monthly_cost_cents": row.monthly_cost_cents,
                        "utilisation_percent": row.utilisation_percent,
                        "proposed_cost_cents": proposed_cost_cents(row),
                    }
                    for row in oversized
                ],
                "monthly_saving_cents": sum(savings),
            },
            findings=tuple(
                FindingDraft(
                    f"Halve {row.name} ({row.service}, {row.team}, {row.utilisation_percent} % used)", saving
                )
                for row, saving in zip(oversized, savings, strict=True)
            ),
        )
