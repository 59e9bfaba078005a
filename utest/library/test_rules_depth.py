"""Values that could be read, but are nested too deep to be written again where a rule meets them."""

import json
import sys

from AgentChatLibrary.rules import replies, secrets, story
from scripted import greeted, scripted

PASSWORD = "correct-horse-battery"
LEVELS = sys.getrecursionlimit() - 250
"""Few enough to be read here, at the top of the stack; too many further down."""
DEEP = "[" * LEVELS + "]" * LEVELS


def further_down(work, calls=400):
    """Calls ``work`` with so many calls around it that JSON of that depth can no longer be written."""
    return work() if not calls else further_down(work, calls - 1)


def read(*lines):
    """A transcript whose frames have been read already, as they are where they arrive."""
    transcript = scripted(greeted(), *lines)
    assert all(frame.event is not None for frame in transcript.frames)
    return transcript


def too_deep():
    value = json.loads(DEEP)
    try:
        further_down(lambda: json.dumps(value))
    except RecursionError:
        return True
    return False


def test_a_value_that_is_too_deep_is_named_by_its_kind():
    value = json.loads(DEEP)
    told = further_down(lambda: story.shown(value))
    assert told == ("list" if too_deep() else "[" * 39 + "…")


def test_a_pong_that_is_too_deep_answers_no_ping():
    ping, pong = (
        ("<>"[kind == "ping"], f'{{"type": "{kind}", "data": {DEEP}}}') for kind in ("ping", "pong")
    )
    transcript = read(ping, pong)
    assert further_down(lambda: replies.pongs_answer_pings(transcript)).broken == too_deep()


def test_a_pong_quotes_no_ping_when_either_is_too_deep():
    ping = (">", f'{{"type": "ping", "data": {DEEP}}}')
    other = ("<", f'{{"type": "pong", "data": [{DEEP}, "{PASSWORD}"]}}')
    transcript = read(ping, other)
    assert further_down(lambda: secrets.holds_no_secret(transcript, [PASSWORD])).broken


def test_a_pong_that_is_too_deep_beside_what_it_quotes_is_looked_at_as_a_whole():
    ping = (">", f'{{"type": "ping", "data": "{PASSWORD}"}}')
    pong = ("<", f'{{"type": "pong", "data": "{PASSWORD}", "more": {DEEP}}}')
    transcript = read(ping, pong)
    assert further_down(lambda: secrets.holds_no_secret(transcript, [PASSWORD])).broken == too_deep()
