"""``run.py merge``: one report out of those of several machines, each of which ran a shard."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Final

from robot.api import ExecutionResult

from . import accept, artefacts, dealing, planning, private, telling
from .arguments import USAGE_ERROR
from .console import Clock, Stop, say
from .project import shown

OUTPUT: Final = "output.xml"
LOST: Final = "This test was planned, but none of the parts that were merged reports it."


def main(options: argparse.Namespace) -> int:
    """Merges reports.

    Args:
        options: The command line.

    Returns:
        The exit status: 0 only if every test that is planned is reported by a part, and none failed.

    Raises:
        Stop: A part is no folder of reports, or the parts were dealt out by different timings.
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
    clock = Clock()
    with accept.claimed(folder), private.written_privately():
        artefacts.empty(folder)
        for part in parts:
            recordings = part / artefacts.TRANSCRIPTS
            if recordings.is_dir():
                shutil.copytree(recordings, folder / artefacts.TRANSCRIPTS, dirs_exist_ok=True)
        with clock.part("report"):
            outputs = [part / OUTPUT for part in parts]
            outcome, files = artefacts.write(plan, folder, "of the parts", LOST, outputs)
        artefacts.close(folder)
    finished = accept.Finished(outcome)
    telling.tell(outcome, files)
    say(finished.last_line)
    return finished.status


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
