"""The AsyncAPI document: valid by the official schema, without dangling references, and complete."""

import copy
import json
from pathlib import Path

import jsonschema_rs
import pytest
from contract_files import FOLDER, types_of
from contract_references import dangling_by_file

OFFICIAL = Path(__file__).parent / "vendor" / "asyncapi-3.0.0.json"


@pytest.fixture(scope="module")
def official():
    return jsonschema_rs.Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")), offline=True)


def test_the_document_is_valid_by_the_official_schema(official, asyncapi):
    assert [(e.instance_path, e.message[:200]) for e in official.iter_errors(asyncapi)] == []


@pytest.mark.parametrize("part", ["asyncapi", "info"])
def test_the_official_schema_does_judge(official, asyncapi, part):
    broken = copy.deepcopy(asyncapi)
    del broken[part]
    assert not official.is_valid(broken)
    broken = copy.deepcopy(asyncapi)
    broken["operations"]["ask"]["action"] = "shout"
    assert not official.is_valid(broken)


def test_every_reference_leads_somewhere():
    assert list(dangling_by_file(FOLDER / "asyncapi.yaml")) == []


def test_dangling_references_are_found(asyncapi):
    broken = copy.deepcopy(asyncapi)
    messages = broken["components"]["messages"]
    messages["ack"]["payload"]["schema"]["$ref"] = "./schemas/server/acknowledge.json"
    messages["pong"]["payload"]["schema"]["$ref"] = "./schemas/common.json#/$defs/nothing"
    broken["operations"]["warn"]["messages"][0]["$ref"] = "#/channels/chat/messages/nothing"
    assert len(list(dangling_by_file(FOLDER / "asyncapi.yaml", broken))) == 3


def test_every_message_is_a_frame_with_a_schema_and_every_schema_is_a_message(asyncapi):
    frames = {(side, name) for side in ("server", "client") for name in types_of(side)}
    messages = asyncapi["components"]["messages"]
    said = set()
    for name, message in messages.items():
        side = message["tags"][0]["name"]
        said.add((side, name))
        assert message["name"] == name
        assert message["payload"]["schema"]["$ref"] == f"./schemas/{side}/{name}.json"
        assert message["payload"]["schemaFormat"] == "application/schema+json;version=draft-2020-12"
    assert said == frames
    assert list(asyncapi["channels"]["chat"]["messages"]) == list(messages)


def test_every_message_goes_its_way_in_some_operation(asyncapi):
    sent, received = set(), set()
    for operation in asyncapi["operations"].values():
        names = {message["$ref"].rpartition("/")[2] for message in operation["messages"]}
        (sent if operation["action"] == "send" else received).update(names)
        sent.update(m["$ref"].rpartition("/")[2] for m in operation.get("reply", {}).get("messages", []))
    assert sent == set(types_of("server"))
    assert received == set(types_of("client"))


def test_replies_that_can_echo_a_message_id_say_where_it_stands(asyncapi):
    correlated = {n for n, m in asyncapi["components"]["messages"].items() if "correlationId" in m}
    assert correlated == {"ack", "pong", "resumed", "token_refreshed", "error", *types_of("client")}
