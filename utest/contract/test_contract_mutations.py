"""Every single departure from a frame is caught: a missing field, a stranger, another type, a false value.

What a schema lets through here, no rule and no suite would catch later.
"""

import copy

import pytest
from contract_files import ROOT, SCHEMAS, examples_of

ANY_JSON = {("pong", "data"), ("ping", "data")}
"""Echoed as it is, so anything is right."""

OPTIONAL = {
    "pong": {"sequence", "data", "message_id"},
    "resumed": {"message_id"},
    "token_refreshed": {"message_id"},
    "agent_completed": {"upgrade_offer"},
    "error": {"field", "retry_after", "message_id", "upgrade_offer"},
}
NEEDED_BY_CODE = {
    "missing_field": {"field"},
    "rate_limited": {"retry_after"},
    "quota_exceeded": {"retry_after"},
    "unavailable": {"retry_after"},
}
TOOLS = SCHEMAS[f"{ROOT}schemas/common.json"]["$defs"]["tool_name"]["enum"]
FILTERS = {"service", "team", "month", "provider", "region"}
OTHERS = ("text", 7, True, None, [], {})
EXACT = {"seq", "last_seq", "from_seq", "to_seq", "sequence"}
"""Beyond 2^53 - 1 a reader may lose the last digits (RFC 8259, section 6); so it may of cents."""

FRACTIONAL = {"timestamp", "duration_ms", "retry_after", "heartbeat_seconds"}


def gave_or_takes(frame):
    """Whether a frame holds a tool's arguments or result."""
    return frame["type"] == "tool_executing" or frame.get("status") == "ok"


