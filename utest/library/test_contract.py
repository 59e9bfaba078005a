"""The library's reading of the contract: what it takes for right, and how it says what is wrong."""

import copy
import json
from types import MappingProxyType

import pytest
from AgentChatLibrary.contract import SHOWN_PROBLEMS, Contract
from AgentChatLibrary.frames import DURABLE


@pytest.fixture(scope="module")
def contract():
    return Contract()


def example(contract, side, name, number=0):
    uri = next(uri for uri in contract.schemas if uri.endswith(f"/{side}/{name}.json"))
    return copy.deepcopy(contract.schemas[uri]["examples"][number])


def test_every_example_of_the_contract_is_without_problems(contract):
    for uri, schema in contract.schemas.items():
        for frame in schema.get("examples", []):
            assert contract.problems("server" if "/server/" in uri else "client", frame) == []


def test_it_knows_every_type_tool_code_and_tier(contract):
    assert contract.durable_types == set(DURABLE)
    assert contract.event_types > contract.durable_types
    assert {"connection_established", "ack", "pong", "resumed", "error"} <= contract.event_types
    assert contract.client_types == {"chat", "user_message", "ping", "resume", "cancel", "refresh_token"}
    assert "query_spend" in contract.tool_names
    assert {"invalid_json", "quota_exceeded", "internal"} <= set(contract.error_codes)
    assert contract.failure_codes == ("cancelled", "interrupted", "tool_failed", "internal")
    assert list(contract.tiers) == ["free", "pro", "enterprise"]
    assert contract.tiers["free"].tools == ("query_spend", "find_idle_resources")
    assert contract.tiers["enterprise"].questions_per_day == 100_000
    assert contract.next_tier == {"free": "pro", "pro": "enterprise"}
    assert contract.operations["share"] == "threads:share"
    assert contract.limits["max_message_bytes"] == 8192


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("seq", "1", '$.seq: expected integer, got "1" (string)'),
        ("seq", 0, "$.seq: expected at least 1, got 0 (number)"),
        ("seq", True, "$.seq: expected integer, got true"),
        (
            "timestamp",
            1795339278250,
            "$.timestamp: expected less than 10000000000, got 1795339278250 (number)",
        ),
        ("message", " ", '$.message: expected text like \\S, got " " (string)'),
        ("run_id", "r_1", '$.run_id: expected text like ^r_[0-9a-f]{32}$, got "r_1" (string)'),
        ("duration_ms", None, "$.duration_ms: not in the contract"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_both_sides(contract, field, value, problem):
    frame = example(contract, "server", "agent_failed") | {field: value}
    assert contract.problems("server", frame) == [problem]


def test_an_unknown_code_is_told_with_the_known_ones(contract):
    frame = example(contract, "server", "agent_failed") | {"code": "oops"}
    assert contract.problems("server", frame) == [
        '$.code: expected one of cancelled, interrupted, tool_failed, internal, got "oops" (string)'
    ]


def test_a_missing_field_and_a_stranger_are_told_by_their_places(contract):
    frame = example(contract, "server", "agent_completed")
    del frame["result"]["findings"][0]["title"]
    frame["upgrade_offer"]["internal_note"] = "x"
    assert contract.problems("server", frame) == [
        "$.result.findings[0].title: missing",
        "$.upgrade_offer.internal_note: not in the contract",
    ]


def test_a_tools_result_is_judged_by_its_tool(contract):
    frame = example(contract, "server", "tool_completed")
    frame["result"]["rows"][1]["amount_cents"] = "430000"
    assert contract.problems("server", frame) == [
        '$.result.rows[1].amount_cents: expected integer, got "430000" (string)'
    ]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("tool_executing", "tool_name"),
        ("tool_completed", "tool_name"),
        ("tool_completed", "status"),
        ("error", "code"),
    ],
)
def test_without_the_field_that_chooses_only_that_is_told(contract, name, field):
    for number in range(5):
        frame = example(contract, "server", name, number)
        del frame[field]
        assert contract.problems("server", frame) == [f"$.{field}: missing"]


def test_a_frame_of_the_other_side_or_of_no_known_type_is_a_problem(contract):
    assert contract.problems("client", example(contract, "server", "pong"))[0].startswith(
        "$.type: expected one of"
    )
    assert contract.problems("server", {"type": 3})[0].endswith("got 3 (number)")
    assert contract.problems("server", {"type": ["pong"]})[0].endswith('got ["pong"] (array)')
    assert contract.problems("server", {"timestamp": 1.5}) == ["$.type: missing"]


def test_unknown_fields_of_a_client_are_none(contract):
    assert (
        contract.problems("client", {"type": "ping", "user_id": "u_1", "anything": {"nested": [None]}}) == []
    )


def test_long_values_and_long_lists_are_cut(contract):
    frame = example(contract, "server", "tool_completed")
    frame["result"]["rows"] = [{"key": "x", "amount_cents": -1, "n" * 500: 1}] * 40
    problems = contract.problems("server", frame)
    assert len(problems) == SHOWN_PROBLEMS + 1
    assert problems[-1] == "... and 70 more"
    assert all(len(problem) < 200 for problem in problems)


def test_a_token_never_stands_in_a_problem(contract):
    frame = {"type": "refresh_token", "token": {"value": "eyJhbGciOi.secret"}}
    assert contract.problems("client", frame) == ["$.token: expected string, got a hidden object"]


def test_control_characters_are_shown_escaped(contract):
    frame = example(contract, "server", "pong") | {"evil\r\n\x1b[2J": 1}
    assert contract.problems("server", frame) == ["$.evil\\u000d\\u000a\\u001b[2J: not in the contract"]


@pytest.mark.parametrize(
    "text",
    ['"\\ud800"', '{"\\udfff": 1}', "[" * 900 + "]" * 900, "1" * 400, "NaN", "-Infinity"],
    ids=["surrogate", "surrogate key", "deep", "huge", "NaN", "infinity"],
)
def test_whatever_json_loads_gives_is_judged_and_never_raises(contract, text):
    frame = example(contract, "server", "agent_started") | {"message": json.loads(text)}
    problems = contract.problems("server", frame)
    assert len(problems) == 1
    assert len(problems[0]) < 200


def test_any_mapping_can_be_judged(contract):
    assert contract.problems("server", MappingProxyType(example(contract, "server", "ack"))) == []


def test_another_folder_can_be_given_and_an_empty_one_is_named(contract, tmp_path):
    assert Contract(contract.folder).problems("client", {"type": "ping"}) == []
    with pytest.raises(FileNotFoundError, match="no contract in"):
        Contract(tmp_path).problems("client", {"type": "ping"})
