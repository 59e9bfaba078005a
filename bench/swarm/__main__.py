"""Runs the crowd suite from two RFSwarm agents on this machine: ``python -m bench.swarm``.

A manager shares robots out among agents; each robot runs the suite again and again for some seconds, and each
holds a crowd of its own. Everything is on loopback here; docs/scale.md says what differs between machines.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from runner import children
from runner.console import Stop, counted, say
from runner.project import RESULTS, ROOT, shown
from targets.installing import python_of

from ..backends import reference

HOME: Final = Path(__file__).resolve().parent
RESULTS_FOLDER: Final = RESULTS / "swarm"
SUITE: Final = HOME / "crowd.robot"
PEOPLE: Final = "AGENT_CHAT_SWARM_PEOPLE"
LONGEST: Final = 240.0
"""Seconds that agents get to meet, to finish what they have begun and to send their logs, beside the run."""
SETTLED: Final = 20.0
"""Seconds without a new result after which everything has come."""


def scenario(robots: int, seconds: int) -> str:
    """RFSwarm's scenario file.

    Args:
        robots: How many robots there are, over all agents.
        seconds: How long they begin anew for.
    """
    return (
        "[Scenario]\nscriptcount = 1\ngraphlist =\nuploadmode = all\n\n"
        f"[1]\nrobots = {robots}\ndelay = 0\nrampup = 10\nrun = {seconds}\n"
        f"test = A Crowd Comes And Asks\nscript = {SUITE}\n"
    )


def main() -> int:
    """Runs it and tells what came of it.

    Returns:
        0 if every result of every agent is a pass, and each agent gave some.
    """
    parser = argparse.ArgumentParser("python -m bench.swarm", description=__doc__)
    parser.add_argument("--agents", type=int, default=2, help="agents (default: %(default)s)")
    parser.add_argument("--robots", type=int, default=2, help="robots over all agents (default: %(default)s)")
    parser.add_argument("--people", type=int, default=10, help="people of each robot (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="how long (default: %(default)s)")
    options = parser.parse_args()
    programs = Path(python_of(HOME)[0]).parent
    shutil.rmtree(RESULTS_FOLDER, ignore_errors=True)
    for name in ("results", *(f"agent-{number}" for number in range(1, options.agents + 1))):
        (RESULTS_FOLDER / name).mkdir(parents=True)  # RFSwarm writes elsewhere where they are not there
    file = RESULTS_FOLDER / "crowd.rfs"
    file.write_text(scenario(options.robots, options.seconds), "utf-8")
    port, folder = _free_port(), RESULTS_FOLDER
    with ExitStack() as stack:
        backend = stack.enter_context(reference())
        told = {**backend.variables, PEOPLE: str(options.people)}
        manage = ["rfswarm-manager", "-n", "-r", "-s", str(file), "-a", str(options.agents)]
        manage += ["-d", str(folder / "results"), "-i", str(folder / "manager.ini")]
        manage += ["-e", "127.0.0.1", "-p", str(port)]
        manager = children.start(_program(programs, manage), output=folder / "manager.log", variables=told)
        stack.callback(children.end, manager, grace=2.0)
        for number in range(1, options.agents + 1):
            agent = ["rfswarm-agent", "-m", f"http://127.0.0.1:{port}/", "-a", f"agent-{number}"]
            agent += ["-d", str(folder / f"agent-{number}"), "-i", str(folder / f"agent-{number}.ini")]
            agent += ["-r", str(Path(sys.executable).with_name("robot"))]
            log = folder / f"agent-{number}.log"
            process = children.start(_program(programs, agent), output=log, variables=told)
            stack.callback(children.end, process, grace=2.0)
        say(
            f"{counted(options.agents, 'agent')}, {counted(options.robots, 'robot')}, {options.seconds} s ..."
        )
        _wait(manager, folder / "results", options.seconds + LONGEST)
    return _tell(folder / "results", options.agents)


def _program(programs: Path, arguments: list[str]) -> list[str]:
    return [str(programs / arguments[0]), *arguments[1:]]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(manager: subprocess.Popen[bytes], results: Path, seconds: float) -> None:
    """Waits until the manager has ended, or nothing new has come for a while after something did."""
    deadline, seen, since = time.monotonic() + seconds, 0, time.monotonic()
    while manager.poll() is None and time.monotonic() < deadline:
        now = len(_results(results))
        if now != seen:
            say(f"  {counted(now, 'keyword result')}")
            seen, since = now, time.monotonic()
        if seen and time.monotonic() - since > SETTLED:
            return
        time.sleep(1.0)


def _results(results: Path) -> list[tuple[str, str, str]]:
    """The keyword results that agents have sent: agent, result, name."""
    files = [file for file in results.glob("*/*.db") if file.parent.name != "PreRun"]
    if not files:
        return []
    try:
        with closing(sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True)) as database:
            return list(database.execute("SELECT agent, result, result_name FROM Results"))
    except sqlite3.Error:  # the manager is just making it
        return []


def _tell(results: Path, agents: int) -> int:
    found = _results(results)
    if not found:
        raise Stop(f"No result came; the logs are in {shown(RESULTS_FOLDER)}.")
    failed = [name for _, result, name in found if result != "PASS"]
    by_agent = {agent: sum(one == agent for one, _, _ in found) for agent, _, _ in found}
    for agent, number in sorted(by_agent.items()):
        say(f"  {agent}: {counted(number, 'keyword result')}")
    for name in sorted(set(failed)):
        say(f"  FAIL  {name}")
    say(f"Logs: {shown(RESULTS_FOLDER)}")
    say(f"{len(found) - len(failed)} passed, {len(failed)} failed, from {counted(len(by_agent), 'agent')}")
    return 0 if not failed and len(by_agent) == agents else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
