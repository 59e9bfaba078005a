"""The private folder of a run: nothing of it stays, however the run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from runner import children, hidden, watcher

RUNS = """\
import sys
from runner import hidden
with hidden.folder() as made:
    (made / "secret").write_text("x")
    print(made, flush=True)
    sys.stdin.read()
"""
SECONDS = 20.0


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A process with a private folder in ``tmp_path``, and that folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", RUNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.communicate()


def watchers(folder: Path) -> list[int]:
    listed = subprocess.check_output(["/bin/ps", "-ww", "-eo", "pid=,args="], text=True)
    return [int(line.split()[0]) for line in listed.splitlines() if str(folder) in line]


def test_it_is_for_its_owner_alone_and_goes_at_the_end(running):
    process, made = running
    assert made.stat().st_mode & 0o777 == 0o700
    process.communicate("")
    assert (process.returncode, made.exists()) == (0, False)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_it_goes_when_the_runner_is_killed_and_so_does_its_watcher(running):
    process, made = running
    assert len(watchers(made)) == 1
    process.kill()
    assert children.wait_until(lambda: not made.exists(), SECONDS)
    assert children.wait_until(lambda: not watchers(made), SECONDS)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_what_was_killed_together_with_its_watcher_is_removed_by_the_next_run(running):
    process, made = running
    for pid in (*watchers(made), process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait()
    assert made.exists()
    with hidden.folder() as mine:
        assert not made.exists()
        assert mine.exists()
    assert not mine.exists()


def test_the_folder_of_a_run_that_goes_on_is_left_alone(running):
    _, made = running
    with hidden.folder():
        assert (made / "secret").exists()


def test_it_goes_even_while_somebody_still_writes_into_it(tmp_path):
    folder, enough = tmp_path / "busy", threading.Event()

    def write() -> None:
        for number in range(2000):
            if enough.is_set():
                return
            (folder / str(number % 7)).mkdir(parents=True, exist_ok=True)

    writing = threading.Thread(target=write)
    writing.start()
    threading.Timer(0.3, enough.set).start()
    watcher.remove(folder)
    writing.join()
    watcher.remove(folder)
    assert not folder.exists()
