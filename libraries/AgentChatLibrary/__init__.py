"""Keywords for acceptance tests of agent chat over authenticated WebSockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from robot.api.deco import library
from robotlibcore import DynamicCore

from . import version
from .advice import Advising
from .ambient import AmbientListener
from .cleaning import Cleaning
from .evidence import of_problem
from .keywords.arriving import Arriving
from .keywords.asking import Asking
from .keywords.bursts import Bursts
from .keywords.content import Content
from .keywords.counters import Counters
from .keywords.credentials import Credentials
from .keywords.crowds import Crowds
from .keywords.doors import Doors
from .keywords.expiring import Expiring
from .keywords.failing import Failing
from .keywords.health import Health
from .keywords.history import History
from .keywords.inside import Inside
from .keywords.judging import Judging
from .keywords.large_crowds import LargeCrowds
from .keywords.limits import Limits
from .keywords.logins import Logins
from .keywords.logs import Logs
from .keywords.measuring import Measuring
from .keywords.misusing import Misusing
from .keywords.network import Network
from .keywords.operations import Operations
from .keywords.outages import Outages
from .keywords.people import People
from .keywords.processes import Processes
from .keywords.receiving import Receiving
from .keywords.refused_logins import RefusedLogins
from .keywords.refusing import Refusing
from .keywords.returning import Returning
from .keywords.rights import Rights
from .keywords.sessions import Sessions
from .keywords.several import Several
from .keywords.side_by_side import SideBySide
from .keywords.staying import Staying
from .keywords.stored import Stored
from .keywords.throttling import Throttling
from .keywords.transcripts import Transcripts
from .keywords.waiting import Waiting
from .keywords.web import Web
from .kit import Kit


@library(scope="GLOBAL", version=version.current(), doc_format="ROBOT")
class AgentChatLibrary(DynamicCore):  # type: ignore[misc]  # the base is untyped
    """Opens authenticated chat sessions for named people, asks, waits, and judges what came.

    A *person* belongs to an *organisation* and has *sessions*, one for each device. A session records every
    frame it sends and receives; each connection makes one *transcript*. *Rules* judge transcripts. At the end
    of every test all of its sessions are judged, whatever the test itself looked at: a failure found that way
    begins with ``Ambient:``.

    The *environment* says where the backend is and what it can do. It is a file in ``variables/``; the
    environment variable ``AGENT_CHAT_ENV`` names it, ``embedded`` is the default.
    """

    def __init__(self, variables: Path | None = None) -> None:
        """Prepares the keywords; nothing is started before it is needed.

        Args:
            variables: The folder of environment files; the project's own when omitted.
        """
        self.kit = Kit(variables)
        self._listener = AmbientListener(self.kit)
        self.ROBOT_LIBRARY_LISTENER = [self._listener, Cleaning(), Advising()]
        kit = self.kit
        people, judging, content = People(kit), Judging(kit), Content(kit)
        crowds = Crowds(kit, people)
        sessions, operations, refusing = Sessions(kit), Operations(kit), Refusing(kit)
        super().__init__(
            [
                people,
                Credentials(kit),
                sessions,
                refusing,
                Asking(kit),
                Misusing(kit),
                Waiting(kit),
                judging,
                Receiving(kit),
                Inside(kit),
                content,
                Bursts(kit, judging, content),
                crowds,
                LargeCrowds(kit, people),
                Staying(kit, crowds, operations),
                Arriving(kit),
                Measuring(kit),
                Rights(kit),
                Throttling(kit),
                Expiring(kit),
                RefusedLogins(kit),
                Limits(kit, sessions),
                SideBySide(kit),
                Network(kit),
                operations,
                Health(kit),
                Outages(kit),
                Counters(kit),
                Returning(kit, sessions, operations),
                History(kit),
                Processes(kit, sessions, operations),
                Several(kit, sessions),
                Failing(kit),
                Stored(kit),
                Transcripts(kit),
                Web(kit),
                Doors(kit),
                Logins(kit),
                Logs(kit, refusing),
            ]
        )

    def run_keyword(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 -- keywords return anything
        """Runs a keyword; when it fails, notes the frames that the failure is about."""
        try:
            return super().run_keyword(name, args, kwargs)
        except Exception as problem:
            self._listener.noted.append(of_problem(problem))
            raise
