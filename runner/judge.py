"""``run.py judge FILE``: a recording, judged by every rule that applies to it, as a report."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Final

from AgentChatLibrary.recordings import RecordingProblem, read

from . import accept, environments, planning
from .console import Clock, Stop, counted, say
from .project import RESULTS, ROOT

SUITES: Final = ROOT / "judging"
RECORDING: Final = "AGENT_CHAT_RECORDING"
JUDGED: Final = RESULTS / "judged"
"""Where the report goes unless told otherwise: the recording may be one of the last run's, in results/."""


def main(options: argparse.Namespace) -> int:
    """Judges a recording.

    Args:
        options: The command line.

    Returns:
        The exit status: 1 also where frames are missing, since what holds of the others proves too little.

    Raises:
        Stop: The file cannot be judged; the message says why.
    """
    clock = Clock()
    with clock.part("planning"):
        env = environments.chosen(options.env)
        plan = planning.discover(planning.select(options.robot, tests=SUITES, results=JUDGED))
        file = _found(options.file)
        try:
            recording = read(file)
        except RecordingProblem as problem:
            raise Stop(str(problem)) from problem
    speaks = env.dialect.name if env.translation is not None and env.dialect is not None else "the contract"
    connections = counted(len(recording.transcripts), "connection")
    say(f"{file.name} ({recording.form}): {counted(len(recording.records), 'record')}, {connections}")
    say(f"Environment {env.name}: it is read as {speaks} says it")
    lost = [record for record in recording.records if record.frame is None]
    if lost:
        say(f"{len(lost)} of them are no messages; the log says of each why.")
    cut = [transcript.truncated for transcript in recording.transcripts if transcript.truncated]
    if cut:
        gone = f"{counted(sum(cut), 'frame')} of {counted(len(cut), 'connection')}"
        say(f"Missing from it: {gone}, which nobody recorded. What they would show cannot be judged.")
    path = str(file.resolve())
    wanted = accept.Wanted(1, backend=False, variables={RECORDING: path}, reads=(path,))
    finished = accept.run(plan, env, clock, wanted)
    say(finished.last_line)
    return finished.status or int(bool(cut))


def _found(name: str) -> Path:
    """The file that is meant: run.py has gone to the project's folder, its user has not."""
    here = Path(os.environ.get("PWD") or ".", name)
    return here if here.is_file() else Path(name)
