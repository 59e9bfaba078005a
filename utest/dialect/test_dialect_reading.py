"""What a connection said, told again: kinds of frames, several events in one, none, and what nobody reads."""

from __future__ import annotations

from AgentChatLibrary.dialect.building import load
from AgentChatLibrary.dialect.reading import REFUSED, UNMATCHED
from AgentChatLibrary.dialect.relaxed import DialectContract
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.rules import order, pairing
from dialect_shelf import VARIABLES, dialect_of

SERVER_SENT = """\
dialect: 1
name: Streams
frames: sse
connect: {welcome: upgrade}
reads:
  - when: {$event: RunStarted}
    as:
      - ack: {message_id: {from: question}, run_id: id}
      - agent_started: {run_id: id, timestamp: {path: at, time: milliseconds}}
  - when: {$event: Piece}
    of: id
    remember: {answer: {path: text, join: true}}
  - when: {$event: Done}
    as: {agent_completed: {run_id: id, response: {remembered: answer}}}
  - when: {$text: {matches: keep-alive}}
    ignore: A sign of life without content.
says:
  chat: {ask: $content}
"""

PIECES = """\
event: Piece
data: {"id": "r", "text": "For"}

event: Piece
data: {"id": "r", "text": "ty"}

"""


def types(reading):
    return [event.type for event in reading.refresh().received()]


def test_one_frame_may_tell_several_events_and_several_frames_one(written, heard):
    dialect = load(str(written(SERVER_SENT)), VARIABLES)
    reading = heard(
        dialect,
        ("sent", {"ask": "What?"}),
        ("received", 'event: RunStarted\ndata: {"id": "r", "at": 1795339278250}\n\n'),
        (
            "received",
            PIECES,
        ),
        ("received", "data: keep-alive\n\n"),
        ("received", '{"id": "r", "$event": "Done"}'),
    )
    assert types(reading) == ["connection_established", "ack", "agent_started", "agent_completed"]
    transcript = reading.refresh()
    assert transcript.received("agent_completed")[0]["response"] == "Forty"
    assert transcript.received("agent_started")[0].timestamp == 1795339278.25
    run = transcript.runs()["r"]
    assert run.question is not None
    assert run.question["content"] == "What?"
    assert reading.ignored == {"kept for a later frame": 2, "A sign of life without content.": 1}


def test_every_told_frame_knows_the_one_it_was_said_in(written, heard):
    dialect = load(str(written(SERVER_SENT)), VARIABLES)
    reading = heard(dialect, ("received", 'event: RunStarted\ndata: {"id": "r", "at": 1}\n\n'))
    told = reading.refresh().frames[1:]
    assert [frame.source for frame in told] == [reading.wire.frames[0]] * 2


def test_what_comes_later_is_told_later_in_the_same_transcript(heard):
    reading = heard(dialect_of("netra"))
    before = reading.refresh()
    reading.wire.append(1.0, Direction.RECEIVED, Kind.TEXT, '{"type": "ping", "data": {"timestamp": 1.0}}')
    reading.wire.append(1.1, Direction.RECEIVED, Kind.TEXT, '{"type": "unheard of"}')
    assert reading.refresh() is before
    assert types(reading) == [UNMATCHED]
    assert len(reading.unmatched) == 1


def test_what_no_rule_reads_is_listed_with_what_the_nearest_rule_misses(heard):
    reading = heard(dialect_of("netra"), ("received", {"type": "pong", "timestamp": 1.0}))
    (account,) = reading.unmatched
    assert "data.user_id is missing" in account.reason
    problems = DialectContract(dialect_of("netra")).problems(
        "server", dict(reading.refresh().frames[0].event)
    )
    assert problems == [f"nothing in netra.yaml reads it: {account.reason}"]


def test_a_word_of_the_contract_in_an_unread_frame_is_not_taken_for_it(heard):
    reading = heard(dialect_of("codex"), ("received", {"type": "agent_completed", "response": "no"}))
    assert types(reading) == ["connection_established", UNMATCHED]


def test_completion_may_be_a_change_of_state(heard):
    state = {"kind": "ConversationStateUpdateEvent", "key": "execution_status"}
    when = {"timestamp": "2026-11-22T09:21:25.170950"}
    thought = {"thought": [{"text": "Look."}]}
    call = {"tool_name": "ls", "tool_call_id": "c-1", "source": "agent", **when}
    reading = heard(
        dialect_of("openhands"),
        ("received", {"kind": "ConversationStateUpdateEvent", "key": "full_state", "value": {}, **when}),
        ("received", {**state, "value": "finished", **when}),  # nothing runs yet: no end
        ("sent", {"role": "user", "content": [{"type": "text", "text": "Where is it?"}]}),
        ("received", {**state, "value": "running", "source": "agent", **when}),
        (
            "received",
            {"kind": "ActionEvent", "action": {"cmd": "ls"}, **thought, **call},
        ),
        ("received", {"kind": "ObservationEvent", "observation": {"text": "a"}, **call}),
        ("received", {"kind": "ActionEvent", **call, "tool_name": "finish", "action": {"message": "There."}}),
        ("received", {**state, "value": "finished", **when}),
    )
    assert types(reading) == [
        "connection_established",
        "ack",
        "agent_started",
        "agent_thinking",
        "tool_executing",
        "tool_completed",
        "agent_completed",
    ]
    transcript = reading.refresh()
    assert transcript.received("agent_completed")[0]["response"] == "There."
    assert order.complete_run(transcript, "Ana/1/run-1")


