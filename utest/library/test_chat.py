"""A session in use: its marks count on their own connection, and it is connected anew when it has ended."""

from __future__ import annotations

import pytest
from AgentChatLibrary.chat import Unexpected
from AgentChatLibrary.keywords.misusing import Misusing
from AgentChatLibrary.keywords.promises import BrokenPromise
from AgentChatLibrary.keywords.receiving import Receiving
from AgentChatLibrary.keywords.sessions import Sessions
from AgentChatLibrary.keywords.several import Several
from AgentChatLibrary.keywords.types import FrameType
from AgentChatLibrary.keywords.waiting import Waiting
from AgentChatLibrary.world import NameTaken
from talking import chat_of, connect


def test_what_came_since_a_mark_is_judged(kit):
    chat, receiving = chat_of(kit), Receiving(kit)
    receiving.mark("Ana")
    chat.send("ping")
    receiving.should_have_received_since_mark("Ana", "pong")
    with pytest.raises(BrokenPromise, match="should have received nothing; what came was pong"):
        receiving.should_have_received_since_mark("Ana")


@pytest.mark.parametrize("more", [0, 8])
def test_a_mark_does_not_outlive_its_connection(kit, more):
    chat, receiving = chat_of(kit), Receiving(kit)
    for _ in range(more):  # so that the mark lies beyond all that the next connection receives
        chat.ping()
    receiving.mark("Ana")
    chat.session.close()
    connect(kit, chat)
    for act in (
        lambda: receiving.should_have_received_since_mark("Ana"),
        lambda: Misusing(kit).next_reply_should_be("Ana", "pong"),
        lambda: Waiting(kit).wait_for_frame_since_mark("Ana", FrameType("pong")),
    ):
        with pytest.raises(Unexpected, match=r"^Ana has been connected anew since `Mark`.*: `Mark    Ana`"):
            act()
    receiving.mark("Ana")
    receiving.should_have_received_since_mark("Ana")


def test_what_was_never_marked_counts_from_the_beginning_of_the_connection(kit):
    chat = chat_of(kit)
    Receiving(kit).should_have_received_since_mark("Ana", "connection_established")
    chat.session.close()
    connect(kit, chat)
    Receiving(kit).should_have_received_since_mark("Ana", "connection_established")


def test_a_moment_is_told_with_the_keyword_that_noted_it(kit):
    chat = chat_of(kit)
    moment = chat.now()
    assert chat.since(moment, "Read Off Counters") == 1
    chat.session.close()
    connect(kit, chat)
    with pytest.raises(Unexpected, match=r"since `Read Off Counters`.*: `Read Off Counters    Ana`"):
        chat.since(moment, "Read Off Counters")


def test_a_session_that_is_connected_is_not_reopened(kit):
    chat, sessions = chat_of(kit), Sessions(kit)
    for reopen in (
        lambda: sessions.reopen_session("Ana"),
        lambda: Several(kit, sessions).reopen_session_at_process("Ana", 1),
    ):
        with pytest.raises(
            NameTaken, match=r"^Ana is connected already.*first: `Close Session    Ana`, then"
        ):
            reopen()
    assert len(chat.session.transcripts) == 1
    chat.session.close()
    sessions.reopen_session("Ana")
    assert len(chat.session.transcripts) == 2
    sessions.reopen_session_if_it_has_ended("Ana")
    assert len(chat.session.transcripts) == 2
    chat.session.close()


def test_only_what_was_asked_on_this_connection_can_have_been_seen_on_it(kit):
    chat = chat_of(kit)
    chat.ask("What did we spend in total?")
    assert [question.content for question in chat.asked_here()] == ["What did we spend in total?"]
    chat.session.close()
    connect(kit, chat)
    with pytest.raises(Unexpected, match="Ana has asked nothing since it came back"):
        chat.asked_here()
    chat.ask("Which resources are idle?")
    assert [question.content for question in chat.asked_here()] == ["Which resources are idle?"]
