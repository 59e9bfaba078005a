"""The command line of ``run.py new``. Standard library only: help needs no environment."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that can be begun.

    Attributes:
        summary: What is written, in a line.
        metavar: What its name is called in the help.
        named: What a good name is.
        configure: Adds its own options.
    """

    summary: str
    metavar: str
    named: str
    configure: Callable[[argparse.ArgumentParser], None]


def _suite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--area", metavar="AREA", help="the area of its tests (default: the name, without a number)"
    )


def _promise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--area", metavar="AREA", required=True, help="the area it belongs to, such as business"
    )
    parser.add_argument(
        "--suite", metavar="SUITE", help="the suite its test goes into (default: the first of the area)"
    )


def _fault(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--group",
        metavar="GROUP",
        default="events",
        help="the kind of promise that it breaks, one word (default: %(default)s)",
    )


def _environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url",
        metavar="URL",
        help="where the backend runs, such as https://chat.example (default: the reference backend)",
    )


KINDS: Final = {
    "suite": Kind(
        "a suite in tests/ with one test that passes at once",
        "NAME",
        "lower-case letters and digits, words joined by _, such as monthly_reports; 12_monthly_reports where "
        "the order matters",
        _suite,
    ),
    "promise": Kind(
        "a promise in resources/promises.json, and its test in a suite",
        "SENTENCE",
        'a sentence of at least three words, without a full stop, such as "Idle resources are found"',
        _promise,
    ),
    "fault": Kind(
        "a broken variant of the backend in backend/faults/",
        "NAME",
        "lower-case letters and digits, words joined by -, such as answer-without-total",
        _fault,
    ),
    "environment": Kind(
        "an environment in variables/ with every value explained",
        "NAME",
        "lower-case letters and digits, words joined by _, beginning with a letter, such as staging",
        _environment,
    ),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds a sub-command for each kind.

    Args:
        parser: The parser of ``new``.
    """
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for name, kind in KINDS.items():
        sub = kinds.add_parser(
            name,
            help=kind.summary,
            description=f"Writes {kind.summary}. Nothing is ever overwritten.",
            epilog=f"A good {kind.metavar}: {kind.named}.",
            allow_abbrev=False,
        )
        sub.add_argument("name", metavar=kind.metavar, help="what it is called (see below)")
        kind.configure(sub)
