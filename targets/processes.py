"""Runs a target's process: it says when it accepts, and ends with its owner."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from types import FrameType
from typing import Final

from .model import ScriptedModel

POLL_SECONDS: Final = 0.25
"""Time between two looks at the owner and at the process."""
STOP_SECONDS: Final = 10.0
"""Longest time for the process to end before it is killed."""


def run(
    command: list[str],
    place: Path,
    ready: Path,
    data: Path,
    *,
    port: int,
    owner: int | None,
    remove: Path | None,
) -> int:
    """Starts a target beside a scripted model, and stays until it ends.

    The process is told by its environment where it is installed (``TARGET_PLACE``), where it keeps its data
    (``TARGET_DATA``), at which port it listens (``TARGET_PORT``, 0 for a free one), where the model is
    (``TARGET_MODEL``), which key signs tokens or opens the door
    (``AGENT_CHAT_JWT_KEY``), and to write its address to ``TARGET_READY`` once it accepts.

    Args:
        command: What starts it.
        place: Where it is installed.
        ready: Gets ``{"url": ...}`` once it accepts.
        data: Where it keeps its data.
        port: On 127.0.0.1; 0 for a free one.
        owner: The process that it ends with; None for none.
        remove: The folder to remove at the end; None for none.

    Returns:
        The exit status.
    """
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    data.mkdir(parents=True, exist_ok=True)
    own = data / "address.json"
    own.unlink(missing_ok=True)
    with ScriptedModel() as model:
        told = {
            "TARGET_PLACE": str(place),
            "TARGET_DATA": str(data.resolve()),
            "TARGET_PORT": str(port),
            "TARGET_MODEL": model.url,
            "TARGET_READY": str(own.resolve()),
        }
        process = subprocess.Popen(command, env={**os.environ, **told}, stdin=subprocess.DEVNULL)
        told_ready = False
        try:
            while process.poll() is None and not stop.wait(POLL_SECONDS) and _lives(owner):
                if not told_ready and own.exists():
                    told_ready = True
                    _write(ready, json.loads(own.read_text("utf-8"))["url"])
        finally:
            _end(process)
            if remove is not None and not _lives(owner):
                shutil.rmtree(remove, ignore_errors=True)
    return 0 if stop.is_set() else process.returncode or 0


def _write(ready: Path, url: str) -> None:
    """Writes the ready file in one go: whoever waits for it must not read half of it."""
    half = ready.with_suffix(".half")
    half.write_text(json.dumps({"url": url}), "utf-8")
    half.replace(ready)


def _lives(pid: int | None) -> bool:
    if pid is None:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
