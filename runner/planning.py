"""Which tests a run consists of, found out before anything is started.

Robot Framework's own parsing, modifiers and filters are used, so that every option that stands after ``--``
counts here exactly as it does in the run.
"""

from __future__ import annotations

import glob
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary.nearest import choices, did_you_mean
from robot.conf import RobotSettings
from robot.errors import DataError, Information
from robot.model import ModelModifier, TagPatterns
from robot.output import LOGGER
from robot.run import RobotFramework
from robot.running import TestSuite, TestSuiteBuilder

from . import dealing
from .arguments import USAGE_ERROR
from .command_options import Shard
from .console import Stop
from .project import RESULTS, TESTS, shown

ALONE: Final = "alone"
"""Tag of tests that measure: they run by themselves, after the parallel part."""
SOAK: Final = "soak"
"""Tag of tests that take long on purpose: they run by themselves, as those that measure do."""
PLUMBING_TAGS: Final = ("catches:", "promise-", "needs:", "row-")
"""Tags that no one chooses a category by; left out where known tags are listed."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One test that a run must report.

    Attributes:
        name: Its full name, suites included.
        suite: The full name of its suite.
        tags: Its tags.
        doc: Its documentation.
        source: The file that it stands in, where there is one.
        steps: How many steps, or rows, it has.
    """

    name: str
    suite: str
    tags: tuple[str, ...]
    doc: str = ""
    source: Path | None = None
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """What Robot Framework is told to run.

    Attributes:
        options: Its options.
        sources: The files and folders they apply to.
    """

    options: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def arguments(self) -> list[str]:
        """Both, as Robot Framework's command line has them."""
        return [*self.options, *self.sources]


@dataclass(frozen=True, slots=True)
class Plan:
    """The tests of a run.

    Attributes:
        selection: What selects them.
        settings: The same, as Robot Framework understood it.
        suite: The suites as they would run.
        tests: All tests, in the order of the suites.
    """

    selection: Selection
    settings: RobotSettings
    suite: TestSuite
    tests: tuple[Planned, ...]

    @property
    def names(self) -> Counter[str]:
        """How often each full name is planned; a name may stand twice in a suite."""
        return Counter(test.name for test in self.tests)

    @property
    def suites(self) -> list[str]:
        """The full names of the suites that hold tests, in order."""
        return list(dict.fromkeys(test.suite for test in self.tests))

    def must_try(self, command: str) -> None:
        """Stops a command that would take for tried what a dry run only reads.

        Args:
            command: Its name.

        Raises:
            Stop: Robot Framework is told to try nothing.
        """
        if self.settings.dry_run:
            raise Stop(
                f"A dry run tries nothing, so {command} cannot use one: leave out --dryrun.", USAGE_ERROR
            )

    def keeping(self, names: Iterable[str], file: Path) -> list[str]:
        """Tells Robot Framework to run these tests and no others.

        Args:
            names: Full names of planned tests.
            file: Takes the names.

        Returns:
            The options.
        """
        root = len(self.suite.full_name) + 1
        file.write_text("".join(f"{name[root:]}\n" for name in names), "utf-8")
        return ["--prerunmodifier", f"{Path(__file__).with_name('keeping.py')};{file}"]

    def reading(self, names: Iterable[str]) -> list[str]:
        """Tells Robot Framework to read only the files that these tests stand in.

        Args:
            names: Full names of planned tests.

        Returns:
            The options.
        """
        wanted = set(names)
        files = dict.fromkeys(test.source for test in self.tests if test.source and test.name in wanted)
        return [part for file in files for part in ("--parseinclude", glob.escape(str(file)))]

    def tagged(self, *patterns: str) -> tuple[Planned, ...]:
        """The tests that a tag pattern matches."""
        matching = TagPatterns(patterns)
        return tuple(test for test in self.tests if matching.match(test.tags))


TIMINGS: Final = ".timings.json"
"""How long tests took, in the results folder; the one file there that outlives a run."""
COMMITTED: Final = "timings.json"
"""How long tests took somewhere else, beside the suites, for a first run: a copy of :data:`TIMINGS`."""

DEFAULTS: Final = (
    *("--xunit", "xunit.xml", "--tagstatexclude", "catches:*"),
    *("--reporttitle", "Agent chat: which promises hold", "--logtitle", "Agent chat: what was seen"),
)
"""Options in front of the user's. A tag for each fault would fill the statistics and tell nobody anything."""


