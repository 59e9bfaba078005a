"""Command lines in the documentation: whether what they call, and its options, exist."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from robot.errors import DataError, Information
from robot.rebot import Rebot
from robot.run import RobotFramework

from .. import arguments
from ..project import ROOT

ASSIGNED: Final = re.compile(r"[A-Z_][A-Z0-9_]*=.*")
"""A variable in front of a command."""
OWN: Final = ("backend", "runner", "bench", "targets")
"""Packages of the project that can be started with ``python -m``."""
PYTHONS: Final = re.compile(r"(?:\S*/)?python(?:3(?:\.\d+)?)?")
OPTION: Final = re.compile(r"--?[A-Za-z][\w-]*")


def problems(text: str) -> Iterator[str]:
    """What is wrong with command lines; lines that call nothing of the project are not judged.

    Args:
        text: The lines.
    """
    for line in text.replace("\\\n", " ").splitlines():
        try:
            words = shlex.split(line.removeprefix("$ "), comments=True)
        except ValueError:  # words about something, with an apostrophe
            continue
        while words and (ASSIGNED.fullmatch(words[0]) or words[0] == "export"):
            words.pop(0)
        found = _problem(words)
        if found:
            yield f"`{line.strip()}`: {found}"


def _problem(words: Sequence[str]) -> str:
    if not words:
        return ""
    if PYTHONS.fullmatch(words[0]) and len(words) > 1:
        if words[1] == "-m" and len(words) > 2:  # noqa: PLR2004 -- a module follows
            return _module(words[2], words[3:])
        words = words[1:]
    name = words[0].rpartition("/")[2]
    if name == "run.py":
        return _runner(words[1:])
    if name in {"robot", "pabot"}:
        return _robot(words[1:]) if name == "robot" else ""
    return _parsed(Rebot(), words[1:]) if name == "rebot" else ""


def _runner(words: Sequence[str]) -> str:
    own, robot = list(words), []
    if "--" in own:
        own, robot = own[: own.index("--")], own[own.index("--") + 1 :]
    if own in (["..."], ["…"]):
        return ""
    if not own or (own[0].startswith("-") and own[0] not in {"--help", "-h", "--version"}):
        own.insert(0, arguments.DEFAULT)
    parser, spoken = arguments.parser(), "run.py"
    for word in own:
        option = word.partition("=")[0]
        choices = commands_of(parser)
        if OPTION.fullmatch(option) and option not in parser._option_string_actions:
            return f"{spoken} has no option {option}"
        if choices and not word.startswith("-"):
            either = word.split("|")  # as people write that one of several may stand there
            absent = next((one for one in either if one not in choices and not one.isupper()), None)
            if absent is not None:
                return f"{spoken} has no command {absent!r}"
            if either[0] not in choices:
                return ""
            parser, spoken = choices[either[0]], f"{spoken} {either[0]}"
    return _robot(robot) if robot else ""


def commands_of(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The commands that a parser knows, if any."""
    actions = parser._actions
    return next((a.choices for a in actions if isinstance(a, argparse._SubParsersAction)), {})


def _robot(words: Sequence[str]) -> str:
    return _parsed(RobotFramework(), [*words, "tests"])


def _parsed(program: RobotFramework | Rebot, words: Sequence[str]) -> str:
    try:
        program.parse_arguments(list(words))
    except Information:
        return ""
    except DataError as problem:
        return str(problem)
    return ""


def _module(name: str, words: Sequence[str]) -> str:
    package = name.partition(".")[0]
    if name == "robot":
        return _robot(words)
    if name == "robot.libdoc" or package not in OWN:
        return "" if importlib.util.find_spec(package) else f"there is no module {package}"
    try:
        spec = importlib.util.find_spec(f"{name}.__main__") or importlib.util.find_spec(name)
    except ModuleNotFoundError:
        spec = importlib.util.find_spec(name) if _exists(name) else None
    if spec is None or spec.origin is None:
        return f"there is no module {name}"
    folder = Path(spec.origin).parent
    files = [Path(spec.origin), *(folder.glob("*.py") if folder != ROOT / package else ())]
    files += [ROOT / package / "options.py", ROOT / package / "settings.py"]
    known = {option for file in files if file.exists() for option in _strings(file)}
    for word in words:
        option = word.partition("=")[0]
        if OPTION.fullmatch(option) and option not in known | {"--help", "-h"}:
            return f"{name} has no option {option}"
    return ""


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _strings(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("-"):
            yield node.value
