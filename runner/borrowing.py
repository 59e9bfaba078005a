"""Lets a worker's backends be forked by the runner, which has loaded what they load.

Robot Framework loads this file in every worker by its path, as ``--listener borrowing.py;FILE``.
"""

from __future__ import annotations

import json
from pathlib import Path

from AgentChatLibrary import deployment

from runner.fork_service import Address, DistantForks


class borrowing:  # noqa: N801 -- Robot Framework wants the file's name
    """Hands over what forks before the first test begins.

    Args:
        file: Says where it is; only the run's own user can read it, and it goes with the run.
    """

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self, file: str) -> None:
        told = json.loads(Path(file).read_text("utf-8"))
        deployment.start_with(DistantForks(Address(told["path"], bytes.fromhex(told["key"]))))


def written(address: Address) -> str:
    """What the file says.

    Args:
        address: Where what forks is, and with what key it is opened.
    """
    return json.dumps({"path": address.path, "key": address.key.hex()})
