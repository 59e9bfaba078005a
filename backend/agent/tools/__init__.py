"""The agent's tools, one module each, and the box that calls them by name."""

from collections.abc import Iterable

from sqlalchemy import Connection

from backend.agent.plan import ToolCall
from backend.agent.tools.base import FindingDraft, Tool, ToolResult
from backend.agent.tools.compare_models import CompareModels
from backend.agent.tools.find_idle_resources import FindIdleResources
from backend.agent.tools.forecast_spend import ForecastSpend
from backend.agent.tools.query_spend import QuerySpend
from backend.agent.tools.rightsize_resources import RightsizeResources
from backend.store.records import Records

__all__ = ["FindingDraft", "Tool", "ToolResult", "Toolbox", "UnknownToolError", "all_tools"]


class UnknownToolError(LookupError):
    """A plan names a tool that the box does not have."""


def all_tools() -> tuple[Tool, ...]:
    """Returns one of each of the contract's tools."""
    return (QuerySpend(), FindIdleResources(), RightsizeResources(), CompareModels(), ForecastSpend())


class Toolbox:
    """Calls tools by name. Synchronous, and safe to use from many threads: it keeps nothing."""

    def __init__(self, records: Records, tools: Iterable[Tool] | None = None) -> None:
        self._records = records
        self._tools = {tool.name: tool for tool in (all_tools() if tools is None else tools)}

    def call(self, connection: Connection, organisation_id: str, call: ToolCall) -> ToolResult:
        """Runs one tool on one organisation's records.

        Args:
            connection: An open connection, used by this thread alone for the time of the call.
            organisation_id: Whose records; from the run's context, never from the arguments.
            call: Which tool, with what.

        Raises:
            UnknownToolError: There is no such tool.
            ValueError: The tool does not take an argument's value.
        """
        tool = self._tools.get(call.tool)
        if tool is None:
            raise UnknownToolError(f"There is no tool {call.tool}.")
        return tool.run(self._records, connection, organisation_id, call.arguments)
