"""The schemas themselves: valid, closed where they should be, complete, nothing dead or dangling."""

import copy
import json

import jsonschema_rs
import pytest
from contract_files import FOLDER, REGISTRY, ROOT, SCHEMAS, examples_of, types_of, uri_of
from contract_references import dangling_by_file, dangling_by_id, references

SERVER = {
    "connection_established", "ack", "agent_started", "agent_thinking", "tool_executing", "tool_completed",
    "agent_completed", "agent_failed", "pong", "resumed", "token_expiring", "token_refreshed", "error",
}  # fmt: skip
CLIENT = {"chat", "user_message", "ping", "resume", "cancel", "refresh_token"}
DURABLE = {
    "agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed", "agent_failed",
}  # fmt: skip


def test_there_is_a_schema_for_each_frame_and_no_other():
    assert set(types_of("server")) == SERVER
    assert set(types_of("client")) == CLIENT


@pytest.mark.parametrize("uri", SCHEMAS)
def test_every_schema_is_valid_2020_12_and_named_after_its_file(uri):
    schema = SCHEMAS[uri]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert schema["description"]
    jsonschema_rs.meta.validate(schema)
    assert json.loads((FOLDER / uri.removeprefix(ROOT)).read_text(encoding="utf-8")) == schema


@pytest.mark.parametrize("uri", SCHEMAS)
def test_every_schema_compiles_with_the_registry_alone(uri):
    jsonschema_rs.Draft202012Validator(SCHEMAS[uri], registry=REGISTRY, offline=True)


def test_every_reference_leads_somewhere_by_id_and_by_file():
    assert list(dangling_by_id(SCHEMAS)) == []
    for path in FOLDER.rglob("*.json"):
        assert list(dangling_by_file(path)) == []


def test_a_dangling_reference_is_found():
    broken = copy.deepcopy(SCHEMAS)
    uri = uri_of("server", "ack")
    broken[uri]["properties"]["run_id"]["$ref"] = "../common.json#/$defs/run"
    broken[uri]["properties"]["thread_id"]["$ref"] = "common.json#/$defs/thread_id"
    assert list(dangling_by_id(broken)) == [
        f"{uri}#/properties/thread_id: common.json#/$defs/thread_id",
        f"{uri}#/properties/run_id: ../common.json#/$defs/run",
    ]


def test_every_shared_definition_is_used():
    used = {reference.rpartition("/")[2] for s in SCHEMAS.values() for _, reference in references(s)}
    for name in ("common", "tools"):
        assert set(SCHEMAS[f"{ROOT}schemas/{name}.json"]["$defs"]) - used == set()


@pytest.mark.parametrize("name", sorted(SERVER))
def test_server_frames_are_closed_and_carry_type_and_timestamp(name):
    schema = SCHEMAS[uri_of("server", name)]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["type"] == {"const": name}
    assert {"type", "timestamp"} <= set(schema["required"]) <= set(schema["properties"])
    durable = {"seq", "user_id", "thread_id", "run_id"}
    assert (durable <= set(schema["required"])) == (name in DURABLE)
    assert ("seq" in schema["properties"]) == (name in DURABLE)


@pytest.mark.parametrize("name", sorted(CLIENT))
def test_client_frames_are_open_and_may_carry_a_message_id(name):
    schema = SCHEMAS[uri_of("client", name)]
    assert "additionalProperties" not in schema
    assert schema["properties"]["type"] == {"const": name}
    assert "message_id" in set(schema["properties"]) - set(schema["required"])


@pytest.mark.parametrize("uri", [uri_of(s, n) for s in ("server", "client") for n in types_of(s)])
@pytest.mark.parametrize("value", [[], "text", 1, 1.5, True, None])
def test_no_frame_is_anything_but_an_object(judge, uri, value):
    assert not judge(uri, value)


def test_chat_and_user_message_are_synonyms():
    chat, synonym = (copy.deepcopy(SCHEMAS[uri_of("client", name)]) for name in ("chat", "user_message"))
    for schema in (chat, synonym):
        del schema["$id"], schema["description"], schema["properties"]["type"]
        for frame in schema["examples"]:
            del frame["type"]
    assert chat == synonym


@pytest.mark.parametrize("frame", examples_of("server"))
def test_server_examples_are_valid_as_their_own_type_alone(judge, frame):
    assert [n for n in sorted(SERVER) if judge(uri_of("server", n), frame)] == [frame["type"]]


@pytest.mark.parametrize("frame", examples_of("client"))
def test_client_examples_are_valid_as_their_own_type_alone(judge, frame):
    assert [n for n in sorted(CLIENT) if judge(uri_of("client", n), frame)] == [frame["type"]]


def test_every_code_status_and_tool_has_an_example():
    def shown(name, field):
        return {frame[field] for frame in SCHEMAS[uri_of("server", name)]["examples"]}

    definitions = SCHEMAS[f"{ROOT}schemas/common.json"]["$defs"]
    assert shown("error", "code") == set(definitions["error_code"]["enum"])
    assert shown("agent_failed", "code") == {"cancelled", "interrupted", "tool_failed", "internal"}
    assert shown("tool_completed", "status") == {"ok", "failed", "cancelled"}
    assert shown("tool_executing", "tool_name") == set(definitions["tool_name"]["enum"])
    assert shown("tool_completed", "tool_name") == set(definitions["tool_name"]["enum"])


def test_in_every_error_example_both_texts_are_the_same():
    # The contract wants it, and JSON Schema cannot say it.
    for frame in SCHEMAS[uri_of("server", "error")]["examples"]:
        assert frame["error"] == frame["message"]
