"""What a command line was probably meant to be, where argparse could only say that it is wrong.

Standard library only: help needs no environment.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

OF_ROBOT: Final = {
    *("--test", "-t", "--suite", "-s", "--include", "-i", "--exclude", "-e", "--variable", "-v"),
    *("--loglevel", "-L", "--outputdir", "-d", "--rerunfailed", "-R", "--rerunfailedsuites", "--task"),
    *("--dryrun", "--exitonfailure", "-X", "--variablefile", "-V", "--argumentfile", "-A", "--listener"),
    *("--name", "-N", "--skip", "--skiponfailure", "--randomize", "--xunit", "-x", "--log", "--report"),
}
"""Options of Robot Framework that are written in front of ``--`` most easily."""
OF_RUNS: Final = ("--category", "--processes", "--shard", "--real-services", "--keep-transcripts")
"""Options of run.py that are written behind ``--`` most easily."""
SENTENCE: Final = 2
"""Words from which on a name is a sentence."""


def meant(own: Sequence[str], robot: Sequence[str], commands: Sequence[str]) -> str:
    """What a command line was probably meant to be; empty where it looks right.

    Args:
        own: What stands in front of ``--``.
        robot: What stands behind it.
        commands: The commands there are.
    """
    command, rest = (own[0], list(own[1:])) if own and own[0] in commands else ("", list(own))
    return (
        _behind(robot)
        or (_ofrobot(command, rest) if command in {"", "accept", "test"} else "")
        or (_new(rest) if command == "new" else "")
        or (_prove(rest) if command == "prove" else "")
    )


def _behind(robot: Sequence[str]) -> str:
    for option in robot:
        name = option.partition("=")[0]
        if name in OF_RUNS:
            return f"{name} stands before --: what follows -- goes to Robot Framework"
    return ""


def _ofrobot(command: str, rest: Sequence[str]) -> str:
    first = ["run.py", *([command] if command else [])]
    for at, option in enumerate(rest):
        if option.partition("=")[0] in OF_ROBOT:
            line = shlex.join([*first, *rest[:at], "--", *rest[at:]])
            return f"{option.partition('=')[0]} belongs to Robot Framework: python3 {line}"
    if rest and not command and not rest[0].startswith("-") and rest[0].endswith((".robot", ".md")):
        return f"suites stand behind --: python3 {shlex.join([*first, '--', *rest])}"
    if rest and not command and re.fullmatch(r"[\w/.]*[/_][\w/.]*", rest[0]):
        which = ["--", rest[0]] if "/" in rest[0] else ["--", "--suite", rest[0]]
        line = shlex.join([*first, *which])
        return f"there is no command {rest[0]!r}; suites stand behind --: python3 {line}"
    return ""


def _new(rest: Sequence[str]) -> str:
    kind, words = (rest[0], _words(rest[1:])) if rest else ("", [])
    if kind in {"test", "case", "testcase"}:
        name = words[0] if words else "NAME"
        return f"there is no `new {kind}`; write `new suite {name}`, or `new promise` with a sentence"
    if kind == "promise" and len(words) >= SENTENCE:
        return f'put the sentence between quotes: new promise "{" ".join(words)}" --area AREA'
    return ""


def _prove(rest: Sequence[str]) -> str:
    for at, option in enumerate(rest):
        if option.partition("=")[0] == "--faults":
            name = option.partition("=")[2] or " ".join(rest[at + 1 : at + 2]) or "NAME"
            return f"prove --fault {name}"
    stray = _words(rest)
    return f"prove --fault {' --fault '.join(stray)}" if stray and rest[0] == stray[0] else ""


def _words(rest: Sequence[str]) -> list[str]:
    """The words in front of the first option."""
    words = []
    for word in rest:
        if word.startswith("-"):
            break
        words.append(word)
    return words
