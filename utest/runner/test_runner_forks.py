"""A forked program is what it would be if it were started anew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from AgentChatLibrary import deployment

from runner import children
from runner.forks import Forked, Forks

PROGRAM = """
import json, os, sys, threading
print(json.dumps({
    "arguments": sys.argv[1:], "name": __name__, "given": os.environ.get("GIVEN"),
    "folder": os.getcwd(), "group": os.getpgid(0) == os.getpid(), "loaded": "fractions" in sys.modules,
}))
print("told", file=sys.stderr, flush=True)
if "wait" in sys.argv:
    open("here", "w").write(str(os.getpid()))
    threading.Event().wait(60)
sys.exit(3)
"""


PARENT = """
import os, pathlib, subprocess, sys
from AgentChatLibrary import deployment

def start(*arguments):
    return deployment._Starting.way(
        [sys.executable, "-m", "program", *arguments],
        output=pathlib.Path("output"), variables={"GIVEN": "this"}, cwd=pathlib.Path(),
    )

first = start("one")
assert first.wait(30) == first.returncode == first.poll() == 3
second = start("wait")
here = pathlib.Path("here")
while not (here.exists() and here.read_text()):
    try:
        second.wait(0.1)
    except subprocess.TimeoutExpired:
        pass
assert int(here.read_text()) == second.pid
second.terminate()
print(type(second).__name__, second.wait(30))
second.kill()  # does nothing to one that has ended
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "parent.py").write_text(PARENT)
    return tmp_path


@pytest.fixture(scope="module")
def forks() -> Forks:
    return Forks(["fractions", "no_such_module"])


def start(forks: Forks, folder: Path, *arguments: str):
    return forks.start(
        [sys.executable, "-m", "program", *arguments],
        output=folder / "output",
        variables={"GIVEN": "this"},
        cwd=folder,
    )


def test_a_program_has_arguments_variables_output_folder_and_group_of_its_own(forks, folder):
    process = start(forks, folder, "one", "two words")
    assert process.wait(30) == process.returncode == 3
    told, further = (folder / "output").read_text().splitlines()
    assert json.loads(told) == {
        "arguments": ["one", "two words"],
        "name": "__main__",
        "given": "this",
        "folder": str(folder),
        "group": True,
        "loaded": isinstance(process, Forked),
    }
    assert further == "told"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_program_that_goes_on_can_be_waited_for_and_ended(forks, folder, number):
    process = start(forks, folder, "wait")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.0)
    assert process.poll() is None
    process.terminate() if number == signal.SIGTERM else process.kill()
    assert process.wait(30) == -number
    process.terminate()  # does nothing to one that has ended


@pytest.mark.skipif(os.name == "nt", reason="nothing is forked there")
def test_a_program_can_have_others_forked_by_what_forked_itself(folder):
    forks = Forks(["fractions", "AgentChatLibrary.deployment"], hand_over=deployment.start_with)
    process = forks.start(
        [sys.executable, "-m", "parent"],
        output=folder / "parent.txt",
        variables={"ONLY_HERE": "1"},
        cwd=folder,
    )
    said = (folder / "parent.txt").read_text() if process.wait(60) else ""
    assert process.returncode == 0, said
    assert (folder / "parent.txt").read_text() == f"Distant {-signal.SIGTERM}\n"
    told = json.loads((folder / "output").read_text().splitlines()[0])
    assert (told["arguments"], told["given"], told["group"], told["loaded"]) == (["one"], "this", True, True)


def test_what_is_no_module_of_this_python_is_started_anew(forks, folder):
    process = forks.start([sys.executable, "program.py"], output=folder / "output", variables={}, cwd=folder)
    assert isinstance(process, subprocess.Popen)
    assert process.wait(30) == 3


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_program_ends_when_whoever_started_it_has_gone(folder):
    runner = textwrap.dedent(f"""
        import os, pathlib, signal, sys, time
        from runner.forks import Forks
        if __name__ == "__main__":
            folder = pathlib.Path({str(folder)!r})
            command = [sys.executable, "-m", "program", "wait"]
            Forks([]).start(command, output=folder / "output", variables={{}}, cwd=folder)
            while not (folder / "here").exists() or not (folder / "here").read_text():
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    (folder / "starts.py").write_text(runner)
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="forks-") as own:  # a short path: sockets lie below it
        done = subprocess.run(
            [sys.executable, str(folder / "starts.py")],
            env={**os.environ, "PYTHONPATH": str(root), "TMPDIR": own},
            check=False,
            timeout=60,
        )
        assert children.wait_until(lambda: not any(Path(own).iterdir()), 30)
    assert done.returncode == -signal.SIGKILL
    pid = int((folder / "here").read_text())
    with pytest.raises(ProcessLookupError):
        for _ in range(500):
            os.kill(pid, 0)
            signal.sigtimedwait([], 0.02)
