"""Whether another process of this machine is still there."""

import os
import sys


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
    return True


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
