"""What a run leaves in its folder: written once, for its user alone, and emptied when the next one begins."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from . import history, leaks, notes, private, results, summary, workers
from .leaks import Leak, Secrets
from .notes import Note
from .planning import TIMINGS, Plan
from .results import Outcome

TRANSCRIPTS: Final = "transcripts"
"""Where the recordings of tests go; log.html links there."""
SUMMARY: Final = "summary.md"
BACKEND: Final = "Backend"
"""The metadata of a report that says so where the backend was broken on purpose."""
BACKEND_LOG: Final = "backend.log"
PAGES: Final = (
    *("log.html", "report.html", "output.xml", results.JSON, "xunit.xml", SUMMARY, BACKEND_LOG),
    notes.FILE,
)
WORK: Final = (workers.SUITE_NAMES, workers.PABOT_LOG, workers.ORDER)
PROOF: Final = "proof"
"""What ``run.py prove`` writes below results/: another run's, so left alone here."""


def empty(folder: Path) -> None:
    """Removes what the last run wrote, so that nothing old passes for new.

    Args:
        folder: The folder of reports; the history and the proof stay.
    """
    for name in (workers.PABOT_FOLDER, TRANSCRIPTS):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (*PAGES, *WORK):
        (folder / name).unlink(missing_ok=True)


def removes(folder: Path, file: Path) -> bool:
    """Whether :func:`empty` would remove a file.

    Args:
        folder: The folder of reports.
        file: The file.
    """
    home, wanted = folder.resolve(), file.resolve()
    if any(wanted.is_relative_to(home / name) for name in (workers.PABOT_FOLDER, TRANSCRIPTS)):
        return True
    return wanted in {home / name for name in (*PAGES, *WORK)}


def write(
    plan: Plan,
    folder: Path,
    environment: str,
    lost: str,
    outputs: Sequence[Path] | None = None,
    *,
    fault: str = "",
) -> tuple[Outcome, list[Path]]:
    """Puts outputs together and writes the reports.

    Args:
        plan: The run.
        folder: The folder of reports.
        environment: What it ran against.
        lost: What a test says that was planned and not reported.
        outputs: The outputs; those of the run's workers when omitted.
        fault: The fault that the backend was started with, if any.

    Returns:
        What the run came to, and the files.
    """
    found = workers.outputs(folder) if outputs is None else outputs
    outcome = results.combine(plan, found, lost_message=lost)
    if fault:
        outcome.result.suite.metadata[BACKEND] = summary.broken(fault)
    files = results.write(outcome, plan)
    summary.write(folder / SUMMARY, outcome, environment=environment, fault=fault)
    return outcome, [*files, folder / SUMMARY]


def told_where(plan: Plan) -> list[Path]:
    """Files that tests and reports are written to besides, where the command line asks for them.

    Args:
        plan: The run.
    """
    settings = plan.settings
    files = [Path(settings.debug_file)] if settings.debug_file else []
    if settings.log and settings.split_log:
        log = Path(settings.log)
        files += sorted(log.parent.glob(f"{glob.escape(log.stem)}-*.js"))
    return files


def scan(
    folder: Path,
    secrets: Secrets,
    outcome: Outcome,
    environment: str,
    fault: str = "",
    *,
    further: Sequence[Path] = (),
    known: Sequence[Leak] = (),
) -> list[Leak]:
    """Looks for secrets in everything that the run wrote, notes what was found, and tells it in the summary.

    Args:
        folder: The folder of reports.
        secrets: What to look for.
        outcome: What the run came to.
        environment: What it ran against.
        fault: The fault that the backend was started with, if any.
        further: What the run wrote that may lie outside of the folder.
        known: Where secrets are that were found before.

    Returns:
        Where secrets are.
    """
    found = [*known, *leaks.scan(folder, secrets, skip=(PROOF,), further=further)]
    if found:
        told = [str(leak) for leak in found]
        summary.write(folder / SUMMARY, outcome, environment=environment, leaks=told, fault=fault)
    notes.write(folder, Note(environment, fault, outcome.dry, tuple(found)))
    return found


def close(folder: Path) -> None:
    """Lets nobody else read what the run wrote.

    Args:
        folder: The folder of reports.
    """
    folders = (workers.PABOT_FOLDER, TRANSCRIPTS, history.FOLDER)
    names: Sequence[str] = (*PAGES, *WORK, TIMINGS, *folders)
    private.close_to_others(folder / name for name in names)
