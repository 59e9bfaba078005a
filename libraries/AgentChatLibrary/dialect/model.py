"""A dialect, read and checked: the values that reading, saying and connecting rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, Final, Literal

from .conditions import When
from .decoders import Form
from .paths import Path
from .sources import Source

INTENTS: Final = ("chat", "user_message", "ping", "resume", "cancel", "refresh_token")
"""What a client may mean to send: the client frames of the contract."""
OTHER: Final = "other"
"""What a client may send beside: a message of a type that nobody knows."""
NEEDED_TO_SAY: Final[Mapping[str, str]] = {"ping": "ping", "resume": "resume", "cancel": "cancel"}
"""The capability that an intent belongs to."""

Got = Literal["minted", "login", "key", "given"]
Welcome = Literal["frame", "upgrade"]


@dataclass(frozen=True, slots=True)
class Said:
    """How one canonical event is told by a rule.

    Attributes:
        type: The event's canonical type.
        fields: For each canonical field that the backend says, where it comes from.
        optional: The fields that need not be there.
    """

    type: str
    fields: Mapping[str, Source]
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that a rule keeps for later frames.

    Attributes:
        source: Where it comes from.
        join: Whether it is appended to what was kept before, as pieces of a text are.
    """

    source: Source
    join: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a rule reads a refused credential.

    Attributes:
        status: The HTTP status that the contract would have refused with.
        code: The contract's code; a source when the frame tells it; empty when it tells none.
        message: Where the backend's reason stands.
    """

    status: int
    code: str = ""
    message: Path | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """How one shape of frame is read.

    Attributes:
        line: Where it stands in the file.
        when: What must stand in the frame.
        during: Whether a run must be open (``running``) or none (``idle``); empty when it does not matter.
        of: Where the frame names the run that it concerns, for ``during`` and ``remember``.
        events: What it tells, in order.
        ignore: Why it tells nothing; empty when it tells something.
        refuses: The refusal that it is.
        remember: What it keeps for later frames, by name.
    """

    line: int
    when: When
    during: str = ""
    of: Path | None = None
    events: tuple[Said, ...] = ()
    ignore: str = ""
    refuses: Refusal | None = None
    remember: Mapping[str, Kept] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an end of the connection before any welcome, or an HTTP answer, is read as a refusal.

    Attributes:
        http: The HTTP status; None for a close.
        close: The close code; None for an HTTP answer.
        when: What must stand in the HTTP answer's JSON body.
        refusal: The refusal that it is.
    """

    http: int | None
    close: int | None
    when: When
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the greeting, after the upgrade.

    Attributes:
        say: What the client sends; None when it waits.
        expect: What it waits for; None when it sends.
        remember: What it keeps of the frame that came, by name.
        credential: Whether it carries the credential, and is left out when none is presented.
    """

    say: Any = None
    expect: When | None = None
    remember: Mapping[str, Path] = field(default_factory=dict)
    credential: bool = False


@dataclass(frozen=True, slots=True)
class Carriers:
    """How a credential travels. The first one that is set is the usual one, in the order of the file.

    Attributes:
        usual: The name of the usual one.
        header: The header's name and what it says, with a place for ``$token``.
        subprotocols: The subprotocols that are offered; one of them has a place for the token.
        query: The name of the query parameter.
        greeting: The steps that carry it after the upgrade: a first message, or the answer to a challenge.
    """

    usual: str = ""
    header: tuple[str, str] | None = None
    subprotocols: tuple[str, ...] = ()
    query: str = ""
    greeting: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class LoginStep:
    """One HTTP request on the way to a credential.

    Attributes:
        method: The HTTP method.
        path: Below the backend's address, or a whole address; may have places.
        body: Sent as JSON; may have places.
        form: Whether the body is sent as a form instead.
        accept: The HTTP statuses that are fine.
        keep: What of the answer is kept, by name; ``token`` is the credential, ``user_id`` names the person.
    """

    method: str
    path: str
    body: Any
    form: bool
    accept: tuple[int, ...]
    keep: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Credential:
    """How a credential is got.

    Attributes:
        got: Minted here, by logging in, one API key for all, or given.
        claims: The claims of a minted token; may have places.
        algorithm: The JWS algorithm of a minted token.
        lifetime: Seconds from ``iat`` to ``exp`` of a minted token.
        steps: The requests of a login.
    """

    got: Got = "minted"
    claims: Mapping[str, Any] | None = None
    algorithm: str = "HS256"
    lifetime: int = 900
    steps: tuple[LoginStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a backend speaks.

    Attributes:
        name: The backend's name, for people.
        file: Where it was read from.
        about: One or two sentences about the backend.
        canonical: Whether it speaks the contract itself: nothing is translated.
        form: How it writes its messages.
        path: Where its WebSocket is, below its address; may have places.
        health: Where it can be asked whether it is alive; empty when any answer will do.
        headers: Headers of every handshake; may have places.
        carriers: How a credential travels.
        greeting: Steps after the upgrade that carry no credential.
        nudge: What is sent when no credential was presented and the backend waits; None when it does not.
        welcome: Whether a frame welcomes the client, or the upgrade itself does.
        endings: How HTTP answers and early ends are read as refusals.
        credential: How a credential is got.
        user_ids: What the ids of new people look like: ``uuid``, or words with ``$random`` in them.
        rules: How received frames are read; the first that fits counts.
        says: The templates of each intent; the first is said, all are read.
    """

    name: str
    file: File
    about: str = ""
    canonical: bool = False
    form: Form = Form.JSON
    path: str = "/ws"
    health: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    carriers: Carriers = Carriers()
    greeting: tuple[Step, ...] = ()
    nudge: Any = None
    welcome: Welcome = "frame"
    endings: tuple[Ended, ...] = ()
    credential: Credential = Credential()
    user_ids: str = "uuid"
    rules: tuple[Rule, ...] = ()
    says: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def taken_for_granted(self) -> dict[str, tuple[str, ...]]:
        """The fields that the backend never says, and that are derived: by field, from what.

        A rule that judges by one of them judges the order of things and not the backend's word.
        """
        found: dict[str, set[str]] = {}
        for rule in self.rules:
            for said in rule.events:
                for name, source in said.fields.items():
                    if source.derived:
                        found.setdefault(f"{said.type}.{name}", set()).add(source.derived)
        return {name: tuple(sorted(sources)) for name, sources in sorted(found.items())}

    @property
    def told(self) -> frozenset[str]:
        """The canonical types that some rule tells."""
        return frozenset(said.type for rule in self.rules for said in rule.events)
