"""What trials are handed out is what Robot Framework would have read and found by itself."""

from __future__ import annotations

import importlib
import multiprocessing
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from robot import running
from robot.running import Keyword, ResourceFile, keywordfinder
from robot.running.builder import ResourceFileBuilder
from robot.running.builder.parsers import RobotParser

from runner.project import RESOURCES, TESTS

T = TypeVar("T")


def _elsewhere(do: Callable[[], T]) -> T:
    """Does something in a process of its own: what is tested changes Robot Framework for a whole process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(do).result()


def _in_place() -> Any:
    """Puts what is tested in place, and returns the builder that ``robot`` uses then."""
    importlib.import_module("runner.prove.reading")
    return importlib.import_module("robot.run").TestSuiteBuilder


def _told(suite: running.TestSuite) -> dict[str, Any]:
    return dict(suite.to_dict())


def _kept() -> dict[Any, running.TestSuite]:
    """What has not been handed out yet."""
    return importlib.import_module("runner.prove.reading")._BUILT


def _compare_suites(**options: str) -> int:
    """Returns how many suites have not been handed out."""
    alone = _told(running.TestSuiteBuilder(**options).build(TESTS))
    builder = _in_place()
    assert builder is not running.TestSuiteBuilder
    assert _told(builder(**options).build(TESTS)) == alone
    return len(_kept())


def _compare_below_another_folder(file: Path) -> None:
    defaults = running.TestDefaults(tags=["inherited"], timeout="1 minute")
    alone = _told(RobotParser().parse_suite_file(file, defaults))
    handing_out = _in_place()().standard_parsers["robot"]
    assert _told(handing_out.parse_suite_file(file, defaults)) == alone


def _compare_finding() -> None:
    files = [ResourceFileBuilder().build(file) for file in sorted(RESOURCES.rglob("*.resource"))]
    names = {name for file in files for name in _called(file)}
    names |= {"ana  Asks", "ANA ASKS ${something}", "${Ana} asks, and is told", "Nobody Has Written This"}
    owns = [keywordfinder.KeywordCache(file.keywords) for file in files]
    _in_place()
    kept = [keywordfinder.KeywordCache(file.keywords) for file in files]
    assert type(kept[0]) is not type(owns[0])
    for name in sorted(names):
        for own, finding in zip(owns, kept, strict=True):
            for _ in range(2):  # the second time it is known
                assert finding.find(name) == own.find(name), name
    assert any(cache.embedded for cache in owns)


def _called(file: ResourceFile) -> Iterator[str]:
    for keyword in file.keywords:
        yield re.sub(r"\$\{[^}]*\}", "${value}", keyword.name)
        for step in keyword.body:
            if isinstance(step, Keyword) and step.name:
                yield step.name
                yield step.name.partition(" ")[2]  # without the Given, When or Then that it may have


def test_suites_are_handed_out_as_they_would_be_read() -> None:
    """With the setups, tags and time limits that the files of their folders give them."""
    assert _elsewhere(_compare_suites) == 0


def test_suites_in_other_languages_are_read_as_before() -> None:
    """What was read in English may mean something else there."""
    assert _elsewhere(partial(_compare_suites, lang="fi"))


def test_a_suite_inherits_from_the_folders_above_it() -> None:
    """What was read below folders that say one thing does not do where they say another."""
    _elsewhere(partial(_compare_below_another_folder, TESTS / "01_connection.robot"))


def test_keywords_are_found_as_robot_framework_finds_them() -> None:
    """In the same file, with embedded arguments, with variables in the name, and not at all."""
    _elsewhere(_compare_finding)
