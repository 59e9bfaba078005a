"""Transcripts written out by hand, a line for each frame, for tests that compare a whole verdict."""

import json

import pytest
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.transcript import Owner, Transcript

ANA = Owner("Ana", "u_1", "o_1", "enterprise")
STEP = 0.125
"""Seconds from one frame to the next: exact in binary, so that texts show what was meant."""


def scripted(*lines, session="Ana", owner=ANA, connection=1, first=0.0):
    """A transcript of these frames, an eighth of a second apart.

    A line is ``<`` (received) or ``>`` (sent), a type, and fields as ``name=value``; a value is JSON where it
    can be read as such and a text otherwise, without spaces. ``<close:1001``, ``<drop``, ``<ping`` and
    ``<pong`` are frames of the wire; a tuple gives the direction and a text to be taken as it is.
    """
    transcript = Transcript(session, owner, connection, first, 1_790_000_000.0 + first)
    at = first
    for line in lines:
        at += STEP
        if isinstance(line, tuple):
            direction, text = line
            kind = Kind.TEXT if isinstance(text, str) else Kind.BINARY
            transcript.append(at, _direction(direction), kind, text)
            continue
        way, *fields = line.split()
        if fields and "=" not in fields[0]:
            event = {"type": fields[0], **dict(_field(field) for field in fields[1:])}
            transcript.append(at, _direction(way), Kind.TEXT, json.dumps(event))
        else:
            name, _, code = way[1:].partition(":")
            transcript.append(at, _direction(way[0]), Kind(name), "", int(code) if code else None)
    return transcript


def told(verdict, *lines):
    """Asserts what a verdict says, line by line; the offending frames and those beside them included."""
    assert verdict.text().splitlines() == [*lines]


def _direction(way):
    return Direction.SENT if way == ">" else Direction.RECEIVED


def _field(text):
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def greeted(last_seq=0):
    """The line of a first frame with this watershed."""
    return f"< connection_established user_id=u_1 last_seq={last_seq}"


STARTED = "< agent_started run_id=r_1 seq=1"
THOUGHT = "< agent_thinking run_id=r_1 seq=2 step=1"
CALLED = "< tool_executing run_id=r_1 seq=3 tool_call_id=c_1 tool_name=query"
ANSWERED = "< tool_completed run_id=r_1 seq=4 tool_call_id=c_1 tool_name=query"
ENDED = "< agent_completed run_id=r_1 seq=5"
RUN = (STARTED, THOUGHT, CALLED, ANSWERED, ENDED)
"""A whole run, as its five kinds of events."""
ASKED = ("> chat message_id=q_1", "< ack message_id=q_1 run_id=r_1 thread_id=t_1")
"""A question and its ack."""


def undecided(verdict, story):
    """Asserts that a verdict says neither yes nor no, and why."""
    assert not verdict
    assert not verdict.broken
    assert verdict.story == story


def stories(*cases):
    """Parametrizes a test with what it is called, how it is judged, and the lines that the verdict says."""
    return pytest.mark.parametrize(
        ("judge", "lines"), [case[1:] for case in cases], ids=[case[0] for case in cases]
    )
