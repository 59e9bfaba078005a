"""The contract's files, loaded as any user of the contract can: every schema in one registry, no network."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "contract"


def load_schemas():
    """Every schema of the contract by its ``$id``."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.rglob("*.json"))]
    return {schema["$id"]: schema for schema in found if "$id" in schema}


SCHEMAS = load_schemas()
REGISTRY = jsonschema_rs.Registry(list(SCHEMAS.items()), draft=jsonschema_rs.Draft202012)
ROOT = "https://agent-chat.example/contract/v1/"


def uri_of(side, name):
    return f"{ROOT}schemas/{side}/{name}.json"


def types_of(side):
    prefix = f"{ROOT}schemas/{side}/"
    return sorted(uri.removeprefix(prefix).removesuffix(".json") for uri in SCHEMAS if uri.startswith(prefix))


def examples_of(side, where=lambda frame: True):  # noqa: ARG005 -- all, unless told otherwise
    """The examples of a side's frames for which ``where`` holds, with a readable name for each."""
    return [
        pytest.param(frame, id=f"{name}-{number}")
        for name in types_of(side)
        for number, frame in enumerate(SCHEMAS[uri_of(side, name)]["examples"], 1)
        if where(frame)
    ]


class Judge:
    """A validator for each schema, compiled at its first use and chosen by ``type``."""

    def __init__(self):
        self._validators = {}

    def __call__(self, uri, value):
        if uri not in self._validators:
            self._validators[uri] = jsonschema_rs.Draft202012Validator(
                SCHEMAS[uri], registry=REGISTRY, offline=True
            )
        return self._validators[uri].is_valid(value)

    def server(self, frame, as_type=None):
        """Whether a server may send this as a frame of its own type, or of another."""
        return self(uri_of("server", as_type or frame["type"]), frame)

    def client(self, frame, as_type=None):
        """Whether a client may send this as a frame of its own type, or of another."""
        return self(uri_of("client", as_type or frame["type"]), frame)
