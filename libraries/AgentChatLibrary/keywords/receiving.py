"""What a session has received: these frames, so many, and no others."""

from __future__ import annotations

import re

from robot.api.deco import keyword

from ..frames import Event
from ..kit import Kit
from .promises import BrokenPromise
from .types import FrameType


class Receiving:
    """Keywords about the frames that a session has received."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Judging", "Absence"))
    def should_have_received_only(self, session: str, *types: FrameType) -> None:
        """Checks that a session has received frames of these types alone, until a ping was answered just now.

        Args:
            session: Alias of the session.
            types: The only types of frame that may have come.

        Raises:
            BrokenPromise: Something else came.

        Example:
        | Send Message              | Ana | resume                 | after_seq=${0} |
        | Wait For Frame            | Ana | resumed |
        | Should Have Received Only | Ana | connection_established | resumed |
        """
        chat = self.kit.world.chat(session)
        chat.settle()
        strange = [e for e in chat.transcript.received() if e.type not in {*types, "pong"}]
        if strange:
            raise BrokenPromise(f"{session} also received {', '.join(sorted({e.type for e in strange}))}.")

    @keyword(tags=("Judging",))
    def should_have_received_every_kind_of_frame(self, session: str) -> None:
        """Checks that every server frame of the contract has come on a session's current connection.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: Some have not.

        Example:
        | Run Keyword And Expect Error | *agent_failed* | Should Have Received Every Kind Of Frame | Ana |
        """
        seen = {e.type for e in self.kit.world.chat(session).transcript.received()}
        absent = sorted(set(self.kit.contract.event_types) - seen)
        if absent:
            raise BrokenPromise(f"{session} has never received {', '.join(absent)}.")

    @keyword(tags=("Judging",))
    def number_of_frames_should_be(self, session: str, type: FrameType, count: int) -> tuple[Event, ...]:  # noqa: A002
        """Checks how many frames of a type a session has received on its connection so far.

        Args:
            session: Alias of the session.
            type: The frames' type.
            count: Expected number of frames.

        Returns:
            The frames.

        Raises:
            BrokenPromise: It is another number.

        Example:
        | Number Of Frames Should Be | Ana | connection_established | 1 |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        found = chat.transcript.received(type)
        if len(found) != count:
            raise BrokenPromise(f"{session} has received {len(found)} frames {type}, expected {count}.")
        return found

    @keyword(tags=("Judging", "Absence"))
    def mark(self, *sessions: str) -> None:
        """Notes what these sessions have received so far; see `Should Have Received Since Mark`.

        Args:
            sessions: Aliases of the sessions.

        Example:
        | Mark                            | Ana |
        | Send Message                    | Ana | ping |
        | Should Have Received Since Mark | Ana | pong |
        """
        for alias in sessions:
            chat = self.kit.world.chat(alias)
            chat.fence()
            chat.marked = chat.now()

    @keyword(tags=("Judging", "Absence"))
    def should_have_received_since_mark(self, session: str, *types: str) -> None:
        """Checks that exactly these frames came since the last `Mark`, in this order, until just now.

        Args:
            session: Alias of the session.
            types: The types of the frames; one that may come more often ends in ``+``, one that need not come
                in ``*``.

        Raises:
            BrokenPromise: Something else came, or something is missing.
            Unexpected: The session has been connected anew since the mark.

        Example:
        | Mark                            | Ana |
        | Send Message                    | Ana | ping |
        | Should Have Received Since Mark | Ana | pong |
        """
        chat = self.kit.world.chat(session)
        start = chat.since(chat.marked)
        pong = chat.fence()
        asides = {*([pong.message_id] if pong is not None else []), *chat.waits.pings}
        came = [e.type for e in chat.transcript.received(start=start) if e.message_id not in asides]
        pattern = "".join(f"(?:{t.rstrip('+*')} ){t[-1] if t[-1] in '+*' else ''}" for t in types)
        if not re.fullmatch(pattern, "".join(f"{t} " for t in came)):
            expected = ", ".join(types) or "nothing"
            raise BrokenPromise(
                f"{session} should have received {expected}; what came was {', '.join(came) or 'nothing'}."
            )
