"""Looking: everything that is found out about a backend, one question after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from AgentChatLibrary.contract import Contract
from AgentChatLibrary.dialect.decoders import Form
from AgentChatLibrary.frames import Frame, Kind
from AgentChatLibrary.service import Service
from AgentChatLibrary.transcript import Transcript

from ..console import Stop, say
from ..project import VARIABLES
from . import asking, knocking
from .asking import Answered
from .drafting import Seen
from .knocking import OPEN, UNAUTHORISED, Attempt, Way
from .patterns import Pattern, decoded, form_of, patterns
from .roles import WELCOMES, assign

AUTH_WORDS: Final = re.compile(r"auth|token|credential|signature|jwt|api.?key", re.IGNORECASE)
"""What a complaint about a credential speaks of."""
WRONG: Final = "not-the-credential"
QUESTION: Final = "Where can we cut our cloud bill?"
SHOWN_BODY: Final = 160


@dataclass(slots=True)
class Probe:
    """What a probe was told to do.

    Attributes:
        url: The WebSocket's address.
        service: The backend's HTTP side.
        token: The credential; empty when there is none.
        question: What is asked.
        template: How a question is said, if the user knows.
        values: Values for places in templates.
        quiet: How long nothing must come, in seconds.
        longest: The longest wait for an answer in seconds.
        transcripts: Every connection that was made.
    """

    url: str
    service: Service
    token: str
    question: str = QUESTION
    template: Mapping[str, Any] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    quiet: float = 3.0
    longest: float = 60.0
    transcripts: list[Transcript] = field(default_factory=list)

    def knock(self, way: Way | None, token: str | None = None) -> Attempt:
        """Connects once and keeps what was said."""
        attempt = knocking.knock(self.url, way, self.token if token is None else token, self.quiet / 3)
        if attempt.transcript is not None:
            self.transcripts.append(attempt.transcript)
        return attempt


def look(probe: Probe, seen: Seen) -> Answered:
    """Finds out what there is to find out.

    Args:
        probe: What to look at, and how.
        seen: Gets what was found.

    Returns:
        The question that was answered.

    Raises:
        Stop: It is no WebSocket, the credential is refused, or no question was answered.
    """
    say("Connecting without a credential ...")
    stranger = probe.knock(None)
    _stop_when_no_websocket(probe, stranger)
    way = _way(probe, stranger)
    seen.way = way
    if way is None:
        seen.doubts.append("Whether a credential is looked at: one without it was let in just as well.")
    say(f"Connected: {'no credential is needed' if way is None else f'the credential travels as {way.name}'}")
    answered = _ask(probe, way)
    _hear(seen, stranger, answered)
    _ping(probe, seen, answered)
    _refusals(probe, seen, stranger)
    _wrongs(probe, seen)
    return answered


def is_canonical(transcripts: Sequence[Transcript]) -> bool:
    """Whether everything that came is as the contract has it, and anything came."""
    contract, count = Contract(), 0
    for transcript in transcripts:
        for frame in transcript.frames:
            if frame.received and frame.kind is Kind.TEXT:
                count += 1
                if frame.event is None or contract.problems("server", frame.event.fields):
                    return False
    return count > 0


# -- connecting -----------------------------------------------------------------------------------------


def _stop_when_no_websocket(probe: Probe, stranger: Attempt) -> None:
    if stranger.status == 0:
        raise Stop(f"Nothing at {probe.url} speaks WebSocket: {stranger.body}.")
    if stranger.status not in (OPEN, *UNAUTHORISED):
        raise Stop(
            f"{probe.url} is no WebSocket: a request to upgrade was answered with HTTP {stranger.status} "
            f"{stranger.body[:SHOWN_BODY]!r}. Give the whole address that clients connect to."
        )


def _way(probe: Probe, stranger: Attempt) -> Way | None:
    """How the credential travels; None when none is looked at."""
    if not probe.token:
        if stranger.is_open and not stranger.complains:
            return None
        raise Stop(
            f"{probe.url} asks for a credential. Put one into the environment variable AGENT_CHAT_CREDENTIAL."
        )
    last, told_off = stranger, False
    for way in knocking.ways():
        attempt = probe.knock(way)
        if knocking.lets_in(attempt, stranger):
            return way
        last = attempt if attempt.status != OPEN or attempt.complains else last
        told_off = told_off or any(AUTH_WORDS.search(str(frame.data)) for frame in attempt.complaints)
        if attempt.session is not None:
            attempt.session.close()
    if stranger.is_open and not stranger.complains and not told_off:
        return None
    said = [str(frame.data)[:SHOWN_BODY] for frame in last.received if knocking.complains(str(frame.data))]
    told = said[-1] if said else f"HTTP {last.status} {last.body[:SHOWN_BODY]}"
    raise Stop(
        f"The credential in AGENT_CHAT_CREDENTIAL is refused, whichever way it travels. It was told: {told}"
    )


# -- asking ---------------------------------------------------------------------------------------------


def _ask(probe: Probe, way: Way | None) -> Answered:
    best: Answered | None = None
    for template in asking.candidates(probe.template, VARIABLES):
        values = asking.find_values(template, probe.service, probe.token, probe.values)
        attempt = probe.knock(way)
        if attempt.session is None or not attempt.is_open:
            continue
        say(f"Asking as {json.dumps(template)[:100]} ...")
        answered = asking.ask(attempt.session, template, values, probe.question, probe.quiet, probe.longest)
        if answered is not None and answered.good:
            return answered
        attempt.session.close()
        if answered is not None and (best is None or len(answered.came) > len(best.came)):
            best = answered
    came = [str(frame.data)[:SHOWN_BODY] for frame in best.came] if best is not None else []
    told = f" The most that came was: {came[-1]}" if came else " Nothing came at all."
    raise Stop(
        "No question was answered." + told + " Say how a question is sent with --ask, for example "
        '--ask \'{"type": "ask", "text": "$content"}\'.'
    )


def _hear(seen: Seen, stranger: Attempt, answered: Answered) -> None:
    """Sorts what came into kinds, and the kinds into roles."""
    frames = [f for f in answered.session.transcript.frames if f.kind is Kind.TEXT]
    received = [f for f in frames if f.received]
    seen.form = form_of(received)
    before = [f for f in frames if f.index < answered.asked.index]
    seen.kinds = patterns(decoded(frames[len(before) :], seen.form), seen.form)
    seen.roles = assign(seen.kinds)
    seen.question = answered.template
    greeting = patterns(decoded([f for f in before if f.received], seen.form), seen.form)
    said_to_strangers = set(knocking.kinds(stranger)) if stranger.is_open else set()
    new = [p for p in greeting if any(_rough(m) not in said_to_strangers for m in p.messages)]
    named = [p for p in new if _user(p)]
    welcoming = [p for p in new if p.words & WELCOMES]
    seen.welcome = next(iter(named or welcoming or new or greeting), None)
    if seen.welcome is not None and len(seen.welcome.messages) > 1:
        named_first = sorted(seen.welcome.messages, key=lambda m: not _user(Pattern({}, [m])))
        seen.welcome.messages[:] = named_first
    seen.welcome_user = _user(seen.welcome) if seen.welcome is not None else ""
    seen.before = [p for p in greeting if p is not seen.welcome]
    if seen.welcome is not None and seen.welcome_user and len(seen.welcome.messages) > 1:
        seen.before.append(Pattern(dict(seen.welcome.when), seen.welcome.messages))


def _rough(message: Mapping[str, Any]) -> str:
    return knocking.kind_of(json.dumps(message))


def _user(pattern: Pattern) -> str:
    """Where a kind of message names the person; empty when nowhere."""
    names = ("user_id", "userId", "data.user_id", "user.id", "payload.user_id", "user")
    told = [Pattern({}, [message]).values for message in pattern.messages]
    return next((n for n in names if any(isinstance(values.get(n), str) for values in told)), "")


def _ping(probe: Probe, seen: Seen, answered: Answered) -> None:
    found = asking.find_ping(answered.session, probe.quiet / 3)
    if found is None:
        seen.doubts.append("Whether there is a ping: none of those that were tried was answered.")
        return
    template, pong = found
    seen.ping = template
    seen.pong = next(iter(patterns(decoded([pong], seen.form), seen.form)), None)


# -- refusals and errors ----------------------------------------------------------------------------------


def _refusals(probe: Probe, seen: Seen, stranger: Attempt) -> None:
    """How a stranger is refused: with a wrong credential, and without any."""
    if seen.way is None:
        return
    wrong = probe.knock(seen.way, WRONG)
    _note_refusal(seen, wrong, "invalid_token")
    if stranger.is_open and not stranger.complains and stranger.session is not None:
        nudge = (
            {"action": "ping"} if not seen.ping else {k: v for k, v in seen.ping.items() if "$" not in str(v)}
        )
        told = asking.provoke(stranger.session, json.dumps(nudge), probe.quiet / 3)
        if told is not None:
            seen.nudge = nudge
            _note_frames(seen, [told], "missing_credential")
        else:
            seen.doubts.append("How a stranger is refused: the backend waits without a word.")
    else:
        _note_refusal(seen, stranger, "missing_credential")
    if not seen.refusals:
        seen.doubts.append("How a wrong credential is refused: nothing was said.")


def _note_refusal(seen: Seen, attempt: Attempt, code: str) -> None:
    if attempt.status != OPEN:
        if not any(kind == "http" and what == attempt.status for kind, what, _ in seen.refusals):
            seen.refusals.append(("http", attempt.status, ""))
        return
    _note_frames(seen, [f for f in attempt.received if knocking.complains(str(f.data))], code)
    end = attempt.transcript.end if attempt.transcript is not None else None
    codes = [what for kind, what, _ in seen.refusals if kind == "close"]
    closed = end is not None and end.kind is Kind.CLOSE and end.received
    if closed and end is not None and end.code not in (None, *codes):
        seen.refusals.append(("close", end.code, ""))


def _note_frames(seen: Seen, frames: Sequence[Frame], code: str) -> None:
    known = [what.when for kind, what, _ in seen.refusals if kind == "frame"]
    for pattern in patterns(decoded(frames, Form.JSON), Form.JSON):
        if pattern.when not in known:
            seen.refusals.append(("frame", pattern, code))


def _wrongs(probe: Probe, seen: Seen) -> None:
    """How wrong messages are declined."""
    known = [what.when for kind, what, _ in seen.refusals if kind == "frame"]
    for text, code, what in (
        (json.dumps({"type": "dance", "action": "dance"}), "unknown_type", "a message of an unknown type"),
        ('{"type":', "invalid_json", "broken JSON"),
    ):
        attempt = probe.knock(seen.way)
        if attempt.session is None:
            continue
        told = asking.provoke(attempt.session, text, probe.quiet / 3)
        if told is None:
            ended = "the connection ended" if not attempt.is_open else "nothing came"
            seen.doubts.append(f"How {what} is declined: {ended}.")
        else:
            found = next(iter(patterns(decoded([told], seen.form), seen.form)))
            if found.when not in known:
                known.append(found.when)
                seen.errors.append((found, code))
        attempt.session.close()
