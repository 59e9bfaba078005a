"""The tool ``find_idle_resources``: what is paid for and hardly used."""

from collections.abc import Mapping

from sqlalchemy import Connection

from backend.agent.tools.base import FindingDraft, Tool, ToolResult, integer
from backend.store.records import Records


class FindIdleResources(Tool):
    """Finds resources whose whole cost can be saved."""

    name = "find_idle_resources"
    filters = ("service", "team", "provider", "region")

    def run(
        self, records: Records, connection: Connection, organisation_id: str, arguments: Mapping[str, object]
    ) -> ToolResult:
        """Finds the resources used no more than ``max_utilisation_percent`` that cost anything."""
        highest = integer(arguments, "max_utilisation_percent", 0, 100)
        idle = records.resources(connection, organisation_id, 0, highest, self.filters_in(arguments))
        return ToolResult(
            result={
                "resources": [
                    {
                        "name": row.name,
                        "service": row.service,
                        "team": row.team,
                        "monthly_cost_cents": row.monthly_cost_cents,
                        "utilisation_percent": row.utilisation_percent,
                    }
                    for row in idle
                ],
                "monthly_saving_cents": sum(row.monthly_cost_cents for row in idle),
            },
            findings=tuple(
                FindingDraft(
                    f"Remove idle {row.name} ({row.service}, {row.team}, {row.utilisation_percent} % used)",
                    row.monthly_cost_cents,
                )
                for row in idle
            ),
        )
