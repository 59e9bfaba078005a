"""Reading: a connection as it was said, told again in the canonical alphabet.

The reader's path only appends to the connection as it was said. Telling happens when somebody looks, in
whatever thread looks, and goes on from where it stopped.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..frames import DURABLE, Direction, Frame, Kind
from ..transcript import Transcript
from .decoders import TEXT, Decoded, Decoder
from .model import OTHER, Dialect, Refusal, Rule, Said
from .paths import MISSING, get
from .sources import At, FirstOf, Telling
from .speaking import Speaker
from .state import ConnectionState, RunState

UNMATCHED: Final = "<unmatched>"
"""The type of a frame that no rule reads."""
REFUSED: Final = "connection_refused"
"""The type of a frame, or of an end, by which the backend refuses a credential after the upgrade."""
ESTABLISHED: Final = "connection_established"


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one frame as it was said.

    Attributes:
        frame: The frame.
        told: The canonical types that it tells; empty when it tells nothing.
        reason: Why it tells nothing, or why nothing reads it.
        unmatched: Whether nothing reads it.
    """

    frame: Frame
    told: tuple[str, ...] = ()
    reason: str = ""
    unmatched: bool = False


class Reading:
    """One connection, told in the canonical alphabet.

    Args:
        dialect: How the backend speaks.
        wire: The connection as it was said; may still grow.
        speaker: What knows which canonical message a sent text was made of.

    Attributes:
        wire: The connection as it was said.
        accounts: What became of each of its messages so far.
    """

    def __init__(self, dialect: Dialect, wire: Transcript, speaker: Speaker | None = None) -> None:
        self.dialect = dialect
        self.wire = wire
        self.accounts: list[Account] = []
        self.state = ConnectionState(wire.owner, f"{wire.session}/{wire.connection}")
        self._speaker = speaker or Speaker(dialect)
        self._decoder = Decoder(dialect.form)
        self._canonical = Transcript(wire.session, wire.owner, wire.connection)
        self._canonical.wire, self._canonical.told = wire, dialect.told
        self._read = 0
        self._welcomed = self._refused = False
        self._lock = threading.Lock()

    @property
    def ignored(self) -> Counter[str]:
        """How many frames were left out, by reason."""
        return Counter(a.reason for a in self.accounts if a.reason and not a.unmatched)

    @property
    def unmatched(self) -> list[Account]:
        """The frames that nothing reads."""
        return [account for account in self.accounts if account.unmatched]

    def refresh(self) -> Transcript:
        """Tells what has come since the last time.

        Returns:
            The connection in the canonical alphabet; always the same one, which only grows.
        """
        with self._lock:
            canonical, wire = self._canonical, self.wire
            canonical.opened_at, canonical.opened_wall = wire.opened_at, wire.opened_wall
            canonical.truncated = wire.truncated
            if self.dialect.welcome == "upgrade" and not self._welcomed:
                self._welcome()
            while self._read < len(wire.frames):
                frame = wire.frames[self._read]
                self._read += 1
                self._take(frame)
            return canonical

    # -- one frame ----------------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        if frame.kind not in (Kind.TEXT, Kind.BINARY):
            self._end(frame)
        elif frame.received:
            self._received(frame)
        else:
            self._sent(frame)

    def _end(self, frame: Frame) -> None:
        """A control frame, which is the same in every dialect; a close may be a refusal."""
        if frame.kind in (Kind.CLOSE, Kind.DROP) and frame.received and not (self._welcomed or self._refused):
            refusal = next((e.refusal for e in self.dialect.endings if e.close == frame.code), None)
            if refusal is not None and frame.kind is Kind.CLOSE:
                self._refuse(frame, refusal, str(frame.data))
        self._copy(frame)

    def _sent(self, frame: Frame) -> None:
        """What the client sent: the canonical message it was made of, or the one that a template reads."""
        text = frame.data if isinstance(frame.data, str) else ""
        message = self._speaker.meant(text)
        objects = self._decoder.sent(text) if text else []
        if message is None and len(objects) == 1:
            message = self._speaker.read(objects[0])
        if message is None and any(self._speaker.greets(one) for one in objects):
            self._note(frame, reason="part of the greeting")
            return
        if message is None and len(objects) == 1:
            message = self._speaker.read(objects[0], (OTHER,))
        if message is None:
            self._copy(frame)
            self._note(frame, reason="no template of `says` reads it", unmatched=True)
            return
        message.setdefault("message_id", self.state.new_message_id())
        self.state.sent(message)
        self._tell(frame, message)
        self._note(frame, (message["type"],))

    def _received(self, frame: Frame) -> None:
        if not isinstance(frame.data, str):
            self._unmatched(frame, "it is no text")
            return
        told: list[str] = []
        for decoded in self._decoder.received(frame.data):
            rule = self._rule(decoded)
            if rule is None:
                self._unmatched(frame, self._why_not(decoded))
            else:
                told += self._apply(rule, frame, decoded)
        if told:
            self._note(frame, tuple(told))

    def _rule(self, decoded: Decoded) -> Rule | None:
        return next((rule for rule in self.dialect.rules if self._fits(rule, decoded)), None)

    def _fits(self, rule: Rule, decoded: Decoded) -> bool:
        if not rule.when.holds(decoded):
            return False
        if not rule.during:
            return True
        named = get(decoded, rule.of) if rule.of is not None else None
        return (self.state.open_run(named) is not None) == (rule.during == "running")

    def _apply(self, rule: Rule, frame: Frame, decoded: Decoded) -> list[str]:
        """What a rule tells of a frame: types."""
        if rule.remember:
            self._remember(rule, frame, decoded)
        if rule.refuses is not None:
            return self._refusal_frame(rule.refuses, frame, decoded)
        if not rule.events:
            self._note(frame, reason=rule.ignore or "kept for a later frame")
            return []
        for said in rule.events:
            self._tell(frame, self._event(said, frame, decoded))
        return [said.type for said in rule.events]

    def _event(self, said: Said, frame: Frame, decoded: Decoded) -> dict[str, Any]:
        state, fields = self.state, said.fields
        run: RunState | None = None
        if said.type in DURABLE or said.type == "ack":
            run = state.run_of(said.type, self._explicit(said, frame, decoded), frame.at)
        telling = Telling(said.type, decoded, state, run, frame.at, self.wire.wall(frame))
        # What stands in the frame first: what is derived may depend on it.
        for derived in (False, True):
            for name, source in fields.items():
                if bool(source.derived) is derived:
                    value = source.read(name, telling)
                    if value is not MISSING:
                        telling.fields[name] = value
        event = {"type": said.type, **{n: telling.fields[n] for n in fields if n in telling.fields}}
        if run is not None:
            if said.type == "ack":
                state.answer(run, event.get("message_id"))
            state.told(run, event, frame.at)
        elif said.type == "error" and isinstance(event.get("message_id"), str):
            state.take(event["message_id"])
        elif said.type == ESTABLISHED:
            self._welcomed = True
            state.welcome = event
        return event

    def _explicit(self, said: Said, frame: Frame, decoded: Decoded) -> str | None:
        """The run's id, when the frame names it."""
        source = said.fields.get("run_id")
        told = source.sources[0] if isinstance(source, FirstOf) else source
        if not isinstance(told, At):
            return None
        telling = Telling(said.type, decoded, self.state, None, frame.at, 0.0)
        value = told.read("run_id", telling)
        return value if isinstance(value, str) else None

    def _remember(self, rule: Rule, frame: Frame, decoded: Decoded) -> None:
        named = get(decoded, rule.of) if rule.of is not None else None
        run = self.state.open_run(named)
        place = run.remembered if run is not None else self.state.remembered
        telling = Telling("", decoded, self.state, run, frame.at, self.wire.wall(frame))
        for name, kept in rule.remember.items():
            value = kept.source.read(name, telling)
            if value is not MISSING:
                place[name] = f"{place.get(name, '')}{value}" if kept.join else value

    # -- what is told -------------------------------------------------------------------------------

    def _tell(self, frame: Frame, event: Mapping[str, Any]) -> None:
        text = json.dumps(event, ensure_ascii=False)
        told = self._canonical.append(frame.at, frame.direction, Kind.TEXT, text)
        told.source = frame

    def _copy(self, frame: Frame) -> None:
        """The frame itself; a text is marked, so that nobody takes it for a canonical one."""
        if frame.kind is Kind.TEXT and isinstance(frame.data, str):
            self._tell(frame, {"type": UNMATCHED, "text": frame.data})
            return
        copied = self._canonical.append(frame.at, frame.direction, frame.kind, frame.data, frame.code)
        copied.source = frame

    def _unmatched(self, frame: Frame, reason: str) -> None:
        if isinstance(frame.data, str):
            self._tell(frame, {"type": UNMATCHED, "reason": reason, "text": frame.data})
        else:
            self._copy(frame)
        self._note(frame, reason=reason, unmatched=True)

    def _refusal_frame(self, refusal: Refusal, frame: Frame, decoded: Decoded) -> list[str]:
        message = get(decoded, refusal.message) if refusal.message is not None else ""
        if self._welcomed:
            # Nobody is refused who is in: the backend says that a message was not accepted.
            event = {"type": "error", "code": refusal.code, "message": message, "error": message}
            self._tell(frame, event)
            return ["error"]
        self._refuse(frame, refusal, message if isinstance(message, str) else "")
        return [REFUSED]

    def _refuse(self, frame: Frame, refusal: Refusal, message: str) -> None:
        self._refused = True
        self._tell(
            frame, {"type": REFUSED, "status": refusal.status, "code": refusal.code, "message": message}
        )

    def _welcome(self) -> None:
        """The upgrade itself welcomes the client: told as if a frame had."""
        self._welcomed = True
        event: dict[str, Any] = {"type": ESTABLISHED, "timestamp": self.wire.opened_wall}
        if self.wire.owner.user_id:
            event["user_id"] = self.wire.owner.user_id
        text = json.dumps(event)
        self._canonical.append(self.wire.opened_at, Direction.RECEIVED, Kind.TEXT, text)

    # -- the account --------------------------------------------------------------------------------

    def _note(
        self, frame: Frame, told: tuple[str, ...] = (), reason: str = "", *, unmatched: bool = False
    ) -> None:
        self.accounts.append(Account(frame, told, reason, unmatched))

    def _why_not(self, decoded: Decoded) -> str:
        """Why no rule reads it: what the nearest one misses."""
        if set(decoded) == {TEXT}:
            return "it is no JSON object"
        # Of those that fit as well, the one that asks for more says more.
        near = max(
            self.dialect.rules,
            key=lambda rule: (rule.when.fit(decoded), len(rule.when.conditions)),
            default=None,
        )
        if near is None or near.when.fit(decoded) == 0:
            return "no rule of `reads` comes near"
        complaint = near.when.complaint(decoded) or f"a run must be {near.during}"
        return f"nearest is the rule in line {near.line}, but {complaint}"
