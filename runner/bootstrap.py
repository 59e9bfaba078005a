"""Makes ``.venv`` when it is not there, installs what changed, goes on inside it. Standard library only."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from . import arguments, postgres_programs
from .project import LIBRARIES, RESOURCES, ROOT

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

VENV: Final = ROOT / ".venv"
FAILED: Final = 1
LOCK: Final = ".run.lock"
"""Not ``.lock``: that one is uv's, which would wait for it for five minutes."""
INCLUDING: Final = ("", "postgres", "dev")
"""The endings of the requirement files; each file includes those before it. Any other includes the first."""
REAL_SERVICES: Final = "real_services"
"""The environment that needs PostgreSQL."""
PATH_FILE: Final = "agent_chat_paths.pth"
LOCK_WAIT_SECONDS: Final = 600.0
"""Longest wait for another run.py that is installing; a slow network needs minutes, not more."""


class SetupProblem(Exception):
    """The environment cannot be made; the message says what to install or to do."""


def main(args: list[str]) -> int:
    """Prepares the environment that the command needs and runs the command inside it.

    Args:
        args: The command line after ``run.py``.

    Returns:
        The exit status; on POSIX a prepared command replaces this process and does not return.
    """
    options = arguments.parse(args)  # help and misuse end here, before anything is installed
    _keep_bytecode()
    try:
        python = prepare(needs(options))
    except SetupProblem as problem:
        print(problem, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130
    return _go_on(python, args)


def needs(options: argparse.Namespace) -> tuple[str, ...]:
    """What a command needs beside requirements.txt: the endings of the files that say it.

    Args:
        options: The command line.

    Returns:
        ``dev`` for development, which holds everything; ``postgres`` where it is needed and not installed.
    """
    if options.dev:
        return ("dev",)
    if options.extra:
        return (options.extra,)
    env = getattr(options, "env", None) or os.environ.get("AGENT_CHAT_ENV")
    services = env == REAL_SERVICES and not os.environ.get("DATABASE_URL")
    return ("postgres",) if services and not postgres_programs.installed() else ()


def prepare(extras: Sequence[str] = ()) -> Path:
    """Makes sure that ``.venv`` holds what the requirement files pin.

    Args:
        extras: What is needed beside requirements.txt; see ``needs``.

    Returns:
        The environment's Python.

    Raises:
        SetupProblem: Something is missing that only the user can install, or the installation failed.
    """
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if _is_current(python, extras):
        return python
    VENV.mkdir(exist_ok=True)
    with _lock(VENV / LOCK):
        if not _is_current(python, extras):
            _install(python, extras)
    return python


def _keep_bytecode() -> None:
    """Lets Python keep its bytecode below ``.venv`` where the user wants none beside the sources.

    Without it each of the many processes of a run compiles every package that it imports, for a second each.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "bytecode")


def _requirements(extra: str) -> Path:
    return ROOT / (f"requirements-{extra}.txt" if extra else "requirements.txt")


def _stamp(extra: str) -> Path:
    return VENV / (f".installed-{extra}" if extra else ".installed")


def _wanted(extra: str) -> str:
    """What a stamp says when nothing is to be done: where the environment is and a hash of what it holds."""
    digest = hashlib.sha256()
    for included in INCLUDING[: INCLUDING.index(extra) + 1] if extra in INCLUDING else ("", extra):
        digest.update(_requirements(included).read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}\n"


def _is_current(python: Path, extras: Sequence[str]) -> bool:
    with contextlib.suppress(OSError):
        return python.exists() and all(_stamp(e).read_text("utf-8") == _wanted(e) for e in ("", *extras))
    return False


@contextlib.contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Lets one run.py install at a time; the system frees the lock when its holder ends, however it ends."""
    with file.open("a+b") as handle:
        deadline, told = time.monotonic() + LOCK_WAIT_SECONDS, False
        while not _try_lock(handle.fileno()):
            if not told:
                print("Another run.py is preparing .venv; waiting for it.", flush=True)
                told = True
            if time.monotonic() > deadline:
                raise SetupProblem(f"Another run.py has held {file} for {LOCK_WAIT_SECONDS:.0f} s. End it.")
            time.sleep(0.2)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _install(python: Path, extras: Sequence[str]) -> None:
    begun = time.monotonic()
    version = ".".join(str(part) for part in sys.version_info[:3])
    uv = _working_uv()
    how = "uv" if uv else "venv and pip"
    stamps = list(VENV.glob(f"{_stamp('').name}*"))
    if not _starts(python) or not all(_same_place(stamp) for stamp in stamps):
        print(f"Making .venv with Python {version} ({how}) ...", flush=True)
        _make(uv)
    for extra in extras or [""]:  # each file includes requirements.txt
        if _is_current(python, [extra]):
            continue
        _stamp(extra).unlink(missing_ok=True)
        file = _requirements(extra)
        print(f"Installing {file.name} ({how}) ...", flush=True)
        # Compiled once here, not at every start of every worker and backend (pip does so by itself).
        uv_install = [uv, "pip", "install", "--compile-bytecode", "--python", str(python)] if uv else []
        tool = uv_install or [*_pip(python), "install"]
        _call([*tool, "--quiet", "-r", str(file)], f"{file.name} could not be installed")
    _put_on_path(python)
    for extra in ("", *extras):
        _stamp(extra).write_text(_wanted(extra), "utf-8")
    print(f"The environment is ready ({time.monotonic() - begun:.1f} s).", flush=True)


def _same_place(stamp: Path) -> bool:
    return stamp.read_text("utf-8").startswith(f"{ROOT}\n")


def _starts(python: Path) -> bool:
    """Whether the environment's Python runs and is new enough; its base may be gone."""
    if not python.exists():
        return False
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _working_uv() -> str | None:
    """The path of ``uv`` if it is there and starts; a version manager's shim may stand for nothing."""
    uv = shutil.which("uv")
    if uv and subprocess.run([uv, "--version"], check=False, capture_output=True).returncode == 0:
        return uv
    return None


def _make(uv: str | None) -> None:
    if VENV.is_symlink():  # what it leads to is somebody else's: nothing there is removed
        raise SetupProblem(
            f".venv is a link to {VENV.readlink()}, which holds no environment of this project as it is now. "
            "Remove the link, and run.py makes one here."
        )
    for old in VENV.iterdir():  # everything but the lock that this process holds
        if old.name == LOCK:
            continue
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    if uv:
        _call(
            [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(VENV)],
            ".venv could not be made",
        )
        return
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
            raise SetupProblem(
                f"This Python has no {module} module, so .venv cannot be made. "
                f"Install {name} (Debian, Ubuntu: sudo apt install {name}) or uv (https://docs.astral.sh/uv/)."
            )
    _call([sys.executable, "-m", "venv", str(VENV)], ".venv could not be made")


def _pip(python: Path) -> list[str]:
    """How to call pip in the environment; one that uv made has none until it is put there."""
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--version"], check=False, capture_output=True).returncode != 0:
        _call([str(python), "-m", "ensurepip"], "pip could not be put into .venv")
    return pip


def _put_on_path(python: Path) -> None:
    """Lets every Python of the environment import the libraries and Robot Framework find the resources."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    (Path(packages) / PATH_FILE).write_text(f"{LIBRARIES}\n{RESOURCES}\n", "utf-8")


def _call(command: list[str], problem: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        tail = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-6:])
        raise SetupProblem(f"{problem} ({' '.join(command[:4])} ... gave status {done.returncode}):\n{tail}")


def _go_on(python: Path, args: list[str]) -> int:
    command = [str(python), "-m", "runner", *args]
    os.chdir(ROOT)
    if os.name != "nt":
        os.execv(python, command)  # noqa: S606 -- the same program goes on in its environment
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the console sends Ctrl-C to the child as well
    return subprocess.run(command, check=False).returncode
