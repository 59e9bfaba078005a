"""Runs tests against a backend with one fault, or with none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from AgentChatLibrary import deployment, environment
from AgentChatLibrary.environment import EnvironmentProblem

from .. import children, hidden
from ..forks import Child, Forks
from ..planning import Plan
from ..surroundings import FAULT
from .verdicts import Ended, How, Trial

CONTROL: Final = "no-fault"
"""The trial of a backend without a fault: what fails there says nothing about any fault."""
TEST_SECONDS: Final = 60.0
"""How long a test may take on average before the whole trial is ended; a healthy one takes about a second."""

TOLD: Final = "ended.jsonl"
"""How each test of a trial ended."""
_LOADED: Final = (
    "robot.run",
    "AgentChatLibrary",
    "CostRecordsLibrary",
    "RecordingsLibrary",
    "RequestsLibrary",
    "robot.running.suiterunner",
    "runner.prove.reading",
    "runner.prove.verdicts",
    "uvloop",
)
"""What every run of Robot Framework here loads; the environment says what its backends do."""
_WITNESS: Final = Path(__file__).with_name("witness.py")


class Bench:
    """Where trials are carried out.

    Args:
        plan: All tests.
        env_file: The environment's file; it is read again for each fault.
        folder: For the trials' files.
        private: For what must not outlive the proof: the backends' data.
    """

    def __init__(self, plan: Plan, env_file: Path, folder: Path, private: Path) -> None:
        self._plan, self._env_file, self._folder, self._private = plan, env_file, folder, private
        self._forks = Forks(
            [*_LOADED, *environment.load(env_file).preloaded], hand_over=deployment.start_with
        )
        self._running: set[Child] = set()
        self._stopped = threading.Event()
        self._reading = threading.Lock()

    def carry_out(self, trial: Trial, tests: Sequence[str]) -> None:
        """Runs tests against the trial's fault and adds how they ended.

        Args:
            trial: Takes what happens.
            tests: Full names.
        """
        if not tests or self.stopped:
            return
        begun = time.monotonic()
        ended = self._ended(trial, tests)
        if not trial.problem:
            never = Ended(How.HARNESS, "never reported")
            trial.ended.update({name: ended.get(name, never) for name in tests})
        trial.seconds = round(trial.seconds + time.monotonic() - begun, 1)

    def once_more(self, trial: Trial) -> None:
        """Runs the tests that claim the trial's fault and did not catch it again.

        Args:
            trial: Takes what they caught now; what they missed again stays as it was.
        """
        if self.stopped:
            return
        begun, tests = time.monotonic(), trial.missed_by
        for name, end in self._ended(trial, tests).items():
            if end.how is How.OWN:
                trial.ended[name] = end
                trial.late = (*trial.late, name)
        trial.seconds = round(trial.seconds + time.monotonic() - begun, 1)

    def _ended(self, trial: Trial, tests: Sequence[str]) -> dict[str, Ended]:
        home = self._folder / trial.fault
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        try:
            env = self._environment(trial.fault)
            backend = deployment.launch(
                env,
                owner_pid=os.getpid(),
                log=home / "backend.log",
                start=self._forks.start,
                within=self._private,
            )
        except EnvironmentProblem as problem:
            trial.problem = str(problem)
            return {}
        variables = {**backend.variables, **hidden.variables(self._private), FAULT: _given(trial.fault)}
        try:
            self._run(home, tests, variables)
            return told(home / TOLD)
        finally:
            backend.stop()

    def stop(self) -> None:
        """Ends every trial that is being carried out; none can be begun any more."""
        self._stopped.set()
        for process in list(self._running):
            children.end(process)

    @property
    def stopped(self) -> bool:
        """Whether the proof was interrupted."""
        return self._stopped.is_set()

    def _environment(self, fault: str) -> environment.Environment:
        with self._reading:  # the file reads the process's environment, which all threads share
            os.environ[FAULT] = _given(fault)
            try:
                return environment.load(self._env_file)
            finally:
                del os.environ[FAULT]

    def _run(self, home: Path, tests: Sequence[str], variables: dict[str, str]) -> None:
        command = [sys.executable, "-m", "robot", *self._plan.selection.options, *self._plan.reading(tests)]
        command += self._plan.keeping(tests, home / "tests.txt")
        command += ["--listener", f"{_WITNESS};{home / TOLD}"]
        command += ["--outputdir", str(home), "--output", "NONE", "--log", "NONE", "--report", "NONE"]
        command += ["--xunit", "NONE", "--console", "none"]
        if self.stopped:
            return
        process = self._forks.start(
            [*command, *self._plan.selection.sources], output=home / "robot.log", variables=variables
        )
        self._running.add(process)
        try:
            process.wait(TEST_SECONDS * len(tests))
        except subprocess.TimeoutExpired:
            children.end(process)
        finally:
            self._running.discard(process)


def _given(fault: str) -> str:
    """What the environment file is told: nothing for the trial without a fault."""
    return "" if fault == CONTROL else fault


def told(file: Path) -> dict[str, Ended]:
    """How the tests of a trial ended.

    Args:
        file: What the witness has written; it need not be there, and its last line may be cut off.
    """
    if not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.endswith("}")]
    return {
        line["name"]: Ended.of(
            line["status"],
            line["message"],
            line["seconds"],
            preparing=line["preparing"],
            meaning=How(line["meaning"]) if line["meaning"] else None,
        )
        for line in lines
    }
