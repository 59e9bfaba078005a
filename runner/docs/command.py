"""``run.py docs``: builds the site from its sources; a broken link fails."""

from __future__ import annotations

import argparse
from typing import Final

from ..console import Stop, say
from ..project import ROOT, shown
from . import pages
from .check import links

SITE: Final = ROOT / "site"


def main(options: argparse.Namespace) -> int:  # noqa: ARG001 -- every command takes them
    """Checks the pages and builds the site.

    Args:
        options: The command line.

    Returns:
        The exit status: 0 when nothing is wrong.
    """
    from . import site  # noqa: PLC0415 -- Sphinx is among the development requirements

    problems = links()
    try:
        problems += site.build(SITE)
    except pages.NotListed as problem:
        raise Stop(str(problem)) from problem
    for line in problems:
        say(line)
    number = len(list(SITE.rglob("*.html")))
    size = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file()) / 1e6
    say(f"{number} pages, {size:.1f} MB: {shown(SITE / 'index.html')}")
    return 1 if problems else 0
