"""Examples as suites: one for each world, in which every example is a test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..project import RESOURCES
from .collect import Example, Owner, libraries

PEOPLE: Final = ("Ana", "Boris")
"""Who is there when an example names them: enterprise users of Northwind, connected."""
ORGANISATION: Final = "Northwind"

PREPARE: Final = """\
Prepare
    [Arguments]    @{people: str}
    Make Organisation    Northwind
    FOR    ${person: str}    IN    @{people}
        Make Person    ${person}    Northwind
        Open Session    ${person}
    END

Record
    Make Person    Ana    Northwind
    Open Session    Ana
    Ask    Ana    Which resources are idle?
    Wait For Answer    Ana
    Save Transcript    ${OUTPUT DIR}/recorded.jsonl    Ana
    Set Environment Variable    AGENT_CHAT_RECORDING    ${OUTPUT DIR}/recorded.jsonl
"""
"""What comes before an example."""

EMBEDDED: Final = "embedded"
SEVERAL: Final = "real_services"
"""The environment that has several processes, and a database that can be restarted."""


@dataclass(frozen=True, slots=True)
class World:
    """What an example may need beside its people.

    Attributes:
        settings: The settings of the suite that gives it.
        environment: The environment that can.
    """

    settings: str = ""
    environment: str = EMBEDDED


WORLDS: Final = {
    "": World(),
    "on a backend of its own": World(
        "Suite Setup    Start Private Backend    heartbeat_seconds=${1}    drain_seconds=${1}\n"
        "Test Tags    needs:private_backend    needs:lose_database\n"
    ),
    "on a deployment of its own": World(
        "Suite Setup    Start Private Deployment\n"
        "Test Tags    needs:several_processes    needs:restart_database\n",
        SEVERAL,
    ),
    "with a recording": World("Suite Setup    Record\n"),
}
"""What an example may need beside its people, by the words that follow ``Example,``."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An example, and all keywords whose documentation shows it.

    Attributes:
        example: The example.
        keywords: Their names.
        places: Where they stand.
        resource: The resource file they belong to; None for keywords of libraries.
    """

    example: Example
    keywords: tuple[str, ...]
    places: tuple[str, ...]
    resource: Path | None

    @property
    def name(self) -> str:
        """The name of its test."""
        return ", ".join(self.keywords)


def shown(owners: Iterable[Owner]) -> list[Shown]:
    """Every example once, with the keywords that show it.

    Args:
        owners: The libraries and resource files.
    """
    found: dict[tuple[Path | None, Example], list[tuple[str, str]]] = {}
    for owner in owners:
        for keyword in owner.keywords:
            for example in keyword.examples:
                key = (None if owner.is_library else owner.file, example)
                found.setdefault(key, []).append((keyword.name, keyword.place))
    return [
        Shown(example, tuple(name for name, _ in who), tuple(place for _, place in who), resource)
        for (resource, example), who in found.items()
    ]


def write(examples: Sequence[Shown], folder: Path) -> tuple[dict[tuple[str, str], Shown], dict[Path, str]]:
    """Writes the suites.

    Args:
        examples: The examples.
        folder: Where to.

    Returns:
        The examples by the names of their suites and tests, and the files with the worlds they need.

    Raises:
        ValueError: An example needs what no world gives.
    """
    by_suite: dict[tuple[str, Path | None], list[Shown]] = {}
    for one in examples:
        if one.example.world not in WORLDS:
            raise ValueError(
                f"{one.places[0]}: an example cannot be {one.example.world!r}; there are: "
                + ", ".join(repr(world) for world in WORLDS)
            )
        by_suite.setdefault((one.example.world, one.resource), []).append(one)
    tests: dict[tuple[str, str], Shown] = {}
    files: dict[Path, str] = {}
    for number, ((world, resource), ones) in enumerate(sorted(by_suite.items(), key=str), 1):
        file = folder / f"{number:02}_examples.robot"
        names = [f"{place:03} {one.name}" for place, one in enumerate(ones, 1)]
        files[file] = world
        file.write_text(_suite(world, resource, zip(names, ones, strict=True)), "utf-8")
        tests.update(((f"{number:02} Examples", name), one) for name, one in zip(names, ones, strict=True))
    return tests, files


def _suite(world: str, resource: Path | None, tests: Iterable[tuple[str, Shown]]) -> str:
    wanted = [RESOURCES / "chat.resource", *([resource] if resource is not None else [])]
    settings = [
        "*** Settings ***",
        *(f"Library    {path.as_posix()}/" for path in libraries()),
        "Library    OperatingSystem",
        "Library    RequestsLibrary",
        *(f"Resource    {path.as_posix()}" for path in wanted),
    ]
    parts = ["\n".join(settings), WORLDS[world].settings, "*** Keywords ***", PREPARE, "*** Test Cases ***"]
    parts += [_test(name, one.example) for name, one in tests]
    return "\n".join(parts)


def _test(name: str, example: Example) -> str:
    text = "\n".join(example.lines)
    there = [person for person in PEOPLE if re.search(rf"\b{person}\b", text)]
    setup = f"    [Setup]    Prepare    {'    '.join(there)}".rstrip() + "\n"
    steps = "".join(f"    {line}\n" for line in example.lines)
    return f"{name}\n{setup if there or ORGANISATION in text else ''}{steps}"