def select(
    robot: Sequence[str],
    *,
    category: str | None = None,
    shard: Shard | None = None,
    tests: Path = TESTS,
    results: Path = RESULTS,
) -> Selection:
    """What the options of a command select.

    Args:
        robot: What stands after ``--`` on the command line; goes in untouched.
        category: A tag that every test must have.
        shard: Which part of the suites to run.
        tests: What to run when ``robot`` names no source.
        results: Where the run writes when ``robot`` names no output folder.

    Returns:
        The selection.

    Raises:
        Stop: Robot Framework does not understand them, or nobody has that tag.
    """
    _, sources = _parsed([*robot, str(tests)])
    named = sources[:-1]
    at = len(robot) - len(named)
    if list(robot[at:]) != named:
        raise Stop(
            "Name suites on the command line, after the options, not in an argument file.", USAGE_ERROR
        )
    chosen, given = [*DEFAULTS, "--outputdir", str(results), *robot[:at]], named or [str(tests)]
    if shard:
        chosen += dealing.options(shard, timings_file(results, tests))
    if category:
        tag = _category(category, Selection(tuple(chosen), tuple(given)))
        chosen += ["--exclude", f"NOT{tag}"]  # unlike --include, this narrows what the user includes
    return Selection(tuple(chosen), tuple(given))


def schedule_file(results: Path) -> Path:
    """Where a run keeps how long tests took."""
    return results / TIMINGS


def timings_file(results: Path, tests: Path = TESTS) -> Path:
    """What tells how long tests take: an earlier run's file, or else the one that lies beside the suites."""
    kept = schedule_file(results)
    return kept if kept.is_file() else tests / COMMITTED


def discover(selection: Selection) -> Plan:
    """Finds the tests that Robot Framework would run, in a few milliseconds.

    Args:
        selection: What it is told to run.

    Returns:
        The plan.

    Raises:
        Stop: There is nothing to run, or the arguments are wrong; the message is Robot Framework's.
    """
    options, sources = _parsed(selection.arguments)
    everything: tuple[Planned, ...] = ()
    try:
        settings = RobotSettings(options)
        sys.path[:0] = [path for path in settings.pythonpath if path not in sys.path]
        suite = TestSuiteBuilder(
            included_extensions=settings.extension,
            included_files=settings.parse_include,
            custom_parsers=settings.parsers,
            rpa=settings.rpa,
            lang=settings.languages,
            allow_empty_suite=settings.run_empty_suite,
        ).build(*sources)
        if settings.pre_run_modifiers:
            suite.visit(ModelModifier(settings.pre_run_modifiers, settings.run_empty_suite, LOGGER))
        everything = _tests(suite)
        suite.configure(**settings.suite_config)
    except DataError as problem:
        hint = _meant(problem.message, everything)
        raise Stop(f"Nothing to run: {problem.message}{hint}", USAGE_ERROR) from problem
    return Plan(selection, settings, suite, _tests(suite))


def _tests(suite: TestSuite) -> tuple[Planned, ...]:
    return tuple(
        Planned(t.full_name, t.parent.full_name, tuple(t.tags), t.doc, t.source, len(t.body))
        for t in suite.all_tests
    )


NAMES: Final = 12
"""Names of tests or suites that a message lists."""
_SELECTING_NOTHING: Final = re.compile(
    r"contains no tests .*?(?P<kind>matching name|in suite|matching tag) '(?P<name>[^']+)'"
)


def _meant(message: str, tests: Sequence[Planned]) -> str:
    """What a name that selects nothing may have meant."""
    found = _SELECTING_NOTHING.search(message)
    if found is None:
        return ""
    if found["kind"] == "in suite":
        empty = next((file for file in TESTS.rglob("*.robot") if file.stem == found["name"]), None)
        if empty is not None:
            return f" {shown(empty)} is there, but holds no test."
        names = {part for test in tests for part in test.suite.split(".")}
    elif found["kind"] == "matching tag":
        names = {tag for test in tests for tag in test.tags if not tag.startswith(PLUMBING_TAGS)}
    else:
        names = {test.name.removeprefix(f"{test.suite}.") for test in tests}
    return f"{did_you_mean(found['name'], names)} There are: {choices(found['name'], names, NAMES)}."


def _parsed(robot: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    try:
        options, sources = RobotFramework().parse_arguments(list(robot))
    except Information as information:
        raise Stop(information.message, 0) from information
    except DataError as problem:
        raise Stop(
            f"Robot Framework does not understand what stands after --: {problem.message}", USAGE_ERROR
        ) from problem
    return options, list(sources)


def _category(name: str, selection: Selection) -> str:
    """The tag that is meant: ``name`` itself, else ``area:name``."""
    everything = discover(selection)
    for tag in (name, f"area:{name}"):
        if everything.tagged(tag):
            return tag
    tags = {tag for test in everything.tests for tag in test.tags}
    promises = sorted(tag for tag in tags if tag.startswith("promise-"))
    if promises and name.startswith("promise-"):
        raise Stop(
            f"No test has the tag {name!r}: promises go from {promises[0]} to {promises[-1]}.", USAGE_ERROR
        )
    known = sorted(tag for tag in tags if not tag.startswith(PLUMBING_TAGS))
    raise Stop(
        f"No test has the tag {name!r}.{did_you_mean(name, _words(known))} "
        f"There are: {choices(name, known)}.",
        USAGE_ERROR,
    )


def _words(tags: Sequence[str]) -> list[str]:
    """Tags as they can be written: an area's name is enough."""
    return [*tags, *(tag.removeprefix("area:") for tag in tags if tag.startswith("area:"))]
