"""A plan: which tools a question is answered with. A value, kept with its run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool.

    Attributes:
        tool: Name of the tool, such as ``query_spend``.
        arguments: What it is called with; goes into ``tool_executing`` as it is.
    """

    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question will be answered.

    Attributes:
        intent: What the question is after: ``savings``, ``idle``, ``models``, ``rightsizing``,
            ``forecast``, ``review`` or ``spend``.
        filters: Dimension to the name the question is narrowed to, own and inherited ones.
        calls: The tool calls in their order; the first is always a ``query_spend``.
        withheld: Tools that the intent would have used but the tier does not have.
        question: What was asked, code point for code point.
    """

    intent: str
    filters: Mapping[str, str]
    calls: tuple[ToolCall, ...]
    withheld: tuple[str, ...]
    question: str

    @property
    def group_by(self) -> str:
        """The dimension that the plan's first query of spend groups by."""
        return str(self.calls[0].arguments["group_by"])

    def to_dict(self) -> dict[str, Any]:
        """Returns the plan as plain JSON values."""
        return {
            "intent": self.intent,
            "filters": dict(self.filters),
            "calls": [{"tool": call.tool, "arguments": dict(call.arguments)} for call in self.calls],
            "withheld": list(self.withheld),
            "question": self.question,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Plan":
        """Returns the plan that ``to_dict`` made ``document`` of.

        Raises:
            KeyError: A field is missing.
        """
        return cls(
            intent=document["intent"],
            filters=dict(document["filters"]),
            calls=tuple(ToolCall(call["tool"], dict(call["arguments"])) for call in document["calls"]),
            withheld=tuple(document["withheld"]),
            question=document["question"],
        )
