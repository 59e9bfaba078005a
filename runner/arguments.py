"""The command line: every command, and how it is read. Standard library only: help needs no environment."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from . import command_options as of
from . import hints, version
from .new import options as new

USAGE_ERROR: Final = 2
"""Exit status of a wrong command line, as argparse has it."""


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


COMMANDS: Final = {
    "accept": Command("run the acceptance suites (the default)", "runner.accept", of.accept),
    "test": Command(
        "lint, types, unit tests, the suites, and the proof on a sample",
        "runner.test",
        of.test,
        dev=True,
    ),
    "prove": Command(
        "run the suites against every fault and write the kill matrix",
        "runner.prove.command",
        of.prove,
    ),
    "merge": Command("make one report out of those of several machines", "runner.merge", of.merge),
    "judge": Command(
        "judge a recording by every rule that applies, with the dialect of an environment",
        "runner.judge",
        of.judge,
    ),
    "probe": Command(
        "look at a backend and draft its dialect and environment; the credential is AGENT_CHAT_CREDENTIAL",
        "runner.probe.command",
        of.probe,
    ),
    "targets": Command(
        "run the suites against every target and write the table of what each keeps and breaks",
        "runner.targets",
        of.targets,
    ),
    "docs": Command(
        "build the documentation as one site, in site/", "runner.docs.command", of.docs, dev=True
    ),
    "bench": Command(
        "take the benchmarks, each beside its peer in the same run",
        "bench.command",
        of.bench,
        extra="bench",
    ),
    "serve": Command("run the reference backend in the foreground", "runner.serve", of.serve),
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
