"""The wire contract, read from its files: which frames exist, how each must look, what each tier grants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import jsonschema_rs

Side = Literal["server", "client"]
"""Who sends a frame."""

DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[2] / "resources" / "contract"
"""Where the contract lies in this repository."""

SHOWN_VALUE: Final = 80
"""How many characters of a value a problem shows: enough to recognise it, short enough for one line."""

SHOWN_PROBLEMS: Final = 10
"""How many problems of one frame are told; a broken list can have thousands of the same kind."""

SECRET_FIELDS: Final = frozenset({"token", "access_token", "refresh_token", "password"})
"""Fields whose value is never shown: problems end up in reports."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What a tier grants (tiers.json).

    Attributes:
        name: ``free``, ``pro`` or ``enterprise``.
        tools: Names of the agent's tools that it may use.
        questions_per_day: Questions in a window of 24 hours.
        concurrent_runs: Runs at the same time.
        connections: Connections at the same time.
        messages_per_minute: How fast the token bucket fills.
        burst: How much the token bucket holds.
        permissions: What its people may do unless an administrator says otherwise.
    """

    name: str
    tools: tuple[str, ...]
    questions_per_day: int
    concurrent_runs: int
    connections: int
    messages_per_minute: int
    burst: int
    permissions: tuple[str, ...]


class Contract:
    """The contract's files, read once, when they are first needed.

    Args:
        folder: Where ``schemas/`` and ``tiers.json`` are; this repository's own contract when omitted.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else DEFAULT_FOLDER
        self._validators: dict[tuple[Side, str], jsonschema_rs.Validator] = {}

    def problems(self, direction: Side, message: Mapping[str, Any]) -> list[str]:
        """Says how a message departs from the contract.

        Args:
            direction: Who sent it: ``server`` or ``client``.
            message: The JSON object, as ``json.loads`` gives it.

        Returns:
            One short line for each departure: where, what was expected, what came. Empty when there is none.
        """
        name = message.get("type")
        validator = self._validators.get((direction, name)) if isinstance(name, str) else None
        if validator is None:
            if not isinstance(name, str) or name not in self._types[direction]:
                if "type" not in message:
                    return ["$.type: missing"]
                return [f"$.type: expected {_one_of(sorted(self._types[direction]))}, got {_shown(name)}"]
            validator = self._validator(direction, name)
        instance = message if isinstance(message, dict) else dict(message)
        try:
            return [] if validator.is_valid(instance) else lines_of(validator.iter_errors(instance))
        except UnicodeEncodeError:
            return ["$: expected Unicode text, got a lone surrogate (U+D800 to U+DFFF)"]
        except ValueError as refusal:  # nested deeper than the checker follows
            return [f"$: cannot be checked: {_cut(str(refusal))}"]

    @property
    def event_types(self) -> frozenset[str]:
        """The type of every frame that a server sends."""
        return self._types["server"]

    @property
    def client_types(self) -> frozenset[str]:
        """The type of every frame that a client sends."""
        return self._types["client"]

    @cached_property
    def durable_types(self) -> frozenset[str]:
        """The types of the run events: those that are stored, numbered and replayed."""
        return frozenset(
            name for name in self.event_types if "seq" in self.schemas[self._uri("server", name)]["required"]
        )

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The agent's tools."""
        return self._enumeration("tool_name")

    @property
    def error_codes(self) -> tuple[str, ...]:
        """The codes of the frame ``error``."""
        return self._enumeration("error_code")

    @cached_property
    def failure_codes(self) -> tuple[str, ...]:
        """The codes of the frame ``agent_failed``."""
        return tuple(self.schemas[self._uri("server", "agent_failed")]["properties"]["code"]["enum"])

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that the contract gives a meaning: types of frames, tools, codes, tiers."""
        codes = (*self.error_codes, *self.failure_codes)
        return frozenset((*self.event_types, *self.client_types, *self.tool_names, *codes, *self.tiers))

    @cached_property
    def tiers(self) -> Mapping[str, Tier]:
        """What each tier grants, from the lowest to the highest."""
        return MappingProxyType(
            {
                name: Tier(
                    **{
                        **granted,
                        "name": name,
                        "tools": tuple(granted["tools"]),
                        "permissions": tuple(granted["permissions"]),
                    }
                )
                for name, granted in self._tiers_file["tiers"].items()
            }
        )

    @property
    def next_tier(self) -> Mapping[str, str]:
        """The tier that an upgrade leads to; the highest has none."""
        return MappingProxyType(self._tiers_file["next_tier"])

    @property
    def operations(self) -> Mapping[str, str]:
        """The permission that an operation needs; what is not named needs none."""
        return MappingProxyType(self._tiers_file["operations"])

    @property
    def limits(self) -> Mapping[str, int]:
        """The limits that all tiers share: message sizes in bytes, the heartbeat in seconds."""
        return MappingProxyType(self._tiers_file["limits"])

    @cached_property
    def schemas(self) -> Mapping[str, dict[str, Any]]:
        """Every schema by its ``$id``. References between them are resolved here, never over the network.

        Raises:
            FileNotFoundError: There is no contract in the folder.
        """
        found = {}
        for path in sorted((self.folder / "schemas").rglob("*.json")):
            schema = json.loads(path.read_text(encoding="utf-8"))
            found[schema["$id"]] = schema
        if not found:
            raise FileNotFoundError(f"no contract in {self.folder}: it has no schemas/*.json")
        return found

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry(list(self.schemas.items()), draft=jsonschema_rs.Draft202012)

    @cached_property
    def _root(self) -> str:
        return next(uri for uri in self.schemas if uri.endswith("/common.json")).removesuffix("common.json")

    def _uri(self, side: Side, name: str) -> str:
        return f"{self._root}{side}/{name}.json"

    @cached_property
    def _types(self) -> dict[Side, frozenset[str]]:
        sides: tuple[Side, ...] = ("server", "client")
        return {
            side: frozenset(
                schema["properties"]["type"]["const"]
                for uri, schema in self.schemas.items()
                if uri.startswith(f"{self._root}{side}/")
            )
            for side in sides
        }

    def _validator(self, side: Side, name: str) -> jsonschema_rs.Validator:
        validator = self._validators[side, name] = jsonschema_rs.Draft202012Validator(
            self.schemas[self._uri(side, name)],
            registry=self._registry,
            # Patterns in linear time: what is checked came over the wire.
            pattern_options=jsonschema_rs.RegexOptions(),
            offline=True,
        )
        return validator

    def _enumeration(self, name: str) -> tuple[str, ...]:
        return tuple(self.schemas[f"{self._root}common.json"]["$defs"][name]["enum"])

    @cached_property
    def _tiers_file(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "tiers.json").read_text(encoding="utf-8"))
        return content


_EXPECTED: Final[Mapping[str, Callable[[dict[str, Any]], str]]] = {
    "type": lambda kind: " or ".join(kind["types"]),
    "const": lambda kind: _shown(kind["expected_value"]),
    "enum": lambda kind: _one_of(kind["options"]),
    "pattern": lambda kind: f"text like {kind['pattern']}",
    "minLength": lambda kind: f"at least {kind['limit']} character(s)",
    "maxLength": lambda kind: f"at most {kind['limit']} characters",
    "minimum": lambda kind: f"at least {kind['limit']}",
    "maximum": lambda kind: f"at most {kind['limit']}",
    "exclusiveMinimum": lambda kind: f"more than {kind['limit']}",
    "exclusiveMaximum": lambda kind: f"less than {kind['limit']}",
    "uniqueItems": lambda _: "no item twice",
    "falseSchema": lambda _: "nothing here",
}
"""What a keyword of JSON Schema asks for, in words."""


def lines_of(errors: Iterable[jsonschema_rs.ValidationError]) -> list[str]:
    """Departures from a schema, in words: one short line for each, and not too many.

    Args:
        errors: What the checker found.
    """
    found = list(dict.fromkeys(line for error in errors for line in _lines(error)))
    hidden = len(found) - SHOWN_PROBLEMS
    return found if hidden <= 0 else [*found[:SHOWN_PROBLEMS], f"... and {hidden} more"]


def _lines(error: jsonschema_rs.ValidationError) -> list[str]:
    keyword, details = error.kind.name, error.kind.as_dict()
    if keyword == "required":
        return [f"{_place([*error.instance_path, details['property']])}: missing"]
    if keyword == "additionalProperties":
        return [f"{_place([*error.instance_path, n])}: not in the contract" for n in details["unexpected"]]
    place = _place(error.instance_path)
    if keyword not in _EXPECTED:
        return [f"{place}: {_cut(error.message)}"]
    secret = not SECRET_FIELDS.isdisjoint(error.instance_path)
    came = f"a hidden {_json_type(error.instance)}" if secret else _shown(error.instance)
    return [f"{place}: expected {_EXPECTED[keyword](details)}, got {came}"]


def _place(path: list[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{_cut(step)}" for step in path)


def _one_of(options: list[Any]) -> str:
    return "one of " + ", ".join(str(option) for option in options)


def _shown(value: object) -> str:
    text = _cut(json.dumps(value, ensure_ascii=False))
    return text if value is None or isinstance(value, bool) else f"{text} ({_json_type(value)})"


def _cut(text: str) -> str:
    printable = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: SHOWN_VALUE + 1])
    return printable if len(text) <= SHOWN_VALUE else printable[: SHOWN_VALUE - 1] + "…"


def _json_type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
