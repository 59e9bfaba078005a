"""``run.py serve``: the reference backend in the foreground, for people and other programs to talk to."""

from __future__ import annotations

import argparse
import json
import os
import secrets
from pathlib import Path
from typing import Final

from AgentChatLibrary import deployment
from AgentChatLibrary.deployment import ADMIN_TOKEN, JWT_KEY, STARTED, URL
from AgentChatLibrary.environment import EnvironmentProblem

from . import children, environments, hidden
from .console import Stop, say

SECRET_BYTES: Final = 32
"""Random bytes of a secret; the contract wants keys of at least 32 bytes."""


def main(options: argparse.Namespace) -> int:
    """Runs the backend until it is interrupted.

    Args:
        options: The command line.

    Returns:
        0 after an interrupt, else the backend's own exit status.

    Raises:
        Stop: The environment cannot start a backend, or it did not come up.
    """
    env = environments.chosen(options.env)
    if not env.command:
        raise Stop(f"The environment {env.name} cannot start a backend: {env.file} sets no COMMAND.")
    try:
        deployment.prepare(env)
    except EnvironmentProblem as problem:
        raise Stop(str(problem)) from problem
    given = {
        name: os.environ.get(name) or secrets.token_urlsafe(SECRET_BYTES) for name in (ADMIN_TOKEN, JWT_KEY)
    }
    with hidden.folder() as private, children.interruptible():
        ready = private / "ready.json"
        command = [
            *(env.services or env.command),
            "--port",
            str(options.port),
            "--ready-file",
            str(ready),
            "--owner-pid",
            str(os.getpid()),
            "--data-dir",
            str(private / "data"),
        ]
        process = children.start(command, output=None, variables=given, cwd=env.directory)
        try:
            patience = env.timeout("start")
            children.wait_until(lambda: ready.exists() or process.poll() is not None, patience)
            if process.poll() is not None:
                return process.returncode  # the backend has said why
            if not ready.exists():
                raise Stop(f"The backend did not come up within {patience:.0f} s.")
            url = json.loads(ready.read_text("utf-8"))["url"]
            credentials = _write_credentials(private, {URL: url, STARTED: url, **given})
            path = env.dialect.path if env.dialect else "/ws"
            say(f"The backend answers at {url} (WebSocket: ws{url.removeprefix('http')}{path})")
            say(f"Its credentials, as environment variables: {credentials}")
            say("Ctrl-C ends it.")
            return children.finish(process)
        except KeyboardInterrupt:
            return 0
        finally:
            children.end(process)


def _write_credentials(folder: Path, given: dict[str, str]) -> Path:
    """A file for ``. FILE`` in a shell, readable by its owner alone; it goes when the backend does."""
    file = folder / "credentials.env"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.writelines(f"export {name}='{value}'\n" for name, value in given.items())
    return file
