"""What may be chosen for each command of ``run.py``. Standard library only: help needs no environment."""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass
from typing import Final

JOBS: Final = 3 * (os.cpu_count() or 1)
"""Faults or mutants that are tried at the same time: a trial waits longer than it works."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of the suites one of several machines runs.

    Attributes:
        index: This machine's number, from 1.
        count: How many machines share the suites.
    """

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def _shard(text: str) -> Shard:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N with 1 <= I <= N, such as 1/3")
    return Shard(int(found[1]), int(found[2]))


def _count(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _port(text: str) -> int:
    highest = 65535  # RFC 9293: ports are 16 bits
    if not text.isdigit() or int(text) > highest:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to {highest}; 0 picks a free one)")
    return int(text)


def _environment(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--env", metavar="NAME", help="environment: a file in variables/ (default: embedded)")
    choice.add_argument(
        "--real-services",
        dest="env",
        action="store_const",
        const="real_services",
        help="short for --env real_services",
    )


def _running(parser: argparse.ArgumentParser) -> None:
    _environment(parser)
    parser.add_argument("--processes", metavar="N", type=_count, help="suites that run at the same time")


def accept(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the acceptance suites."""
    _running(parser)
    parser.add_argument("--category", metavar="NAME", help="only the tests with this tag")
    parser.add_argument(
        "--keep-transcripts", action="store_true", help="keep what was recorded in tests that pass, too"
    )
    parser.add_argument(
        "--history", action="store_true", help="add the run to results/history/ and draw trends over all runs"
    )
    parser.add_argument("--shard", metavar="I/N", type=_shard, help="only the I-th of N parts of the suites")


def _sampling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", metavar="S", type=int, help="which sample (default: a new one, printed)")


def test(parser: argparse.ArgumentParser) -> None:
    """Adds the options of all checks."""
    _running(parser)
    _sampling(parser)
    parser.add_argument("--sample", metavar="N", type=_count, default=6, help="faults to prove (default: 6)")


def prove(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the proof."""
    _environment(parser)
    parser.add_argument(
        "--fault", metavar="NAME", action="append", default=[], help="only this fault; repeatable"
    )
    parser.add_argument("--only", metavar="TAG", help="only the tests with this tag")
    parser.add_argument(
        "--sample", metavar="N", type=_count, help="only N faults or mutants, chosen by --seed"
    )
    _sampling(parser)
    parser.add_argument("--full", action="store_true", help="run every test against every fault")
    parser.add_argument(
        "--mutants",
        metavar="WHAT",
        nargs="?",
        const="both",
        help="mutants instead of faults: backend, rules, both (the default), or a file of theirs",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_count,
        default=JOBS,
        help="faults or mutants at the same time (default: three for each core)",
    )
    parser.add_argument("--fresh", action="store_true", help="prove again what an earlier run has proven")
    parser.add_argument(
        "--list",
        metavar="GROUP",
        nargs="?",
        const="",
        help="tell the faults there are, all or those of a group, and prove nothing",
    )


def merge(parser: argparse.ArgumentParser) -> None:
    """Adds the options of merging reports."""
    parser.add_argument(
        "parts", metavar="PART", nargs="+", help="the folder of reports of one machine (run with --shard)"
    )
    parser.add_argument("--category", metavar="NAME", help="the tag that the parts were run with, if any")


def serve(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the backend in the foreground."""
    _environment(parser)
    parser.add_argument(
        "--port", metavar="N", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)"
    )


def judge(parser: argparse.ArgumentParser) -> None:
    """Adds the options of judging a recording."""
    parser.add_argument(
        "file", metavar="FILE", help="a transcript, JSON Lines of frames, or a HAR file of a browser"
    )
    _environment(parser)


def probe(parser: argparse.ArgumentParser) -> None:
    """Adds the options of looking at a backend."""
    parser.add_argument("url", metavar="URL", help="the WebSocket's address, such as ws://HOST:PORT/PATH")
    parser.add_argument("--name", metavar="NAME", default="probed", help="of the files (default: probed)")
    parser.add_argument("--title", metavar="TEXT", help="the backend's name, for people (default: NAME)")
    parser.add_argument(
        "--ask", metavar="JSON", help="how a question is sent, with $content in its place (default: tried)"
    )
    parser.add_argument(
        "--value",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a value for another place in --ask; repeatable",
    )
    parser.add_argument(
        "--question",
        metavar="TEXT",
        default="Where can we cut our cloud bill?",
        help="what is asked (default: %(default)s)",
    )
    parser.add_argument(
        "--quiet",
        metavar="SECONDS",
        type=float,
        default=3.0,
        help="how long nothing must come before an answer counts as whole (default: %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="write over files that exist")


def targets(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the suites against every target."""
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="environments (default: embedded agno aimock)"
    )
    parser.add_argument(
        "--table", action="store_true", help="write the table from the last results and run nothing"
    )
    parser.add_argument("--processes", metavar="N", type=_count, help="suites that run at the same time")


def docs(parser: argparse.ArgumentParser) -> None:
    """Adds none: of the documentation there is nothing to choose."""


def bench(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the benchmarks."""
    parser.add_argument("names", metavar="FIGURE", nargs="*", help="figures to take (default: all)")
    parser.add_argument("--list", action="store_true", help="name the figures and take none")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="fewer rounds, under three minutes; fails when a ratio is behind the recorded baseline",
    )
    parser.add_argument("--record", action="store_true", help="record the ratios as the new baseline")
    parser.add_argument(
        "--write", action="store_true", help="write docs/performance.md, docs/capacity.md and the plots"
    )
