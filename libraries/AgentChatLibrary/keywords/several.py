"""Several processes behind one address: choosing one, and comparing what devices at each have received."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Chat, Unexpected
from ..deployment import Deployment
from ..engine.offer import Refused
from ..engine.session import Session
from ..environment import EnvironmentProblem
from ..frames import Event
from ..kit import Kit
from ..redaction import mask
from ..rules import devices
from ..transcript import Transcript
from ..world import must_have_ended
from .promises import BrokenPromise, demand, something
from .returning import last_seq
from .sessions import Sessions

UNAUTHORISED: Final = 401
"""RFC 9110, section 15.5.2."""


class Several:
    """Keywords about single processes, numbered from 1."""

    def __init__(self, kit: Kit, sessions: Sessions) -> None:
        self.kit = kit
        self._sessions = sessions

    # -- choosing one ---------------------------------------------------------------------------------

    def _address(self, deployment: Deployment, process: int) -> str:
        """The own address of a process.

        Raises:
            EnvironmentProblem: There is no such process.
        """
        if not 1 <= process <= len(deployment.backends):
            raise EnvironmentProblem(
                f"There is no process {process}; the environment names {len(deployment.backends)}."
            )
        return deployment.backends[process - 1]

    def _connect(self, chat: Chat, process: int, token: Secret | None) -> None:
        value = token.value if token is not None else self.kit.token(chat.person)
        at = Deployment(self._address(chat.person.service.deployment, process))
        self._sessions.connect(chat, self.kit.offer(at, [("header", value)]))

    @keyword(tags=("Processes", "Sessions"))
    def open_session_at_process(
        self, person: str, process: int, alias: str | None = None, *, token: Secret | None = None
    ) -> None:
        """Connects a person's device to one process, at its own address.

        Args:
            person: Who connects.
            process: Which process, from 1.
            alias: How the suite calls the session; the person's name when omitted.
            token: The access token, when it is to be another one.

        Raises:
            NameTaken: A session of that alias is still connected.
            Unexpected: The connection was refused.
            EnvironmentProblem: There is no such process.

        Example, on a deployment of its own:
        | Open Session At Process | Ana | 2 | Ana's phone |
        """
        found = self.kit.world.person(person)
        chat = Chat(Session(alias or person, found.owner), found, self.kit.environment)
        self.kit.world.add_chat(chat)
        self._connect(chat, process, token)

    @keyword(tags=("Processes", "Sessions", "Absence"))
    def watch_at_every_process(self, *people: str) -> None:
        """Lets people look on from every process, where there are several: each has one more device at each.

        Which process somebody comes to by the address in front is chance; what leaks within one of them alone
        is seen all the same by whoever watches there. `Sentinel Fence` and `Should Have Received Nothing Of`
        mean these devices too. They are called ``NAME at process 1`` and so on. Where there is one process,
        this does nothing.

        Args:
            people: The people's names.

        Raises:
            NameTaken: They look on already.
            Unexpected: A connection was refused.

        Example:
        | Watch At Every Process          | Boris |
        | Ask                             | Ana   | Which resources are idle? |
        | Wait For Answer                 | Ana |
        | Sentinel Fence                  | Boris |
        | Should Have Received Nothing Of | Boris | Ana |
        """
        for name in people:
            several = self.kit.world.person(name).service.deployment.backends
            for process in range(1, len(several) + 1 if len(several) > 1 else 1):
                alias = f"{name} at process {process}"
                self.open_session_at_process(name, process, alias)
                self.kit.world.chat(alias).watches = True

    @keyword(tags=("Processes", "Sessions"))
    def reopen_session_at_process(self, session: str, process: int) -> None:
        """Connects a session again that was closed or dropped, to one process.

        Args:
            session: Alias of the session.
            process: Which process, from 1.

        Raises:
            NameTaken: The session is still connected.
            Unexpected: The connection was refused.
            EnvironmentProblem: There is no such process.

        Example, on a deployment of its own:
        | Drop Session              | Ana |
        | Reopen Session At Process | Ana | 2 |
        """
        chat = self.kit.world.chat(session)
        must_have_ended(chat)
        self._connect(chat, process, None)

    @keyword(tags=("Processes", "Reconnection"))
    def come_back_at_process_and_resume(self, session: str, process: int) -> None:
        """Connects a session again, to one process, and asks it for all after the last event received.

        Args:
            session: Alias of the session.
            process: Which process, from 1.

        Raises:
            Unexpected: The connection was refused.
            EventMissing: The replay did not end.

        Example, on a deployment of its own:
        | Ask                             | Ana | What did we spend in total? |
        | Drop Session                    | Ana |
        | Come Back At Process And Resume | Ana | 2 |
        """
        chat = self.kit.world.chat(session)
        known = last_seq(chat)
        self.reopen_session_at_process(session, process)
        chat.send("resume", {"after_seq": known})
        chat.waits.for_reply(_resumed, "resumed, the end of the replay")

    @keyword(tags=("Processes", "Judging"))
    def sessions_should_be_at_different_processes(self, *sessions: str) -> None:
        """Checks that each of these sessions was welcomed by another process; the welcome names it.

        Args:
            sessions: Aliases of the sessions.

        Raises:
            Unexpected: Two were welcomed by the same.
            BrokenPromise: Not even two were named.

        Example, on a deployment of its own:
        | Open Session At Process                   | Ana | 1 | Ana's laptop |
        | Open Session At Process                   | Ana | 2 | Ana's phone |
        | Sessions Should Be At Different Processes | Ana's laptop | Ana's phone |
        """
        something(sessions[1:], "Not even two sessions were named")
        named = {alias: self._sessions.get_welcome(alias).get("instance") for alias in sessions}
        if len(set(named.values())) < len(named):
            told = ", ".join(f"{alias} by {name!r}" for alias, name in named.items())
            raise Unexpected(f"Each should be at another process, but were welcomed: {told}.")

    @keyword(tags=("Processes", "Credentials"))
    def sign_in_at_process(self, person: str, process: int) -> Secret:
        """Logs a person in over HTTP, with password, at one process; sessions opened later use the token.

        Args:
            person: The person's name.
            process: Which process, from 1.

        Returns:
            The access token.

        Raises:
            Declined: The backend declined the login.

        Example, on a deployment of its own:
        | Sign In At Process      | Ana | 1 |
        | Open Session At Process | Ana | 2 | Ana's phone |
        """
        found = self.kit.world.person(person)
        found.sign_in(self._address(found.service.deployment, process))
        return Secret(found.access_token)

    @keyword(tags=("Processes", "Credentials"))
    def sign_out_at_process(self, person: str, process: int) -> None:
        """Logs a person out over HTTP at one process.

        Args:
            person: The person's name.
            process: Which process, from 1.

        Raises:
            Declined: The backend declined it.

        Example, on a deployment of its own:
        | Sign In             | Ana |
        | Sign Out At Process | Ana | 2 |
        """
        found = self.kit.world.person(person)
        found.sign_out(self._address(found.service.deployment, process))

    @keyword(tags=("Processes", "Security"))
    def no_process_should_let_in(self, person: str, code: str, *, token: Secret) -> None:
        """Tries to connect to each process, and expects to be refused with 401 at each.

        Args:
            person: In whose name.
            code: Expected error code.
            token: The credential.

        Raises:
            Unexpected: One has let the person in, or refused in another way.
            BrokenPromise: No process has an address.

        Example, on a deployment of its own:
        | ${token}                 | Sign In | Ana |
        | Sign Out                 | Ana |
        | No Process Should Let In | Ana | invalid_token | token=${token} |
        """
        found = self.kit.world.person(person)
        addresses = found.service.deployment.backends
        something(addresses, "No single process has an address of its own")
        for number, address in enumerate(addresses, 1):
            session = Session(f"{person}'s attempt at process {number}", found.owner)
            offer = self.kit.offer(Deployment(address), [("header", token.value)])
            try:
                session.open(offer, self.kit.environment.timeout("connect"))
            except Refused as refused:
                if refused.status != UNAUTHORISED or f'"{code}"' not in refused.body:
                    raise Unexpected(
                        f"Process {number} refused {person} with {refused.status} "
                        f"{mask(refused.body)[:200]}; it should be 401 {code}."
                    ) from None
            else:
                session.close()
                raise Unexpected(
                    f"Process {number} let {person} in with a token that is good no more; "
                    f"it should refuse it with 401 {code}."
                )

    # -- comparing devices ----------------------------------------------------------------------------

    @keyword(tags=("Processes", "Reconnection"))
    def get_last_seq(self, session: str) -> int:
        """Returns the number of the last event that a session has received, or knows to be there.

        Example, on a deployment of its own:
        | ${seq} | Get Last Seq | Ana |

        Args:
            session: Alias of the session.
        """
        return last_seq(self.kit.world.chat(session))

    @keyword(tags=("Processes", "Waiting"))
    def wait_for_end_on(self, session: str, asker: str) -> None:
        """Waits until a session has seen the end of the latest run of another session, whichever end it is.

        Args:
            session: Alias of the session that watches.
            asker: Alias of the session that asked.

        Raises:
            EventMissing: No end of the run came.

        Example, on a deployment of its own:
        | Open Session At Process | Ana | 2 | Ana's phone |
        | Ask                     | Ana | What did we spend in total? |
        | Wait For End On         | Ana's phone | asker=Ana |
        """
        chat, run = self.kit.world.chat(session), self.kit.world.chat(asker).question().run_id
        if not any(e.run_id == run and e.ends_run for t in chat.session.transcripts for e in t.durable):
            chat.wait_for_end(run)

    @keyword(tags=("Processes", "Judging"))
    def sessions_should_have_received_the_same(self, one: str, other: str) -> None:
        """Checks that two devices have the same events, byte for byte, over all of their connections.

        Args:
            one: Alias of a session.
            other: Alias of another.

        Raises:
            BrokenPromise: One has an event that the other has not, one twice, late, or another text of it.

        Example, on a deployment of its own:
        | Open Session At Process                | Ana | 2 | Ana's phone |
        | Ask                                    | Ana | What did we spend in total? |
        | Wait For End On                        | Ana's phone | asker=Ana |
        | Sessions Should Have Received The Same | Ana | Ana's phone |
        """
        first, last = self._compared(one, other)
        demand(devices.same_frames(self._all(one), self._all(other), first, last))

    @keyword(tags=("Processes", "Judging"))
    def should_have_kept_all_that_came_to(self, session: str, other: str) -> None:
        """Checks that a device has every event that another one has received, byte for byte.

        Args:
            session: Alias of the session that must have all.
            other: Alias of the session that may have received less, because it was cut off.

        Raises:
            BrokenPromise: One is missing, or has another text.

        Example, on a deployment of its own:
        | Open Session At Process           | Ana | 2 | Ana's phone |
        | Ask                               | Ana | What did we spend in total? |
        | Wait For End On                   | Ana's phone | asker=Ana |
        | Should Have Kept All That Came To | Ana's phone | Ana |
        """
        first, _ = self._compared(session, other)
        last = last_seq(self.kit.world.chat(other))
        demand(devices.same_frames(self._all(session), self._all(other), first, last))

    def _all(self, session: str) -> Sequence[Transcript]:
        return self.kit.world.chat(session).session.transcripts

    def _compared(self, one: str, other: str) -> tuple[int, int]:
        """The first and the last seq that both of two sessions must have."""
        for session in (one, other):
            self.kit.world.chat(session).settle()
        first = max(self._all(session)[0].watershed or 0 for session in (one, other)) + 1
        last = max(last_seq(self.kit.world.chat(session)) for session in (one, other))
        if last < first:
            raise BrokenPromise(f"{one} and {other} have received nothing: there is nothing to compare.")
        return first, last


def _resumed(transcript: Transcript) -> Event | None:
    return next(iter(transcript.received("resumed")), None)