def test_json_rpc_answers_are_told_by_what_they_answer(heard):
    def notice(method: str, **params: object) -> tuple[str, object]:
        return "received", {"method": method, "params": params, "emittedAtMs": 1795339628582}

    asked = {"threadId": "t", "input": [{"type": "text", "text": "Hello"}]}
    reading = heard(
        dialect_of("codex"),
        ("sent", {"jsonrpc": "2.0", "id": 3, "method": "turn/start", "params": asked}),
        ("received", {"id": 3, "result": {"turn": {"id": "turn-1", "status": "inProgress"}}}),
        notice("turn/started", threadId="t", turn={"id": "turn-1"}),
        notice("item/agentMessage/delta", turnId="turn-1", delta="Hello "),
        notice("item/agentMessage/delta", turnId="turn-1", delta="you"),
        notice("turn/completed", threadId="t", turn={"id": "turn-1", "status": "completed"}),
    )
    transcript = reading.refresh()
    assert types(reading) == ["connection_established", "ack", "agent_started", "agent_completed"]
    assert transcript.received("ack")[0].message_id == transcript.sent("chat")[0].message_id
    assert transcript.received("agent_completed")[0]["response"] == "Hello you"
    assert transcript.received("agent_started")[0].timestamp == 1795339628.582


def test_calls_without_ids_are_paired_in_order(heard):
    def said(kind: str, tool: str) -> tuple[str, object]:
        return "received", {
            "type": kind,
            "event": kind,
            "tool_name": tool,
            "user_id": "u-ana",
            "timestamp": 1.1e9,
        }

    reading = heard(
        dialect_of("netra"),
        ("sent", {"type": "chat", "payload": {"content": "Hello"}}),
        (
            "received",
            {"type": "agent_started", "event": "agent_started", "agent_name": "A"},
        ),
        said("tool_executing", "one"),
        said("tool_executing", "two"),
        said("tool_completed", "two"),
        said("tool_completed", "one"),
    )
    assert pairing.every_tool_call_is_answered(reading.refresh())


def test_a_credential_may_be_refused_by_a_frame_and_then_a_close(heard):
    no_token = {"type": "error_message", "error_code": "NO_TOKEN", "error_message": "No JWT token found"}
    reading = heard(dialect_of("netra"), ("received", no_token))
    reading.wire.append(0.1, Direction.RECEIVED, Kind.CLOSE, "SSOT Auth failed", 1008)
    first, second = reading.refresh().frames
    assert (first.type, first.event["status"], first.event["code"]) == (REFUSED, 401, "missing_credential")
    assert second.code == 1008


def test_a_close_alone_may_refuse_too(heard):
    reading = heard(dialect_of("netra"))
    reading.wire.append(0.1, Direction.RECEIVED, Kind.CLOSE, "", 1011)
    assert [frame.type for frame in reading.refresh().frames] == [REFUSED, "<close>"]


def test_an_error_in_a_run_ends_it_and_one_beside_it_does_not(heard):
    broken = {
        "type": "error_message",
        "error_code": "GENERAL_ERROR",
        "error_message": "No",
        "timestamp": 1.1e9,
    }
    began = {"type": "agent_started", "event": "agent_started", "agent_name": "A"}
    reading = heard(dialect_of("netra"), ("received", began), ("received", broken), ("received", broken))
    assert types(reading) == ["ack", "agent_started", "agent_failed", "error"]


def test_the_contract_asks_for_what_a_dialect_says_and_no_more():
    contract = DialectContract(dialect_of("netra"))
    thinking = {"type": "agent_thinking", "run_id": "run-1", "step": 1}
    assert contract.problems("server", {**thinking, "reasoning": "So.", "timestamp": 1.1e9}) == []
    assert contract.problems("server", {**thinking, "timestamp": 1.1e9}) == ["$.reasoning: missing"]
    assert contract.problems("server", {**thinking, "reasoning": "So.", "timestamp": 1.5e12}) != []


def test_what_is_taken_for_granted_is_told():
    granted = dialect_of("netra").taken_for_granted
    assert granted["ack.message_id"] == ("question",)
    assert granted["tool_executing.tool_call_id"] == ("call",)
    assert "tool_executing.tool_name" not in granted
