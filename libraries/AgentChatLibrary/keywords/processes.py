"""Processes that die, sleep and come back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from typing import Final

from robot.api.deco import keyword

from .. import sleeping
from ..chat import Chat, Unexpected
from ..deployment import Deployment, Process
from ..engine.session import Session
from ..environment import EnvironmentProblem
from ..frames import Kind
from ..kit import Kit
from ..outage import writable
from ..rules import devices, endings, order, sequence
from ..transcript import Transcript
from .operations import Operations
from .promises import BrokenPromise, demand
from .sessions import Sessions
from .types import FailureCode
from .waiting import should_have_failed

STOPS: Final = 20
"""How often to try to stop a process outside of its writes, which take a small part of its time."""
LOCK_SECONDS: Final = 0.2
"""How long a lock must stand to be that of the process that was stopped; a write takes milliseconds."""


class Processes:
    """Keywords about the backend's processes; they act on the private backend of the test or suite."""

    def __init__(self, kit: Kit, sessions: Sessions, operations: Operations) -> None:
        self.kit = kit
        self._sessions = sessions
        self._operations = operations

    def _private(self) -> Deployment:
        self._process()
        return self.kit.service.deployment

    def _process(self) -> Process:
        process = self.kit.service.deployment.process
        if process is None:
            raise EnvironmentProblem("Only a private backend can be stopped; use `Start Private Backend`.")
        return process

    @keyword(tags=("Processes",))
    def kill_backend(self) -> None:
        """Kills the private backend at once (SIGKILL): it can say and save nothing more.

        Example, on a backend of its own:
        | Kill Backend |
        | Start Backend Again |
        | Health Should Become | healthy | 200 | within=2 |
        """
        process = self._process()
        process.kill()
        process.wait()

    @keyword(tags=("Processes",))
    def tell_backend_to_end(self) -> None:
        """Tells the private backend to end (SIGTERM), as whoever stops or moves it does.

        Example, on a backend of its own:
        | Tell Backend To End |
        | Wait For Close      | Ana | 1001 |
        | Backend Should End  |
        | Start Backend Again |
        """
        self._process().terminate()

    @keyword(tags=("Processes", "Judging"))
    def backend_should_end(self) -> None:
        """Waits until the process of the private backend has ended.

        Raises:
            BrokenPromise: It is still there after the environment's ``close`` timeout.

        Example, on a backend of its own:
        | Tell Backend To End |
        | Wait For Close      | Ana | 1001 |
        | Backend Should End  |
        | Start Backend Again |
        """
        process, seconds = self._process(), self.kit.environment.timeout("close")
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise BrokenPromise(
                f"The backend should have ended; its process is still there {seconds:g} s later."
            ) from None

    @keyword(tags=("Processes",))
    def start_backend_again(self) -> None:
        """Starts the private backend again, on the same data and with the same credentials.

        Raises:
            EnvironmentProblem: It did not come up.

        Example, on a backend of its own:
        | Kill Backend |
        | Start Backend Again |
        | Health Should Become | healthy | 200 | within=2 |
        """
        self.kit.restart_private(self._private())

    @keyword(tags=("Processes",))
    def start_second_process(self) -> None:
        """Starts a second process beside the private backend, on the same data.

        Raises:
            EnvironmentProblem: It did not come up.

        Example, on a backend of its own:
        | Start Second Process |
        | Open Session On Second Process | Ana | Ana's phone |
        | Ping                           | Ana's phone |
        """
        self.kit.start_beside(self._private())

    @keyword(tags=("Processes",))
    def pause_backend(self) -> None:
        """Stops the private backend (SIGSTOP) while it holds no lock on the database.

        One that is stopped in the middle of a write would stop every other process too, which is an outage of
        the database and not what this is about; it is let go on and stopped again.

        Raises:
            Unexpected: Whenever it was stopped it held the lock.

        Example, on a backend of its own:
        | Pause Backend |
        | Continue Backend |
        | Ping | Ana |
        """
        database = self.kit.environment.database
        home, pid = self._private().home, self._process().pid
        for _ in range(STOPS):
            sleeping.stop(pid)
            if home is None or database is None or writable(home / database, LOCK_SECONDS):
                return
            sleeping.go_on(pid)
            self.kit.pause()
        raise Unexpected(f"The backend held the database's lock at each of {STOPS} stops.")

    @keyword(tags=("Processes",))
    def continue_backend(self) -> None:
        """Lets the private backend go on after `Pause Backend` (SIGCONT).

        Example, on a backend of its own:
        | Pause Backend |
        | Continue Backend |
        | Ping | Ana |
        """
        sleeping.go_on(self._process().pid)

    @keyword(tags=("Processes", "Sessions"))
    def open_session_on_second_process(self, person: str, alias: str) -> None:
        """Connects a person's device to the second process.

        Args:
            person: The person's name.
            alias: How the suite calls the session.

        Raises:
            NameTaken: A session of that alias is still connected.
            Unexpected: The connection was refused.

        Example, on a backend of its own:
        | Start Second Process |
        | Open Session On Second Process | Ana | Ana's phone |
        | Ping                           | Ana's phone |
        """
        second = self.kit.world.latest_deployment
        found = self.kit.world.person(person)
        chat = Chat(Session(alias, found.owner), found, self.kit.environment)
        self.kit.world.add_chat(chat)
        self._sessions.connect(chat, self.kit.offer(second, [("header", self.kit.token(found))]))

    @keyword(tags=("Processes", "Waiting"))
    def wait_until_held(self, session: str) -> None:
        """Waits until the latest question's run of a session stands where it is held.

        Args:
            session: Alias of the session.

        Raises:
            Unexpected: It did not come there.

        Example:
        | Hold Runs       | Ana | tool_completed |
        | Ask             | Ana | What did we spend in total? |
        | Wait Until Held | Ana |
        | Release Runs    | Ana |
        """
        chat = self.kit.world.chat(session)
        self.kit.until_held(chat.person, chat.question().run_id)

    @keyword(tags=("Processes", "Waiting"))
    def wait_for_failure_on(self, session: str, asker: str, code: FailureCode) -> None:
        """Waits until a session has seen another session's run fail.

        Args:
            session: Alias of the session that watches.
            asker: Alias of the session that asked.
            code: Expected code of ``agent_failed``.

        Raises:
            EventMissing: No end of the run came.
            Unexpected: It ended in another way.

        Example:
        | Open Session        | Ana         | Ana's phone |
        | Hold Runs           | Ana         | tool_completed |
        | ${question}         | Ask         | Ana       | What did we spend in total? |
        | Send Message        | Ana         | cancel    | run_id=${question.run_id} |
        | Wait For Failure On | Ana's phone | asker=Ana | code=cancelled |
        """
        run = self.kit.world.chat(asker).question().run_id
        end = self.kit.world.chat(session).wait_for_end(
            run,
            awaited=f"agent_failed with {code}",
            silence=self.kit.environment.timeout("interrupted"),
        )
        should_have_failed(asker, end, code)

    @keyword(tags=("Processes", "Waiting"))
    def wait_for_heartbeats(self, session: str, count: int) -> None:
        """Waits until a session has received this many WebSocket PINGs (RFC 6455, section 5.5.2).

        Each has as long as heartbeats are apart by the backend's setting, else by the contract, and a margin.

        Args:
            session: Alias of the session.
            count: How many PINGs, counted from the beginning of the connection.

        Raises:
            EventMissing: They did not come.

        Example, on a backend of its own:
        | Wait For Heartbeats | Ana | 1 |
        """
        chat = self.kit.world.chat(session)
        longest = self.kit.heartbeat_seconds(chat.person) + self.kit.environment.timeout("notice")
        for number in range(1, count + 1):
            chat.waits.for_something(_heartbeat(number), f"heartbeat number {number} of {count}", longest)

    # -- judging over all connections of a session ----------------------------------------------------

    @keyword(tags=("Judging",))
    def events_should_be_numbered_one_by_one(self, session: str) -> None:
        """Checks on every connection of a session that seq rises by one and that timestamps never fall.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: It is not so.

        Example:
        | Ask                                  | Ana | What did we spend in total? |
        | Wait For Answer                      | Ana |
        | Events Should Be Numbered One By One | Ana |
        | Runs Should Have One End             | Ana |
        """
        chat = self.kit.world.chat(session)
        chat.settle()
        for transcript in chat.session.transcripts:
            demand(sequence.seq_rises_by_one(transcript))
            demand(sequence.timestamps_never_fall(transcript))

    @keyword(tags=("Judging",))
    def connections_should_agree(self, session: str) -> None:
        """Checks that the same seq was the same text on every connection of a session.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: It was not.

        Example:
        | Ask                      | Ana | What did we spend in total? |
        | Drop Session             | Ana |
        | Come Back And Resume     | Ana |
        | Connections Should Agree | Ana |
        """
        demand(devices.same_seq_same_frame(self._transcripts(session)))

    @keyword(tags=("Judging",))
    def runs_should_have_one_end(self, session: str) -> None:
        """Checks that every run which a session has seen has one end, and nothing after it.

        Seen on any of its connections. It waits for ends that are still to come, also of runs that another
        device has asked for.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: One has not, or no run was seen.
            EventMissing: The end of one does not come.

        Example:
        | Ask                                  | Ana | What did we spend in total? |
        | Wait For Answer                      | Ana |
        | Events Should Be Numbered One By One | Ana |
        | Runs Should Have One End             | Ana |
        """
        chat = self.kit.world.chat(session)
        for run_id in endings.open_runs(chat.session.transcripts) if chat.session.is_open else ():
            chat.wait_for_end(run_id)
        transcripts = chat.session.transcripts
        for transcript in transcripts:
            demand(order.one_end(transcript))
            demand(order.nothing_after_the_end(transcript))
        demand(endings.each_run_ends_once(transcripts))

    @keyword(tags=("Processes", "Waiting"))
    def wait_until_a_hanging_device_is_dropped(self, session: str) -> None:
        """Waits until the backend counts no connection of a person whose only device has stopped to answer.

        The contract gives it two heartbeats: the device answers none for as long again as they are apart.

        Args:
            session: Alias of the session that hangs.

        Raises:
            Unexpected: It is still counted.

        Example, on a backend of its own:
        | Go Deaf                                | Ana |
        | Wait Until A Hanging Device Is Dropped | Ana |
        """
        chat = self.kit.world.chat(session)
        patience = 2 * self.kit.heartbeat_seconds(chat.person)
        self._operations.wait_until_connections_are(chat.person.name, 0, besides=patience)

    def _transcripts(self, session: str) -> Sequence[Transcript]:
        return self.kit.world.chat(session).session.transcripts


def _heartbeat(number: int) -> Callable[[Transcript], bool | None]:
    def look(transcript: Transcript) -> bool | None:
        pings = sum(f.received and f.kind is Kind.PING for f in transcript.frames)
        return True if pings >= number else None

    return look
