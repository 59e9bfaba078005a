"""The listener: judges every session at a test's end, so that every test is also a test of isolation.

It must never raise: Robot Framework turns an exception in ``end_test`` into an error line, and the test
passes.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from robot import result, running
from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn

from . import known
from .chat import Chat
from .cleaning import clean
from .engine import wirefaults
from .engine.crowd import close_many
from .engine.session import LoadedSession
from .environment import CAPABILITIES, EnvironmentProblem
from .evidence import Evidence, of_verdict
from .filing import Filing
from .frames import Frame
from .kit import Kit
from .nearest import choices, did_you_mean
from .outgoing import encoded, new_message_id
from .redaction import issued, mask
from .rules.ambient import ambient
from .rules.story import counted
from .service import Declined
from .showing import show, since
from .transcript import Transcript
from .verdict import Verdict
from .world import Scope

MARK: Final = "Ambient:"
"""How an ambient failure begins; the proof counts those apart from a test's own assertions."""
FENCE_SECONDS: Final = 1.0
"""Longest wait for the last pongs before sessions are judged; without one a session is judged as it is."""
NEEDS: Final = "needs:"


class AmbientListener:
    """Opens and closes scopes, skips what the environment cannot do, judges, closes and shows sessions.

    Attributes:
        noted: What has failed in the current test, with the frames that each failure is about.
    """

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.noted: list[Evidence] = []
        self._filing = Filing()
        self._begun = 0.0

    def start_suite(self, data: running.TestSuite, _: result.TestSuite) -> None:
        """Opens the suite's scope; prepares nothing for tests that are all skipped."""
        self.kit.world.enter(data.full_name)
        try:
            needless = all(self._absent(test) for test in data.all_tests)
        except EnvironmentProblem:  # which every test says by itself
            return
        if needless:
            data.setup = None
            data.teardown = None

    def start_test(self, data: running.TestCase, _: result.TestCase) -> None:
        """Opens the test's scope; replaces a test that cannot run by the reason."""
        self.kit.world.enter(data.full_name)
        self.noted.clear()
        self._begun = time.time()
        problem = self.kit.problem()
        if problem is not None:
            _replace(data, "Fail", problem)
            return
        absent = self._absent(data)
        if absent:
            unknown = next((name for name in absent if name not in CAPABILITIES), None)
            if unknown is not None:  # a slip of the pen, which must not pass for a test that cannot run here
                _replace(data, "Fail", _no_capability(unknown))
                return
            meaning = CAPABILITIES[absent[0]]
            reason = f"The environment {self.kit.environment.name} does not offer {absent[0]!r}: {meaning}."
            _replace(data, "Skip", reason)

    def _absent(self, data: running.TestCase) -> list[str]:
        """What a test needs and the environment does not offer."""
        needed = [str(tag)[len(NEEDS) :] for tag in data.tags if str(tag).startswith(NEEDS)]
        return [name for name in needed if not self.kit.environment.offers(name)]

    def end_test(self, _: running.TestCase, outcome: result.TestCase) -> None:
        """Judges every session the test had, closes its own, shows what they saw, and closes the scope."""
        scope, chats = self.kit.world.scope, list(self.kit.world.chats())
        try:
            self._settle(scope, chats)
            stories = self._judge(chats)
        except BaseException as problem:  # noqa: BLE001 -- whatever it is, the test must not pass because of it
            stories = [f"the sessions could not be judged: {problem!r}\n{traceback.format_exc(limit=-3)}"]
        try:
            self._leave()
        except BaseException as problem:  # noqa: BLE001 -- as above: an exception here would let it pass
            stories.append(f"what the test had started could not be stopped: {problem!r}")
        if stories and not outcome.skipped:
            lines = [f"{MARK} {story}" for story in stories]
            outcome.message = clean("\n\n".join([*([outcome.message] if outcome.message else []), *lines]))
            outcome.status = "FAIL"
        elif outcome.message:
            outcome.message = clean(outcome.message)
        self._judge_known(outcome)
        try:
            self._show(outcome, scope, chats)
        except BaseException as problem:  # noqa: BLE001 -- a test's verdict does not depend on its picture
            trace = mask(traceback.format_exc(limit=-3))
            logger.error(f"What {outcome.full_name} has seen could not be shown: {problem!r}\n{trace}")

    def end_suite(self, _: running.TestSuite, __: result.TestSuite) -> None:
        """Closes what the suite has opened."""
        try:
            close_many([chat.session for chat in _chats(self.kit.world.scope)])
        finally:
            self._leave()

    def _settle(self, scope: Scope, chats: Sequence[Chat]) -> None:
        """Gives back what was taken away, fences every session, and closes the test's own."""
        scope.end_outages()
        scope.end_what_goes_on()
        if not chats:
            return
        still_open = [chat for chat in chats if chat.session.is_open]
        # Who reads nothing would see neither a pong nor a close.
        wirefaults.read_again(*(chat.session.connection for chat in still_open))
        _last_pongs(still_open)
        _release(scope)
        close_many([chat.session for chat in _chats(scope)])

    def _judge(self, chats: Iterable[Chat]) -> list[str]:
        """Judges what was recorded; returns the stories of what is broken."""
        live = [chat.session for chat in chats if not isinstance(chat.session, LoadedSession)]
        transcripts = [t for session in live for t in session.transcripts]
        verdicts = ambient(transcripts, self.kit.contract, issued()) if transcripts else []
        broken = [verdict for verdict in verdicts if verdict.broken]
        by_rule: dict[str, list[Verdict]] = {}
        for verdict in broken:
            by_rule.setdefault(verdict.rule, []).append(verdict)
        for alike in by_rule.values():
            # All of them are shown in the picture, though only the first is told.
            self.noted += [of_verdict(verdict, alike[0].text()) for verdict in alike]
        return [_story(alike) for alike in by_rule.values()]

    def _judge_known(self, outcome: result.TestCase) -> None:
        """Skips what is known to fail, with the reason; fails what is known to fail and does not."""
        try:
            failures = self.kit.environment.known_failures
        except EnvironmentProblem:  # which every test says by itself
            return
        judgement = known.judge(failures, outcome.full_name, outcome.status, outcome.message)
        if judgement is not None:
            outcome.status, outcome.message = judgement.status, judgement.message
        if judgement is not None and judgement.known:
            outcome.tags.add(known.TAG)

    def _show(self, outcome: result.TestCase, scope: Scope, chats: Sequence[Chat]) -> None:
        """Adds what was seen to the test's result; sessions of a suite count from the test's beginning."""
        if not chats:
            return
        own = {id(chat) for chat in _chats(scope)}
        parts = [
            (t, t if id(chat) in own else since(t, self._begun))
            for chat in chats
            for t in chat.session.transcripts
        ]
        written = BuiltIn().get_variable_value("${OUTPUT FILE}") != "NONE"
        show(outcome, parts, self.noted, self.kit.environment.budgets, self._filing, written=written)

    def _leave(self) -> None:
        for deployment in reversed(self.kit.world.leave().deployments):
            deployment.stop()


