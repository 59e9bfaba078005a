"""The contract as far as a dialect goes: what its backend says must be right; it need not say the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from ..contract import Contract, Side, lines_of
from .model import Dialect
from .reading import REFUSED, UNMATCHED

IDS: Final = frozenset(
    {"user_id", "thread_id", "run_id", "tool_call_id", "connection_id", "finding_id", "message_id"}
)
"""Ids, whose shape is each backend's own: any text."""
FREE: Final = frozenset({"arguments", "result", "limits", "upgrade_offer", "data"})
"""What the contract settles for its own subject alone: any JSON value."""
WORDS: Final = frozenset({"tool_name", "tier", "instance", "error_code", "code", "status", "agent_name"})
"""Words of each backend's own choice."""
TEXT: Final = {"type": "string", "minLength": 1}


class DialectContract(Contract):
    """The contract for a backend that speaks another dialect.

    A frame keeps it when every field that the dialect says stands in it, of the agreed type; a frame that no
    rule of the dialect reads does not.

    Args:
        dialect: How the backend speaks.
        folder: Where the contract lies; this repository's own when omitted.
    """

    def __init__(self, dialect: Dialect, folder: Path | None = None) -> None:
        super().__init__(folder)
        self.dialect = dialect
        self._relaxed: dict[str, jsonschema_rs.Validator] = {}

    def problems(self, direction: Side, message: Mapping[str, Any]) -> list[str]:
        """Says how a canonical message departs from what the dialect promises.

        Args:
            direction: Who sent it: ``server`` or ``client``.
            message: The message, told in the canonical alphabet.

        Returns:
            One short line for each departure; empty when there is none.
        """
        kind = message.get("type")
        if kind == REFUSED:
            return []
        if kind == UNMATCHED:
            why = message.get("reason", "no template of `says` reads it")
            return [f"nothing in {self.dialect.file.name} reads it: {why}"]
        if direction == "client" or kind not in self.event_types:
            return super().problems(direction, message)
        return lines_of(self._validator_of(str(kind)).iter_errors(dict(message)))

    def _validator_of(self, kind: str) -> jsonschema_rs.Validator:
        if kind not in self._relaxed:
            schema = self._schema(kind)
            self._relaxed[kind] = jsonschema_rs.Draft202012Validator(schema, offline=True)
        return self._relaxed[kind]

    def _schema(self, kind: str) -> dict[str, Any]:
        own = self.schemas[self._uri("server", kind)]
        said = [one for rule in self.dialect.rules for one in rule.events if one.type == kind]
        # What is derived the backend does not say, so that it cannot fail to.
        always = [
            frozenset(n for n, source in one.fields.items() if not source.derived) - one.optional
            for one in said
        ]
        stated = frozenset.intersection(*always) if always else frozenset()
        return {
            "type": "object",
            "additionalProperties": False,
            "required": ["type", *sorted(stated & set(own["required"]))],
            "properties": {name: self._field(name, part) for name, part in own["properties"].items()},
        }

    def _field(self, name: str, part: Any) -> Any:  # noqa: ANN401 -- any JSON Schema
        if name in FREE:
            return True
        if name in IDS or name in WORDS:
            return TEXT
        reference = part.get("$ref", "")
        if "common.json#/$defs/" in reference:
            common = self.schemas[f"{self._root}common.json"]["$defs"]
            return common[reference.rsplit("/", 1)[1]]
        return part
