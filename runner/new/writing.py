"""The starting files: templates in ``templates/``, filled in and written once."""

from __future__ import annotations

from pathlib import Path
from string import Template

from ..console import say
from ..project import shown

FOLDER = Path(__file__).with_name("templates")


def filled(template: str, **values: str) -> str:
    """A template with its places filled in.

    Args:
        template: A file in ``templates/``; ``$$`` is a dollar sign, ``$$NAME`` a place.
        values: What goes into the places.
    """
    return Template((FOLDER / template).read_text("utf-8")).substitute(values)


def write(file: Path, text: str) -> None:
    """Writes a new file and says so.

    Args:
        file: A file that does not exist.
        text: What it holds.
    """
    with file.open("x", encoding="utf-8") as opened:
        opened.write(text)
    say(f"Wrote {shown(file)}.")


def next_steps(*steps: str) -> None:
    """Says what to do now.

    Args:
        steps: One line each.
    """
    say("Next:")
    for step in steps:
        say(f"  {step}")
