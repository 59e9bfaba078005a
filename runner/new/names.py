"""What a good name is, and what is said of a bad one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ..arguments import USAGE_ERROR
from ..console import Stop
from ..project import shown
from .options import KINDS

SUITE: Final = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
FAULT: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
ENVIRONMENT: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
AREA: Final = re.compile(r"[a-z]+(-[a-z0-9]+)*")
GROUP: Final = re.compile(r"[a-z]+")
SENTENCE: Final = re.compile(r"[A-Za-z]\w*( [\w',-]+){2,}")
"""At least three words, single spaces, nothing that Robot Framework reads as its own."""
LONGEST: Final = 80
"""Characters of a name; a report shows it in one line."""


def checked(kind: str, name: str, pattern: re.Pattern[str], joined: str) -> str:
    """The name, if it is a good one.

    Args:
        kind: What it names: one of the kinds of ``run.py new``.
        name: What the user wrote.
        pattern: What all of a good name matches.
        joined: What joins the words of a good name; ``" "`` for sentences.

    Returns:
        The name.

    Raises:
        Stop: It is no good name; the message says what one is.
    """
    if pattern.fullmatch(name) and len(name) <= LONGEST:
        return name
    better = _bettered(name, joined)
    article = "an" if kind[0] in "aeiou" else "a"
    hint = f" Did you mean {better!r}?" if pattern.fullmatch(better) and len(better) <= LONGEST else ""
    raise Stop(
        f"{name!r} is no good name for {article} {kind}.{hint} A good one: {KINDS[kind].named} "
        f"(at most {LONGEST} characters).",
        USAGE_ERROR,
    )


def word(what: str, text: str, pattern: re.Pattern[str], example: str) -> str:
    """An area or a group, if it is a good one.

    Args:
        what: What it is called.
        text: What the user wrote.
        pattern: What all of it matches.
        example: A good one.

    Raises:
        Stop: It is none.
    """
    if not pattern.fullmatch(text):
        raise Stop(f"{text!r} is no good {what}: write lower-case letters, such as {example}.", USAGE_ERROR)
    return text


def free(file: Path) -> Path:
    """A file that does not exist yet.

    Args:
        file: Where something is to be written.

    Returns:
        The file.

    Raises:
        Stop: It exists.
    """
    if file.exists():
        raise Stop(
            f"{shown(file)} exists already, and nothing is overwritten. Choose another name.", USAGE_ERROR
        )
    return file


def _bettered(name: str, joined: str) -> str:
    if joined == " ":
        return " ".join(re.sub(r"[^\w',-]+", " ", name).split())
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return joined.join(words)
