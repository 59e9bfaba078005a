"""The command line: every command and its options. Standard library only: help needs no environment."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from . import hints, version
from .new import options as new

USAGE_ERROR: Final = 2
"""Exit status of a wrong command line, as argparse has it."""


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


@dataclass(frozen=True, slots=True)
class Command:
    """One command of ``run.py``.

    Attributes:
        summary: One line for the help.
        module: The module whose ``main(options)`` does it.
        configure: Adds its options to its parser.
        dev: Whether it needs the development requirements.
        extra: The ending of a requirements file that it needs, beside requirements.txt.
    """

    summary: str
    module: str
    configure: Callable[[argparse.ArgumentParser], None]
    dev: bool = False
    extra: str = ""


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


def _accept(parser: argparse.ArgumentParser) -> None:
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


JOBS: Final = max(2, 2 * (os.cpu_count() or 1))
"""Faults or mutants that are tried at the same time: a trial waits about as long as it works."""


def _test(parser: argparse.ArgumentParser) -> None:
    _running(parser)
    _sampling(parser)
    parser.add_argument("--sample", metavar="N", type=_count, default=6, help="faults to prove (default: 6)")


def _prove(parser: argparse.ArgumentParser) -> None:
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
        help="faults or mutants at the same time (default: two for each core, %(default)s here)",
    )
    parser.add_argument("--fresh", action="store_true", help="prove again what an earlier run has proven")
    parser.add_argument(
        "--list",
        metavar="GROUP",
        nargs="?",
        const="",
        help="tell the faults there are, all or those of a group, and prove nothing",
    )


def _merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "parts", metavar="PART", nargs="+", help="the folder of reports of one machine (run with --shard)"
    )
    parser.add_argument("--category", metavar="NAME", help="the tag that the parts were run with, if any")


def _serve(parser: argparse.ArgumentParser) -> None:
    _environment(parser)
    parser.add_argument(
        "--port", metavar="N", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)"
    )


def _judge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a transcript, JSON Lines of frames, or a HAR file of a browser"
    )
    _environment(parser)


def _probe(parser: argparse.ArgumentParser) -> None:
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


def _targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="environments (default: embedded agno aimock)"
    )
    parser.add_argument(
        "--table", action="store_true", help="write the table from the last results and run nothing"
    )
    parser.add_argument("--processes", metavar="N", type=_count, help="suites that run at the same time")


def _docs(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def _bench(parser: argparse.ArgumentParser) -> None:
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


COMMANDS: Final = {
    "accept": Command("run the acceptance suites (the default)", "runner.accept", _accept),
    "test": Command(
        "lint, types, unit tests, the suites, and the proof on a sample", "runner.test", _test, dev=True
    ),
    "prove": Command(
        "run the suites against every fault and write the kill matrix", "runner.prove.command", _prove
    ),
    "merge": Command("make one report out of those of several machines", "runner.merge", _merge),
    "judge": Command(
        "judge a recording by every rule that applies, with the dialect of an environment",
        "runner.judge",
        _judge,
    ),
    "probe": Command(
        "look at a backend and draft its dialect and environment; the credential is AGENT_CHAT_CREDENTIAL",
        "runner.probe.command",
        _probe,
    ),
    "targets": Command(
        "run the suites against every target and write the table of what each keeps and breaks",
        "runner.targets",
        _targets,
    ),
    "docs": Command("build the documentation as one site, in site/", "runner.docs.command", _docs, dev=True),
    "bench": Command(
        "take the benchmarks, each beside its peer in the same run", "bench.command", _bench, extra="bench"
    ),
    "serve": Command("run the reference backend in the foreground", "runner.serve", _serve),
    "new": Command(
        "write a small, correct suite, promise, fault or environment to begin with",
        "runner.new.command",
        new.configure,
    ),
}

DEFAULT: Final = "accept"

_AFTER: Final = """\
Everything after -- goes to Robot Framework untouched:
  python3 run.py -- --test "*upgrade*" --loglevel TRACE

Exit status: 0 all is well, 1 something failed, 2 the command line is wrong, 130 interrupted.
"""


class _Version(argparse.Action):
    """Tells the version; it is read only when somebody asks."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Prints it and ends."""
        print(f"{parser.prog} {version.current()}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    main = argparse.ArgumentParser(
        prog="run.py",
        description="Proves that an agent-chat backend keeps its promises. Without a command: accept.",
        epilog=_AFTER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    main.add_argument("--version", action=_Version, nargs=0, help="tell the version and end")
    commands = main.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            epilog=_AFTER,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.configure(sub)
    return main


def parse(args: Sequence[str]) -> argparse.Namespace:
    """Reads a command line.

    Args:
        args: What stands after ``run.py``.

    Returns:
        The options; ``command`` names the command, ``robot`` holds what goes to Robot Framework, and ``dev``
        says whether the development requirements are needed.

    Raises:
        SystemExit: For ``--help`` (0) and for a wrong command line (2).
    """
    own, robot = list(args), []
    if "--" in own:
        at = own.index("--")
        own, robot = own[:at], own[at + 1 :]
    main = parser()
    told = hints.meant(own, robot, list(COMMANDS))
    if told:
        main.error(told)
    if not own or (own[0].startswith("-") and own[0] not in {"-h", "--help", "--version"}):
        own.insert(0, DEFAULT)
    options = main.parse_args(own)
    options.robot, options.dev = robot, COMMANDS[options.command].dev
    options.extra = COMMANDS[options.command].extra
    if robot and options.command == "serve":
        main.error("serve starts no Robot Framework; nothing may stand after --")
    if options.command == "prove" and options.mutants:
        options.dev = True
        if robot or options.fault or options.only or options.full:
            main.error("--mutants meet the tests that notice them first; no fault or test can be chosen")
    return options
