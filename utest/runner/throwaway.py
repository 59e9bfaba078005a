"""A throw-away project: suites of a test's own, this runner, and the real backend."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from robot.api import ExecutionResult

ROOT = Path(__file__).resolve().parents[2]


class Project:
    """A project with throw-away suites, this runner, and the real backend."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "runner", folder / "runner", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "variables", folder / "variables")
        with (folder / "variables" / "embedded.py").open("a") as file:
            file.write(f"\nDIRECTORY = {str(ROOT)!r}\n")
        (folder / "variables" / "elsewhere.py").write_text("URL = 'http://127.0.0.1:9'\n")

    def suite(self, name: str, body: str) -> None:
        file = self.folder / "tests" / f"{name}.robot"
        file.parent.mkdir(exist_ok=True)
        file.write_text(body if body.startswith("***") else f"*** Test Cases ***\n{body}", "utf-8")

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(self.folder), str(ROOT / "libraries")])
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AGENT_CHAT_")}
        return subprocess.Popen(
            [sys.executable, "-m", "runner", *arguments],
            cwd=self.folder,
            env={**clean, "PYTHONPATH": path, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **variables: str) -> tuple[int, list[str]]:
        process = self.start(*arguments, **variables)
        printed, _ = process.communicate(timeout=60)
        return process.returncode, printed.strip().splitlines()

    @property
    def report(self):
        return ExecutionResult(self.folder / "results" / "output.xml").suite
