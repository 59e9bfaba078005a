"""The environment of a command: found, checked and, where that is its way, with a backend started in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from AgentChatLibrary import deployment, environment
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.environment import Environment, EnvironmentProblem

from .arguments import USAGE_ERROR
from .console import Stop
from .project import VARIABLES


def chosen(name: str | None) -> Environment:
    """Reads the environment of a command and tells all children which it is.

    Args:
        name: What ``--env`` says; ``AGENT_CHAT_ENV`` or the default counts when it says nothing.

    Returns:
        The environment.

    Raises:
        Stop: There is no such environment, or its file is wrong.
    """
    name = name or os.environ.get(environment.VARIABLE) or "embedded"
    try:
        file = environment.find(name, VARIABLES)
    except EnvironmentProblem as problem:
        raise Stop(str(problem), USAGE_ERROR) from problem
    os.environ[environment.VARIABLE] = name
    try:
        return environment.load(file)
    except EnvironmentProblem as problem:
        raise Stop(str(problem)) from problem


@contextmanager
def deployed(env: Environment, log: Path, within: Path | None = None) -> Iterator[Deployment]:
    """The environment's backend: the one that runs, or one that is started and ends with the block.

    Args:
        env: The environment.
        log: Where the log of a started backend goes.
        within: Where a started backend makes its folder.

    Yields:
        The backend.

    Raises:
        Stop: None answers, or none could be started.
    """
    try:
        if env.url is not None:
            backend = deployment.attach(env)
        else:
            backend = deployment.launch(env, owner_pid=os.getpid(), log=log, within=within)
    except EnvironmentProblem as problem:
        raise Stop(str(problem)) from problem
    try:
        yield backend
    finally:
        backend.stop()
