"""One result out of many: the workers' outputs, put together, compared with the plan, written as reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from AgentChatLibrary.advice import advised, failed_calls, import_problem
from AgentChatLibrary.known import TAG
from robot.api import ExecutionResult, ResultWriter
from robot.errors import DataError
from robot.model import ModelModifier
from robot.output import LOGGER
from robot.reporting.xunitwriter import XUnitWriter
from robot.result import Result, TestSuite
from robot.running import TestSuite as PlannedSuite

from . import tags
from .dressing import dressed
from .planning import Plan

KNOWN: Final = TAG
"""The tag that the library gives a test whose failure was known."""
JSON: Final = "output.json"
LOST: Final = "This test was planned but never reported: its worker ended before it."


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed.

    Attributes:
        name: Its full name.
        message: What it says, all of it.
        suite: The full name of its suite.
    """

    name: str
    message: str
    suite: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        result: Robot Framework's result.
        lost: Full names of planned tests that no worker reported.
        extra: Full names that were reported more often than planned.
        errors: Errors outside of tests: failed imports, exceptions in listeners.
        dry: Whether it was a dry run, which reads tests and tries none.
    """

    result: Result
    lost: tuple[str, ...]
    extra: tuple[str, ...]
    errors: tuple[str, ...]
    dry: bool = False

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return int(self.result.suite.statistics.passed)

    @property
    def failed(self) -> int:
        """How many tests failed, lost ones included."""
        return int(self.result.suite.statistics.failed)

    @property
    def skipped(self) -> int:
        """How many tests were skipped."""
        return int(self.result.suite.statistics.skipped)

    @property
    def failures(self) -> list[Failure]:
        """The failed tests, in the order of the report."""
        return [
            Failure(t.full_name, t.message, t.parent.full_name)
            for t in self.result.suite.all_tests
            if t.failed
        ]

    @property
    def known_failures(self) -> list[Failure]:
        """The tests that fail as they are known to, in the order of the report; they count as skipped."""
        return [Failure(t.full_name, t.message) for t in self.result.suite.all_tests if KNOWN in t.tags]

    @property
    def tried(self) -> bool:
        """Whether any test has tried its promise; one that fails as it is known to has."""
        return not self.dry and bool(self.passed or self.failed or self.known_failures)

    @property
    def good(self) -> bool:
        """Whether every planned test was reported, none failed, and nothing else went wrong."""
        return not (self.failed or self.lost or self.extra or self.errors)


def combine(plan: Plan, outputs: Sequence[Path], *, lost_message: str = LOST) -> Outcome:
    """Puts the workers' outputs together.

    Args:
        plan: What should have been reported.
        outputs: The workers' output files; a broken one counts as not written.
        lost_message: What a test says that was planned and not reported.

    Returns:
        The outcome; lost tests are in its result, as failed.
    """
    result = Result(suite=TestSuite(plan.suite.name, plan.suite.doc, source=plan.suite.source))
    seen: set[str] = set()
    for output in outputs:
        try:
            part = ExecutionResult(output)
        except DataError:
            continue  # cut off when its worker died; its tests are found missing by name
        _merge(result.suite, part.suite)
        for message in part.errors:
            if message.message not in seen:  # every worker reads every file, so says the same
                seen.add(message.message)
                result.errors.messages.append(message)
    reported = Counter(test.full_name for test in result.suite.all_tests)
    lost = plan.names - reported
    for name in lost.elements():
        _add_lost(result.suite, plan, name, lost_message)
    _sort(result.suite, plan.suite)
    errors = tuple(m.message for m in result.errors.messages if m.level == "ERROR")
    for test in result.suite.all_tests:
        if test.failed:  # a suite that imports no library has no listener that says this
            told = advised(test.message, failed_calls(test.body))
            test.message = import_problem(told, test.source, errors)
    extra = tuple((reported - plan.names).elements())
    return Outcome(result, tuple(lost.elements()), extra, errors, bool(plan.settings.dry_run))


def write(outcome: Outcome, plan: Plan) -> list[Path]:
    """Writes output.xml, output.json, xunit.xml, log.html and report.html, as the plan's settings have it.

    Pages for people tell more than what programs read; see :mod:`runner.dressing` and :mod:`runner.tags`.

    Args:
        outcome: What to write.
        plan: The run.

    Returns:
        The files, the log first.
    """
    LOGGER.unregister_console_logger()  # the runner says itself where the files are
    settings = plan.settings.get_rebot_settings()
    result = outcome.result
    if settings.pre_rebot_modifiers:
        result.suite.visit(ModelModifier(settings.pre_rebot_modifiers, settings.process_empty_suite, LOGGER))
    tags.statistics(result.suite).apply(settings)
    result.configure(settings.status_rc, settings.suite_config, settings.statistics_config)
    written: list[Path] = [Path(file) for file in (settings.log, settings.report) if file]
    if plan.settings.output:
        output = Path(plan.settings.output)
        json = output.with_name(JSON)
        for file in (output, json):
            result.save(file)
        written += [output, json]
    if settings.xunit:
        written.append(Path(settings.xunit))
        XUnitWriter(result).write(settings.xunit)
        settings["XUnit"] = None
    with dressed(result.suite, Path(settings.log).name if settings.log else "", dry=outcome.dry):
        ResultWriter(result).write_results(settings)
    return written


def _merge(into: TestSuite, part: TestSuite) -> None:
    """Adds what ``part`` has; suites are the same when their names and sources are."""
    into.doc = into.doc or part.doc
    into.metadata.update(part.metadata)
    for name in ("setup", "teardown"):
        new, old = getattr(part, name), getattr(into, name)
        if new and (not old or (new.failed and not old.failed)):
            setattr(into, name, new)
    starts = [time for time in (into.start_time, part.start_time) if time]
    ends = [time for time in (into.end_time, part.end_time) if time]
    into.elapsed_time = None
    into.start_time, into.end_time = min(starts, default=None), max(ends, default=None)
    into.tests.extend(list(part.tests))
    known = {(suite.name, suite.source): suite for suite in into.suites}
    for suite in list(part.suites):
        same = known.get((suite.name, suite.source))
        if same is None:
            into.suites.append(suite)
        else:
            _merge(same, suite)


def _add_lost(root: TestSuite, plan: Plan, name: str, message: str) -> None:
    planned = next(test for test in plan.suite.all_tests if test.full_name == name)
    suite = root
    for above in _ancestors(planned.parent)[1:]:
        found = [s for s in suite.suites if (s.name, s.source) == (above.name, above.source)]
        suite = (
            found[0] if found else suite.suites.create(name=above.name, doc=above.doc, source=above.source)
        )
    suite.tests.create(
        name=planned.name,
        doc=planned.doc,
        tags=planned.tags,
        lineno=planned.lineno,
        status="FAIL",
        message=message,
    )


def _ancestors(suite: PlannedSuite) -> list[PlannedSuite]:
    chain = [suite]
    while chain[0].parent is not None:
        chain.insert(0, chain[0].parent)
    return chain


def _sort(suite: TestSuite, planned: PlannedSuite) -> None:
    """Puts suites and tests in the plan's order, whichever worker was first."""
    suites = {(s.name, s.source): (at, s) for at, s in enumerate(planned.suites)}
    tests: dict[str, int] = {}
    for at, test in enumerate(planned.tests):
        tests.setdefault(test.name, at)
    suite.tests = sorted(suite.tests, key=lambda test: tests.get(test.name, len(tests)))
    suite.suites = sorted(suite.suites, key=lambda s: suites.get((s.name, s.source), (len(suites),))[0])
    for child in suite.suites:
        if (child.name, child.source) in suites:
            _sort(child, suites[child.name, child.source][1])