def _no_capability(name: str) -> str:
    """What is said of a tag that names a capability which does not exist."""
    return (
        f"There is no capability {name!r} (tag {NEEDS}{name}).{did_you_mean(name, CAPABILITIES)} "
        f"There are: {choices(name, CAPABILITIES)}."
    )


def _story(alike: Sequence[Verdict]) -> str:
    """The first break of a rule, and on how many other connections it is broken too."""
    first, others = alike[0].text(), len(alike) - 1
    if not others:
        return first
    return f"{first}\nThe same is so on {counted(others, 'more connection')}."


def _chats(scope: Scope) -> list[Chat]:
    return [*scope.retired, *scope.chats.values()]


def _last_pongs(chats: Iterable[Chat]) -> None:
    """Pings every open session at once and waits shortly for the pongs: what was queued has come by then.

    Where the backend answers no pings, nothing has come for the environment's ``quiet``.
    """
    pinged: list[tuple[Chat, str]] = []
    begun = time.monotonic()
    for chat in chats:
        if not chat.environment.offers("ping"):
            chat.waits.for_quiet(begun)
            continue
        message_id = new_message_id()
        chat.session.send_soon(encoded("ping", message_id, {}))
        pinged.append((chat, message_id))
    deadline = time.monotonic() + FENCE_SECONDS
    for chat, message_id in pinged:
        chat.session.wait(_answer_to(message_id), max(0.0, deadline - time.monotonic()))


def _answer_to(message_id: str) -> Callable[[Transcript], Frame | None]:
    """What finds the answer to a message, looking from the end."""

    def look(transcript: Transcript) -> Frame | None:
        for frame in reversed(transcript.frames):
            if frame.received and frame.event is not None and frame.event.message_id == message_id:
                return frame
        return None

    return look


def _release(scope: Scope) -> None:
    """Lets runs go on that a test has left held, so that none stays open for ever."""
    for person in scope.held:
        try:
            person.service.admin("POST", f"/people/{person.user_id}/release", {})
        except (Declined, OSError) as problem:
            scope.notes.append(f"{person.name}'s runs could not be released: {problem}")
    scope.held.clear()


def _replace(data: running.TestCase, keyword: str, reason: str) -> None:
    """Makes a test consist of one keyword: Fail or Skip, with the reason."""
    data.setup = None
    data.teardown = None
    data.template = None
    data.body.clear()
    body: Any = data.body
    body.create_keyword(name=f"BuiltIn.{keyword}", args=[reason])
