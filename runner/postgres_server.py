"""A private PostgreSQL server on throw-away data.

It listens on a socket in a folder that nobody else can enter, and on no port.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any, Final, NoReturn

from . import children, postgres_data
from .postgres_programs import NoPostgres, Programs

ACCOUNTS: Final = ("postgres", "nobody", "daemon")
"""Who runs the server where the superuser must not, which is everywhere."""
USER: Final = "agent_chat"
MADE: Final = (
    *("--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
    *("--wal-segsize", "1", "--no-sync", "--no-instructions"),
)
"""How ``initdb`` makes the data. Small segments, because they are copied and thrown away."""
SLIM: Final = """\
ALTER DATABASE template0 IS_TEMPLATE false;
ALTER DATABASE template1 IS_TEMPLATE false;
DROP DATABASE template0;
DROP DATABASE template1;
"""
"""What is not needed where nobody makes databases: two thirds of what would be copied for each run."""
DATABASE: Final = "postgres"
HOME: Final = "agent-chat-postgres-"
"""How the folder of a server begins; the process id of its keeper follows."""
RECIPE: Final = (*MADE, SLIM)
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5.0
SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "shared_buffers": "64MB",
    # Nothing needs to outlive a power failure. A commit still waits until the system has it
    # (synchronous_commit), so that what was acknowledged outlives the server.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_init_zero": "off",
    "wal_recycle": "off",
    "jit": "off",
    # A file in the server's own folder, which is removed, and not a segment that a killed server leaves.
    "dynamic_shared_memory_type": "mmap",
    "log_min_messages": "warning",
}

_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


class Server:
    """A private server. It is stopped and removed by ``stop``.

    Args:
        programs: What to start it with.
    """

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._account = _account()
        self.home = Path(tempfile.mkdtemp(prefix=f"{HOME}{os.getpid()}-", dir=public_folder()))
        self.process: subprocess.Popen[bytes] | None = None
        self._data, self._said = self.home / "data", self.home / "log"

    @property
    def url(self) -> str:
        """How to reach it, as libpq understands it. There is no password: who is in the folder is let in."""
        return f"postgresql://{USER}@/{DATABASE}?{urllib.parse.urlencode({'host': str(self.home)})}"

    def start(self) -> None:
        """Makes the data and starts the server.

        Raises:
            NoPostgres: It did not come up; the message holds the end of what it said.
        """
        if self._account:
            os.chown(self.home, self._account.pw_uid, self._account.pw_gid)
            self._programs = self._within_reach()
        if postgres_data.take(self._programs, RECIPE, self._data):
            if self._account:
                postgres_data.give(self._data, self._account.pw_uid, self._account.pw_gid)
        else:
            self._make_data()
            postgres_data.keep(self._programs, RECIPE, self._data)
        self.serve()

    def _make_data(self) -> None:
        initdb, postgres = (str(self._programs.path(name)) for name in ("initdb", "postgres"))
        commands = {
            (initdb, "--pgdata", str(self._data), *MADE): b"",
            (postgres, "--single", "-D", str(self._data), "-c", "fsync=off", DATABASE): SLIM.encode(),
        }
        with self._said.open("ab") as output:
            for command, told in commands.items():
                done = subprocess.run(
                    command, check=False, input=told, stdout=output, stderr=output, **self._as_account()
                )
                if done.returncode != 0:
                    self._give_up()

    def serve(self) -> None:
        """Starts the server on the data that there are.

        Raises:
            NoPostgres: It did not come up; the message holds the end of what it said.
        """
        settings = {**SETTINGS, "unix_socket_directories": str(self.home)}
        with self._said.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(str(self._programs.path("postgres")), "-D", str(self._data)),
                    *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in a terminal is not for the server
                preexec_fn=_end_with_parent,  # noqa: PLW1509 -- it does nothing but one call of the system
                **self._as_account(),
            )
        if not children.wait_until(lambda: self._ready() or self._ended(), START_SECONDS) or self._ended():
            self._give_up()

    def _give_up(self) -> NoReturn:
        told = self._said.read_text("utf-8", "replace").strip().splitlines()[-3:]
        self.stop()
        raise NoPostgres("PostgreSQL did not come up:\n" + "\n".join(f"  {line}" for line in told))

    def crash(self) -> None:
        """Ends the server at once, as a crash does: whatever was not committed is gone."""
        if self.process is not None:
            # Not SIGKILL: the postmaster's children would go on until they notice.
            self.process.send_signal(signal.SIGQUIT)
            _wait(self.process, STOP_SECONDS)

    def stop(self) -> None:
        """Stops the server, first with goodbye to its clients, and removes all that was made."""
        if self.process is not None:
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if self.process.poll() is not None:
                    break
                self.process.send_signal(signal.SIGCONT)  # one that was stopped could not end
                self.process.send_signal(number)
                _wait(self.process, STOP_SECONDS)
        _give_back_memory(self.home)
        shutil.rmtree(self.home, ignore_errors=True)

    def _ready(self) -> bool:
        try:
            return "ready" in (self._data / "postmaster.pid").read_text("utf-8")
        except OSError:
            return False

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _as_account(self) -> dict[str, Any]:
        """How a program is started: not as the superuser, and in a folder that anybody may be in."""
        # Nothing of this process's environment: it may hold secrets, and the account is somebody else.
        clean = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        how: dict[str, Any] = {"cwd": "/", "env": clean}
        if self._account:
            how |= {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        return how

    def _within_reach(self) -> Programs:
        """The programs where the account can read them: a copy if they lie in the superuser's own folders."""
        reached = subprocess.run(
            ["/bin/sh", "-c", f'test -x "{self._programs.path("postgres")}"'],
            check=False,
            **self._as_account(),
        )
        if reached.returncode == 0:
            return self._programs
        return self._programs.copied(self.home / "programs")


