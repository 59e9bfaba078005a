"""The listener: judges every session at a test's end, so that every test is also a test of isolation.

It must never raise: Robot Framework turns an exception in ``end_test`` into an error line, and the test
passes.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

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
from .failures import AMBIENT, failed_rows, of_items
from .filing import Filing
from .kit import Kit
from .nearest import choices, did_you_mean
from .redaction import issued, mask
from .rules.ambient import ambient
from .rules.story import counted
from .settling import last_pongs, release
from .showing import show, since
from .verdict import Verdict
from .world import Scope

GRAVE: Final = frozenset(
    {"correlation.user_id_is_own", "isolation.no_foreign_canary", "secrets.holds_no_secret"}
)
"""What somebody has seen that they must not see: it fails a test that was skipped, too."""
NEEDS: Final = "needs:"


class Story(NamedTuple):
    """What was found at a test's end.

    Attributes:
        text: What is told of it.
        grave: Whether it fails a test that was skipped, too.
        each: All that it stands for, where it tells the first of several; known failures must name each.
    """

    text: str
    grave: bool = False
    each: tuple[str, ...] = ()


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

    def end_test(self, data: running.TestCase, outcome: result.TestCase) -> None:
        """Judges every session the test had, closes its own, shows what they saw, and closes the scope."""
        scope, chats = self.kit.world.scope, list(self.kit.world.chats())
        stories: list[Story] = []
        try:
            stories += [Story(left) for left in self._settle(scope, chats)]
            stories += self._judge(chats)
        except BaseException as problem:  # noqa: BLE001 -- whatever it is, the test must not pass because of it
            trace = traceback.format_exc(limit=-3)
            stories.append(Story(f"the sessions could not be judged: {problem!r}\n{trace}", grave=True))
        try:
            self._leave()
        except BaseException as problem:  # noqa: BLE001 -- as above: an exception here would let it pass
            stories.append(Story(f"what the test had started could not be stopped: {problem!r}"))
        told = _tell(outcome, stories, rows=failed_rows(outcome.body) if data.template else "")
        self._judge_known(outcome, told)
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

    def _settle(self, scope: Scope, chats: Sequence[Chat]) -> list[str]:
        """Gives back what was taken away, fences every session, closes the test's own; what went wrong."""
        scope.end_outages()
        scope.end_what_goes_on()
        if not chats:
            return []
        still_open = [chat for chat in chats if chat.session.is_open]
        # Who reads nothing would see neither a pong nor a close.
        wirefaults.read_again(*(chat.session.connection for chat in still_open))
        last_pongs(still_open)
        left = release(scope)
        close_many([chat.session for chat in _chats(scope)])
        return left

    def _judge(self, chats: Iterable[Chat]) -> list[Story]:
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

    def _judge_known(self, outcome: result.TestCase, told: Sequence[str]) -> None:
        """Skips what is known to fail, with the reason; fails what is known to fail and does not."""
        try:
            failures = self.kit.environment.known_failures
        except EnvironmentProblem:  # which every test says by itself
            return
        judgement = known.judge(failures, outcome.full_name, outcome.status, outcome.message, told)
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


def _story(alike: Sequence[Verdict]) -> Story:
    """The first break of a rule, and on how many other connections it is broken too."""
    each = tuple(verdict.text() for verdict in alike)
    others = f"\nThe same is so on {counted(len(each) - 1, 'more connection')}." if len(each) > 1 else ""
    return Story(each[0] + others, alike[0].rule in GRAVE, each)


def _tell(outcome: result.TestCase, stories: Sequence[Story], rows: str) -> list[str]:
    """Adds stories to a test's message, and fails the test; a skipped one only for what is grave.

    Args:
        outcome: The test.
        stories: What was found at its end.
        rows: Which rows of its template have failed, where it has some.

    Returns:
        What the test fails for, one by one.
    """
    said, skipped, failed = outcome.message, outcome.skipped, outcome.failed
    failing = [story for story in stories if story.grave or not skipped]
    told = [f"{AMBIENT} {story.text}" for story in stories]
    if skipped and failing:
        told.append(f"The test itself was skipped: {said}")
    elif said:
        told[:0] = [said, rows] if rows else [said]
    outcome.message = clean("\n\n".join(told))
    if failing:
        outcome.status = "FAIL"
    items = [*outcome.body, *([outcome.teardown] if outcome.has_teardown else [])]
    own = of_items(said, items) if failed else []
    return [*own, *(f"{AMBIENT} {clean(one)}" for story in failing for one in story.each or (story.text,))]


def _chats(scope: Scope) -> list[Chat]:
    return [*scope.retired, *scope.chats.values()]


def _replace(data: running.TestCase, keyword: str, reason: str) -> None:
    """Makes a test consist of one keyword: Fail or Skip, with the reason."""
    data.setup = None
    data.teardown = None
    data.template = None
    data.body.clear()
    body: Any = data.body
    body.create_keyword(name=f"BuiltIn.{keyword}", args=[reason])
