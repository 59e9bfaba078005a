"""The names of processes, and whether one of this machine is still there."""

import functools
import hashlib
import os
import socket
import sys
from pathlib import Path


def owner_name(instance: str, secret: str) -> str:
    """Returns the name that this process owns runs and connections under; a restarted one has another.

    Args:
        instance: What people call the process.
        secret: What no other process has.
    """
    return f"{os.getpid()}:{machine()}:{secret}:{instance}"


def known_dead(owner: str) -> bool:
    """Says whether the process of that name is known to be gone.

    Of a process on another machine nothing is known here: its leases tell.

    Args:
        owner: As ``owner_name`` made it.
    """
    pid, where = owner.split(":")[:2]
    return where == machine() and not alive(int(pid))


@functools.cache
def machine() -> str:
    """Returns what tells this machine, or this container of it, from others: where a process id means one."""
    marks = [socket.gethostname()]
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if boot.exists():
        marks.append(boot.read_text("ascii").strip())
    if namespace.is_symlink():
        marks.append(str(namespace.readlink()))
    return hashlib.sha256(" ".join(marks).encode()).hexdigest()[:16]


def alive(pid: int) -> bool:
    """Says whether a process with this id exists.

    Args:
        pid: Process id on this machine.
    """
    if sys.platform == "win32":
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it exists and belongs to somebody else
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Says whether a process has ended though its parent has not asked how; known on Linux alone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _alive_on_windows(pid: int) -> bool:
    # os.kill would end the process on Windows, so it is asked for its exit code instead.
    import ctypes  # noqa: PLC0415 -- needed on one platform alone

    synchronize, still_active_wait = 0x00100000, 0x00000102
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 -- the attribute exists on Windows alone
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == still_active_wait)
    finally:
        kernel.CloseHandle(handle)
