"""Waiting for a tool that is at work, against a server that says what it is told to."""

from __future__ import annotations

import pytest
from AgentChatLibrary.chat import Unexpected
from AgentChatLibrary.keywords.waiting import Waiting
from AgentChatLibrary.rules.timing import CUT_OFF_SECONDS
from talking import chat_of, run_of


def working(line, asked):
    """Accepts a question, and begins to work on it."""
    line.say("ack", message_id=asked["message_id"], run_id=run_of(asked))
    line.say("tool_executing", seq=1, run_id=run_of(asked))


def finished(line, asked):
    working(line, asked)
    line.say("tool_completed", seq=2, run_id=run_of(asked))


def test_a_tool_goes_on_for_as_long_as_its_duration_needs(talker, kit):
    talker.scripts["chat"] = working
    chat = chat_of(kit)
    chat.ask("Which resources are idle?")
    pings = Waiting(kit).let_tool_call_go_on("Ana")
    pongs = chat.transcript.received("pong")
    (began,) = chat.transcript.received("tool_executing")
    assert len(pongs) >= pings > 0
    assert pongs[-1].at > began.at + CUT_OFF_SECONDS
    chat.session.close()


def test_a_tool_that_has_finished_meanwhile_was_not_held(talker, kit):
    talker.scripts["chat"] = finished
    chat = chat_of(kit)
    chat.ask("Which resources are idle?")
    with pytest.raises(Unexpected, match=r"^Ana's tool has finished before it had been at work for long"):
        Waiting(kit).let_tool_call_go_on("Ana")
    chat.session.close()
