"""``run.py new promise``: one more promise, and its test in a suite of its area."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary.nearest import choices, did_you_mean
from robot.api.parsing import ResourceImport, get_model

from .. import coverage, planning
from ..arguments import USAGE_ERROR
from ..console import Stop, say
from ..project import RESOURCES, TESTS, shown
from . import names, writing

NEEDED: Final = "chat.resource"
"""What the first version of the test takes its keywords from."""


def main(options: argparse.Namespace) -> int:
    """Registers the promise, writes its test, and brings the table of tests up to date.

    Args:
        options: The command line: ``name`` (the sentence), ``area`` and ``suite``.

    Returns:
        The exit status.

    Raises:
        Stop: The sentence is no good one or is promised already, or there is no such area or suite.
    """
    sentence = names.checked("promise", options.name, names.SENTENCE, " ")
    sentence = sentence[0].upper() + sentence[1:] if sentence.split()[0].isalpha() else sentence
    known = coverage.promises()
    for promise in known:
        if promise.promise.lower() == sentence.lower():
            raise Stop(f"This is promised already: {promise.tag}, {promise.promise}.", USAGE_ERROR)
    suites = _suites()
    area = options.area
    areas = {area for found in suites.values() for area in found} | {one.area for one in known}
    if area not in areas:
        raise Stop(
            f"There is no area {area!r}.{did_you_mean(area, areas)} There are: {choices(area, areas)}. "
            "A new one begins with a suite: python3 run.py new suite NAME",
            USAGE_ERROR,
        )
    suite = _suite(options.suite, area, suites)
    tag = f"promise-{max((int(one.tag.rpartition('-')[2]) for one in known), default=0) + 1:02d}"
    title = " ".join(word[0].upper() + word[1:] for word in sentence.replace("_", " ").split())
    _insert(suite, tag, title, None if area in suites[suite] else area)
    _register(tag, area, sentence)
    say(f"Added {tag} to {shown(coverage.PROMISES)} and its test to {shown(suite)}.")
    coverage.main(["--write"])
    say(f"Wrote {shown(coverage.TABLE)} again.")
    writing.next_steps(
        f'python3 run.py -- --include {tag}      (the test is "{title}")',
        "Put the question and what must follow into the test, and say in its documentation why it matters.",
        "Show that it can fail: python3 run.py new fault NAME",
    )
    return 0


def _suites() -> dict[Path, set[str]]:
    """The suites that a test can be added to, in order, and the areas of their tests."""
    found: dict[Path, set[str]] = {}
    for test in planning.discover(planning.select([], tests=TESTS)).suite.all_tests:
        file = Path(test.source)
        if file.suffix == ".robot":
            areas = found.setdefault(file, set())
            areas.update(tag.removeprefix("area:") for tag in test.tags if tag.startswith("area:"))
    return found


def _suite(name: str | None, area: str, suites: dict[Path, set[str]]) -> Path:
    if name is None:
        for file, areas in suites.items():
            if area in areas:
                return file
        raise Stop(f"No suite has tests of the area {area!r}; name one: --suite SUITE", USAGE_ERROR)
    stems = {file.stem: file for file in suites}
    plain = {re.sub(r"^\d+_+", "", stem): file for stem, file in stems.items()}
    wanted = Path(name).name.removesuffix(".robot").lower().replace(" ", "_")
    if wanted in stems or wanted in plain:
        return stems.get(wanted) or plain[wanted]
    raise Stop(
        f"There is no suite {name!r}.{did_you_mean(name, stems)} There are: {choices(name, stems)}.",
        USAGE_ERROR,
    )


def _insert(file: Path, tag: str, title: str, area: str | None) -> None:
    """Adds the test at the end of a suite's tests, and the import that it needs."""
    model = get_model(file)
    sections = {type(section).__name__: section for section in model.sections}
    tests, settings = sections["TestCaseSection"], sections.get("SettingSection")
    if any(test.name.lower() == title.lower() for test in tests.body if hasattr(test, "name")):
        raise Stop(
            f"{shown(file)} has a test {title!r} already. Say the promise in other words.", USAGE_ERROR
        )
    words = {type(one).__name__ for one in settings.body} if settings is not None else set()
    # What the suite does before each of its tests, or with their rows, is not for this one.
    own = "".join(f"    [{name}]    NONE\n" for name in ("Setup", "Template") if f"Test{name}" in words)
    tags = f"{tag}    area:{area}" if area else tag
    text = writing.filled("promise.robot.template", title=title, tags=tags, own=own)
    lines = file.read_text("utf-8").splitlines(keepends=True)
    end = tests.end_lineno
    while end and not lines[end - 1].strip():
        end -= 1
    lines[end:end] = ["\n", text]
    if not _reaches(file):
        lines[_after_imports(settings) : _after_imports(settings)] = [_import(file)]
    file.write_text("".join(lines), "utf-8")


def _import(file: Path) -> str:
    upwards = "../" * len(file.parent.relative_to(TESTS.parent).parts)
    return f"{'Resource':20}{upwards}resources/{NEEDED}\n"


def _after_imports(settings: Any) -> int:  # noqa: ANN401 -- Robot Framework's model has no types
    if settings is None:
        raise Stop(
            "The suite has no settings; add `*** Settings ***` with a documentation first.", USAGE_ERROR
        )
    imports = [
        one.end_lineno for one in settings.body if type(one).__name__ in {"ResourceImport", "Documentation"}
    ]
    return int(imports[-1] if imports else settings.lineno)


def _reaches(file: Path) -> bool:
    """Whether a suite has the keywords of a conversation, by itself or through what it imports."""
    waiting, seen = [file], set[Path]()
    while waiting:
        one = waiting.pop()
        if one in seen or not one.is_file():
            continue
        seen.add(one)
        if one == RESOURCES / NEEDED:
            return True
        for section in get_model(one).sections:
            for statement in section.body:
                if isinstance(statement, ResourceImport):
                    waiting += [(one.parent / statement.name).resolve()]
    return False


def _register(tag: str, area: str, sentence: str) -> None:
    """Adds the promise at the end of the list, one line each as the others."""
    text = coverage.PROMISES.read_text("utf-8").rstrip()
    entry = json.dumps({"tag": tag, "area": area, "promise": sentence}, ensure_ascii=False)
    head = text.removesuffix("]").rstrip()
    comma = "" if head == "[" else ","
    coverage.PROMISES.write_text(f"{head}{comma}\n  {entry}\n]\n", "utf-8")
