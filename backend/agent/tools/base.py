"""What every tool of the agent is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Connection

from backend.store.records import Records


@dataclass(frozen=True, slots=True)
class FindingDraft:
    """A saving that a tool found; it becomes a finding of the answer.

    Attributes:
        title: Names it for people.
        monthly_saving_cents: What acting on it saves each month.
    """

    title: str
    monthly_saving_cents: int


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool call gave.

    Attributes:
        result: The contract's result of the tool; goes into ``tool_completed`` as it is.
        findings: The savings in it.
    """

    result: Mapping[str, Any]
    findings: tuple[FindingDraft, ...] = ()


class Tool(ABC):
    """One tool. It keeps nothing between calls, so that one instance serves everybody.

    Attributes:
        name: Its name in the contract.
        filters: The dimensions that it can be narrowed to.
    """

    name: ClassVar[str]
    filters: ClassVar[tuple[str, ...]]

    @abstractmethod
    def run(
        self, records: Records, connection: Connection, organisation_id: str, arguments: Mapping[str, object]
    ) -> ToolResult:
        """Works on the organisation's records.

        Args:
            records: The only door to the rows.
            connection: An open connection.
            organisation_id: Whose records.
            arguments: As the contract gives them for this tool; filters are optional.

        Raises:
            ValueError: An argument is not one that this tool takes.
        """

    def filters_in(self, arguments: Mapping[str, object]) -> dict[str, str]:
        """Returns those of the arguments that narrow the tool to a part of the records."""
        return {name: str(arguments[name]) for name in self.filters if name in arguments}


def integer(arguments: Mapping[str, object], name: str, lowest: int, highest: int) -> int:
    """Returns the integer argument ``name``.

    Raises:
        ValueError: It is absent, not an integer, or out of range.
    """
    value = arguments.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ValueError(f"{name} must be an integer from {lowest} to {highest}")
    return value
