"""How much memory a process holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def resident(pid: int | None = None) -> int:
    """Bytes of a process that are in memory.

    Args:
        pid: The process; this one when omitted.
    """
    pid = pid if pid is not None else os.getpid()
    if sys.platform == "linux":
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    told = subprocess.run(
        ["/bin/ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True
    )
    return int(told.stdout) * 1024