def _account() -> pwd.struct_passwd | None:
    """Who runs the server; None where the user does."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres(
        f"PostgreSQL does not run as root, and there is none of the users {', '.join(ACCOUNTS)}. "
        f"Run this as another user, or name a server in DATABASE_URL."
    )


def public_folder() -> str:
    """Where servers make their folders: its path is short, and the account that runs one can go there.

    TMPDIR may be neither: a long path cannot hold a socket, and a run's workers have a private one.
    """
    usual = "/tmp"  # noqa: S108 -- what is made in it is made by mkdtemp
    return usual if os.access(usual, os.W_OK | os.X_OK) else tempfile.gettempdir()


def _end_with_parent() -> None:
    """Has the kernel end the server when its keeper is killed, where the kernel can (Linux)."""
    if _LIBC is not None:
        set_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        _LIBC.prctl(set_death_signal, signal.SIGINT)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def sweep() -> None:
    """Stops and removes the servers whose keepers were killed."""
    for home in Path(public_folder()).glob(f"{HOME}*-*"):
        keeper = home.name.removeprefix(HOME).split("-")[0]
        if keeper.isdigit() and not children.lives(int(keeper)):
            _stop_orphan(home)
            _give_back_memory(home)
            shutil.rmtree(home, ignore_errors=True)


def _give_back_memory(home: Path) -> None:
    """Removes the shared memory that a server which was killed has left; one that has ended has left none.

    PostgreSQL keeps a few bytes there to tell whether it runs already. The seventh line of its lock file
    names them: a key, and the system's id.
    """
    try:
        lines = (home / "data" / "postmaster.pid").read_text("utf-8").splitlines()
        pid, segment = int(lines[0]), int(lines[6].split()[1])
    except (OSError, ValueError, IndexError):
        return  # it has ended by itself, or has never got so far
    if _LIBC is not None and not children.lives(pid):
        remove = 0  # IPC_RMID, shmctl(2)
        _LIBC.shmctl(segment, remove, None)


def _stop_orphan(home: Path) -> None:
    try:
        pid = int((home / "data" / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
        shown = subprocess.run(
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
        )
        if str(home) in shown.stdout:
            os.kill(pid, signal.SIGINT)
            children.wait_until(lambda: not children.lives(pid), STOP_SECONDS)
    except (OSError, ValueError):
        return  # it has ended, or is somebody else's
