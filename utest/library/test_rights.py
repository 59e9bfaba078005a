"""What counts as allowed, and what as forbidden: everything else is told as what it is."""

from __future__ import annotations

import pytest
from AgentChatLibrary.chat import Unexpected
from AgentChatLibrary.keywords.rights import Rights
from talking import answer, chat_of, kit_of, run_of

CODES = ("internal", "unavailable", "rate_limited", "invalid_message", "too_many_runs")


def declined(code):
    return lambda line, asked: line.say("error", message_id=asked["message_id"], code=code)


def tried(talker, kind, script):
    """Whether an operation was allowed that was answered in this way."""
    talker.scripts[kind] = script
    kit = kit_of(talker)
    chat = chat_of(kit)
    try:
        return Rights(kit)._try(chat, kind, {})
    finally:
        chat.session.close()


@pytest.mark.parametrize("kind", ["chat", "cancel", "resume"])
def test_forbidden_is_forbidden(talker, kind):
    assert tried(talker, kind, declined("forbidden")) is False


def test_a_question_that_is_answered_was_allowed(talker):
    assert tried(talker, "chat", answer) is True


def test_a_replay_was_allowed(talker):
    assert (
        tried(talker, "resume", lambda line, sent: line.say("resumed", message_id=sent["message_id"])) is True
    )


def test_a_run_that_is_not_found_could_have_been_cancelled(talker):
    assert tried(talker, "cancel", declined("not_found")) is True


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["chat", "cancel", "resume"])
def test_any_other_error_is_neither(talker, kind, code):
    with pytest.raises(
        Unexpected, match=rf"Ana's {kind} should be done or be forbidden; .* the error {code}"
    ):
        tried(talker, kind, declined(code))


def test_a_question_is_not_lost_by_being_allowed(talker):
    with pytest.raises(Unexpected, match="what came was the error not_found"):
        tried(talker, "chat", declined("not_found"))


@pytest.mark.parametrize("code", ["forbidden", "internal"])
def test_a_question_that_is_accepted_and_fails_was_not_done(talker, code):
    def fails(line, asked):
        line.say("ack", message_id=asked["message_id"], run_id=run_of(asked))
        line.say("agent_failed", seq=1, run_id=run_of(asked), code=code)

    with pytest.raises(Unexpected, match=f"what came was a run that failed with {code}"):
        tried(talker, "chat", fails)
