"""One machine's part of the suites: the options that keep it, and a note of how it was chosen."""

from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path
from typing import Final

from .command_options import Shard

DEALT_OUT: Final = "Dealt out by timings"
"""The metadata of a shard's report: parts that were dealt out by different timings are not one whole."""


def options(shard: Shard, timings: Path) -> list[str]:
    """The options that keep a part, and note in the report by which timings it was chosen.

    The timings go along as they are now. Each process of a run deals out by itself, and meanwhile the run
    writes down how long its own tests took: by those a test could fall to another machine, and be lost.

    Args:
        shard: Which part.
        timings: The file that tells how many seconds a test of each suite takes; it need not be there.

    Returns:
        Robot Framework's options.
    """
    now = timings.read_bytes() if timings.is_file() else b""
    known = hashlib.sha256(now).hexdigest()[:12] if now else "none"
    carried = base64.urlsafe_b64encode(zlib.compress(now)).decode() if now else ""
    modifier = f"{Path(__file__).with_name('sharding.py')};{shard.index};{shard.count};{carried}"
    return ["--prerunmodifier", modifier, "--metadata", f"{DEALT_OUT}:{known}"]