def places(value, path=()):
    """The path of every value inside a frame, but for those inside of free JSON."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def inside(frame):
    return [path for path in places(frame) if (frame["type"], path[0]) not in ANY_JSON]


def at(value, path):
    for step in path:
        value = value[step]
    return value


def replaced(frame, path, value):
    changed = copy.deepcopy(frame)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def without(frame, path):
    changed = copy.deepcopy(frame)
    del at(changed, path[:-1])[path[-1]]
    return changed


def json_type(value):
    return "number" if type(value) in {int, float} else type(value).__name__


def may_be_absent(frame, path):
    if len(path) == 1:
        needed = NEEDED_BY_CODE.get(frame.get("code"), set())
        return path[0] in OPTIONAL.get(frame["type"], set()) - needed
    return path[-1] in FILTERS and path[-2] in {"arguments", "filters"}


@pytest.mark.parametrize("frame", examples_of("server"))
def test_a_dropped_field_is_caught_wherever_it_stands(judge, frame):
    fields = [path for path in places(frame) if isinstance(path[-1], str)]
    fields = [path for path in fields if len(path) == 1 or (frame["type"], path[0]) not in ANY_JSON]
    wrong = [
        path
        for path in fields
        if judge.server(without(frame, path), frame["type"]) != may_be_absent(frame, path)
    ]
    assert wrong == []


@pytest.mark.parametrize("frame", examples_of("server"))
def test_a_stranger_is_caught_in_every_object(judge, frame):
    objects = [(), *(path for path in inside(frame) if isinstance(at(frame, path), dict))]
    wrong = [path for path in objects if judge.server(replaced(frame, (*path, "internal_note"), "x"))]
    assert wrong == []


@pytest.mark.parametrize("frame", examples_of("server"))
def test_a_value_of_another_type_is_caught_wherever_it_stands(judge, frame):
    wrong = [
        (path, other)
        for path in inside(frame)
        for other in OTHERS
        if json_type(other) != json_type(at(frame, path))
        and judge.server(replaced(frame, path, other), frame["type"])
    ]
    assert wrong == []


@pytest.mark.parametrize("frame", examples_of("server"))
def test_false_numbers_are_caught(judge, frame):
    wrong = []
    for path in inside(frame):
        value = at(frame, path)
        if json_type(value) != "number":
            continue
        false = [str(value), -(2**53)]
        false += [-1] if path != ("sequence",) else []
        false += [2**53] if path[-1] in EXACT or str(path[-1]).endswith("_cents") else []
        if path[-1] not in FRACTIONAL:
            false.append(value + 0.5)
        if str(path[-1]).endswith("_percent"):
            false.append(101)
        if path[-1] in {"timestamp", "expires_at"}:
            false += [value * 1000, value * 1_000_000, 0, 12.5]
        if path[-1] in {"seq", "step"}:
            false.append(0)
        wrong += [(path, number) for number in false if judge.server(replaced(frame, path, number))]
    assert wrong == []


@pytest.mark.parametrize("frame", examples_of("server"))
def test_false_ids_are_caught(judge, frame):
    ids = [path for path in inside(frame) if str(path[-1]).endswith("_id") or path[-1] == "id"]
    wrong = []
    for path in ids:
        value = at(frame, path)
        false = ["", value * 65]
        if path[-1] != "message_id":
            other = ("t_" if value[0] != "t" else "u_") + value[2:]
            false += [value[2:], value[:-1], value + "0", value.upper(), value + "\n", other, "x" + value]
        wrong += [(path, text) for text in false if judge.server(replaced(frame, path, text))]
    assert wrong == []


@pytest.mark.parametrize("frame", examples_of("server"))
def test_blank_texts_and_unknown_names_are_caught(judge, frame):
    blank = {"message", "error", "agent_name", "reasoning", "response", "title", "instance", "field"}
    names = {"code", "status", "tier", "tool_name", "group_by"}
    free = {"instance", "field"}
    wrong = []
    for path in inside(frame):
        false = [""] if path[-1] in blank | names else []
        false += [" \n\t"] if path[-1] in blank - free else []
        false += ["something_else"] if path[-1] in names or path[-2:-1] == ("withheld",) else []
        wrong += [(path, text) for text in false if judge.server(replaced(frame, path, text))]
    assert wrong == []


@pytest.mark.parametrize("other", TOOLS)
@pytest.mark.parametrize("frame", examples_of("server", gave_or_takes))
def test_the_arguments_and_results_of_another_tool_are_caught(judge, frame, other):
    assert judge.server(frame | {"tool_name": other}) == (other == frame["tool_name"])


@pytest.mark.parametrize("status", ["failed", "cancelled"])
@pytest.mark.parametrize("frame", examples_of("server", lambda f: f["type"] == "tool_completed"))
def test_a_call_that_gave_nothing_has_no_result(judge, frame, status):
    assert judge.server(frame | {"status": status, "result": None})
    assert not judge.server(frame | {"status": status, "result": frame["result"] or {}})
    assert not judge.server(frame | {"status": "ok", "result": None})


@pytest.mark.parametrize(
    "frame", examples_of("server", lambda f: f.get("code") in {"invalid_json", "message_too_large"})
)
def test_an_error_that_could_not_be_read_echoes_nothing(judge, frame):
    assert not judge.server(frame | {"message_id": "q-1"})
    assert not judge.server(frame | {"field": "content"})


@pytest.mark.parametrize("frame", examples_of("server", lambda f: f["type"] == "error"))
def test_only_a_spent_quota_is_answered_with_an_offer(judge, frame):
    offer = {"tier": "pro", "withheld": [], "monthly_saving_cents": 0, "message": "More tools."}
    assert judge.server(frame | {"upgrade_offer": offer}) == (frame["code"] == "quota_exceeded")


def test_names_have_an_end_and_offers_no_tool_twice(judge):
    established = next(p.values[0] for p in examples_of("server", lambda f: "limits" in f))
    assert judge.server(established | {"instance": "x" * 128})
    assert not judge.server(established | {"instance": "x" * 129})
    missing = next(p.values[0] for p in examples_of("server", lambda f: f.get("code") == "missing_field"))
    assert judge.server(missing | {"field": "x" * 64})
    assert not judge.server(missing | {"field": "x" * 65})
    answer = next(p.values[0] for p in examples_of("server", lambda f: "upgrade_offer" in f))
    assert not judge.server(replaced(answer, ("upgrade_offer", "withheld"), ["compare_models"] * 2))


@pytest.mark.parametrize("tier", ["free", "pro", "enterprise"])
@pytest.mark.parametrize(
    "frame", examples_of("server", lambda f: f["type"] == "connection_established" or "upgrade_offer" in f)
)
def test_every_tier_can_connect_and_every_higher_one_be_offered(judge, frame, tier):
    if "tier" in frame:
        assert judge.server(frame | {"tier": tier})
    else:
        offered = replaced(frame, ("upgrade_offer", "tier"), tier)
        assert judge.server(offered) == (tier != "free")


@pytest.mark.parametrize("group_by", ["service", "team", "month", "provider", "region"])
@pytest.mark.parametrize(
    "frame", examples_of("server", lambda f: gave_or_takes(f) and f["tool_name"] == "query_spend")
)
def test_spend_can_be_grouped_and_filtered_by_each_dimension(judge, frame, group_by):
    name = "arguments" if "arguments" in frame else "result"
    place = (name, group_by) if name == "arguments" else (name, "filters", group_by)
    grouped = replaced(frame, (name, "group_by"), group_by)
    assert judge.server(replaced(grouped, place, "2026-10"))
    for false in ("", 7, None, ["2026-10"]):
        assert not judge.server(replaced(grouped, place, false))
    for false in ("2026-13", "2026-00", "26-10", "2026-1", "October", "2026-10-01"):
        assert judge.server(replaced(grouped, place, false)) == (group_by != "month")


@pytest.mark.parametrize("dimension", ["service", "team", "provider", "region"])
@pytest.mark.parametrize("frame", examples_of("server", lambda f: f["type"] == "tool_executing"))
def test_every_tool_takes_its_filters_and_no_blank_one(judge, frame, dimension):
    taken = frame["tool_name"] != "compare_models" or dimension == "team"
    assert judge.server(replaced(frame, ("arguments", dimension), "x")) == taken
    assert not judge.server(replaced(frame, ("arguments", dimension), ""))


def test_a_pong_may_echo_any_json(judge):
    for data in ("text", 7, 1.5, True, None, [], {}, [{"deep": [None]}]):
        assert judge.server({"type": "pong", "timestamp": 1795339278.25, "data": data})


@pytest.mark.parametrize("frame", examples_of("client"))
def test_unknown_fields_of_a_client_are_welcome(judge, frame):
    for value in ("x", 1, None, [], {"user_id": "u_1"}):
        assert judge.client(frame | {"user_id": value, "timestamp": value, "extra": value})


@pytest.mark.parametrize("frame", examples_of("client"))
def test_a_client_must_send_what_its_frame_needs(judge, frame):
    needed = {"chat": "content", "user_message": "content", "resume": "after_seq", "cancel": "run_id"}
    needed |= {"refresh_token": "token"}
    wrong = [
        name
        for name in frame
        if judge.client(without(frame, (name,)), frame["type"])
        == (name in {"type", needed.get(frame["type"])})
    ]
    assert wrong == []


@pytest.mark.parametrize("frame", examples_of("client"))
def test_a_client_must_keep_to_the_types(judge, frame):
    wrong = [
        (name, other)
        for name, value in frame.items()
        if (frame["type"], name) not in ANY_JSON
        for other in OTHERS
        if json_type(other) != json_type(value) and judge.client(frame | {name: other}, frame["type"])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "chat", "content": ""},
        {"type": "chat", "content": "a\u0000b"},
        {"type": "chat", "content": "a", "thread_id": ""},
        {"type": "cancel", "run_id": ""},
        {"type": "refresh_token", "token": ""},
        {"type": "chat", "content": "a", "message_id": ""},
        {"type": "chat", "content": "a", "message_id": "x" * 65},
        {"type": "ping", "sequence": 2**53},
        {"type": "ping", "sequence": 0.5},
        {"type": "resume", "after_seq": -1},
        {"type": "resume", "after_seq": 0.5},
    ],
)
def test_false_values_of_a_client_are_caught(judge, frame):
    assert not judge.client(frame)


def test_the_length_of_a_message_id_is_counted_in_characters(judge):
    assert judge.client({"type": "ping", "message_id": "😀" * 64})
    assert not judge.client({"type": "ping", "message_id": "😀" * 65})
