"""The reference of the command line: a page from the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from .. import arguments
from .shell import commands_of


def page() -> str:
    """The page."""
    lines = [
        "# Commands",
        "",
        f"`python3 run.py` stands for `python3 run.py {arguments.DEFAULT}`; so do its options. What follows"
        " `--` goes to Robot Framework untouched.",
        "",
        *_commands(arguments.parser(), "run.py", 2),
    ]
    return "\n".join(lines)


def _commands(parser: argparse.ArgumentParser, spoken: str, level: int) -> Iterator[str]:
    for name, sub in commands_of(parser).items():
        yield from (f"{'#' * level} {spoken} {name}", "", f"{sub.description or ''}", "")
        yield from (*_options(sub), "")
        yield from _commands(sub, f"{spoken} {name}", level + 1)


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        names = ", ".join(f"`{option}`" for option in action.option_strings)
        value = action.metavar if isinstance(action.metavar, str) and action.nargs != 0 else ""
        shown = f"{names} `{value}`" if names and value else names or f"`{value or action.dest}`"
        told = parser._get_formatter()._expand_help(action) if action.help else ""
        yield f"- {shown}: {told}"
