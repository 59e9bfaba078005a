"""``run.py merge``: one report out of those of several machines, each of which ran a shard."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from AgentChatLibrary import deployment
from AgentChatLibrary.deployment import Deployment
from robot.api import ExecutionResult

from . import accept, artefacts, dealing, notes, planning, private, summary, telling
from .arguments import USAGE_ERROR
from .console import Clock, Stop, say
from .leaks import Secrets
from .notes import Note
from .project import shown

OUTPUT: Final = "output.xml"
LOST: Final = "This test was planned, but none of the parts that were merged reports it."


def main(options: argparse.Namespace) -> int:
    """Merges reports.

    Args:
        options: The command line.

    Returns:
        The exit status: 0 only if every test that is planned is reported by a part, none failed, and no part
        has written a secret.

    Raises:
        Stop: A part is no folder of reports, or the parts were dealt out by different timings or ran against
            different backends.
    """
    plan = planning.discover(planning.select(options.robot, category=options.category))
    folder, parts = Path(plan.settings.output_directory), [Path(part) for part in options.parts]
    for part in parts:
        if not (part / OUTPUT).is_file():
            raise Stop(f"{shown(part)} holds no {OUTPUT}: it is no folder of reports.", USAGE_ERROR)
        if part.resolve() == folder.resolve():
            raise Stop(
                f"{shown(part)} is where the merged report goes; move the part, "
                "or name another folder: run.py merge PART... -- --outputdir FOLDER",
                USAGE_ERROR,
            )
    _dealt_out_alike(parts)
    noted = {part: notes.read(part) for part in parts}
    whole = _of_one_kind(noted)
    clock = Clock()
    with accept.claimed(folder), private.written_privately():
        artefacts.empty(folder)
        for part in parts:
            recordings = part / artefacts.TRANSCRIPTS
            if recordings.is_dir():
                shutil.copytree(recordings, folder / artefacts.TRANSCRIPTS, dirs_exist_ok=True)
        with clock.part("report"):
            outputs = [part / OUTPUT for part in parts]
            environment, fault = whole.environment, whole.fault
            outcome, files = artefacts.write(plan, folder, environment, LOST, outputs, fault=fault)
        with clock.part("scan for secrets"):
            secrets = Secrets(_known_secrets())
            known = [leak for note in noted.values() if note for leak in note.leaks]
            found = artefacts.scan(folder, secrets, outcome, environment, fault, further=files, known=known)
        artefacts.close(folder)
    finished = accept.Finished(outcome, found)
    telling.tell(outcome, files, secrets, found)
    unsearched = [part for part, note in noted.items() if note is None]
    if unsearched:
        say(f"Not searched for secrets: no {notes.FILE} says that its run came to its end:")
        for part in unsearched:
            say(f"  {shown(part)}")
    say(finished.last_line)
    return finished.status or int(bool(unsearched))


def _known_secrets() -> list[str]:
    """The secrets that this machine was given; those that a part has issued, its own run has looked for."""
    token, key = (os.environ.get(name, "") for name in (deployment.ADMIN_TOKEN, deployment.JWT_KEY))
    return accept.known_secrets(Deployment("", token, key))


def _of_one_kind(noted: Mapping[Path, Note | None]) -> Note:
    """What the parts have in common.

    Raises:
        Stop: They tell of different backends, or one has tried nothing.
    """
    known = {part: note for part, note in noted.items() if note}
    for part, note in known.items():
        if note.dry:
            raise Stop(f"{shown(part)} is of a dry run, which tries nothing: run it again.", USAGE_ERROR)
    told = {
        part: note.environment + (f", {summary.broken(note.fault)}" if note.fault else "")
        for part, note in known.items()
    }
    if len(set(told.values())) > 1:
        which = "; ".join(f"{shown(part)}: {against}" for part, against in told.items())
        raise Stop(
            f"The parts ran against different backends ({which}), so they are not one whole. "
            "Merge those of each environment by themselves.",
            USAGE_ERROR,
        )
    return next(iter(known.values()), Note("of the parts"))


def _dealt_out_alike(parts: list[Path]) -> None:
    """Makes sure that machines which dealt out the suites by themselves did it alike.

    Raises:
        Stop: They did not: some suites were run twice then, and some not at all.
    """
    by = {
        part: str(ExecutionResult(part / OUTPUT).suite.metadata.get(dealing.DEALT_OUT, "")) for part in parts
    }
    if len(set(by.values())) > 1:
        told = ", ".join(f"{shown(part)} by {known or 'none'}" for part, known in by.items())
        raise Stop(
            f"The parts were dealt out by different timings ({told}), so they are not one whole. "
            f"Give every machine the same results/{planning.TIMINGS}, or none of them one.",
            USAGE_ERROR,
        )
