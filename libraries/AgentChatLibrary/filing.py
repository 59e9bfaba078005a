"""Where a test's transcripts are kept: one JSON Lines file for each test, beside the report."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from robot.libraries.BuiltIn import BuiltIn

from .transcript import Transcript
from .transcript_lines import save

FOLDER_VARIABLE: Final = "AGENT_CHAT_TRANSCRIPTS"
"""The environment variable that names the folder, which lies beside the report."""
KEEP_VARIABLE: Final = "AGENT_CHAT_KEEP_TRANSCRIPTS"
"""The environment variable that keeps the transcripts of tests that pass too, when it is ``1``."""
FOLDER: Final = "transcripts"
"""The folder's name; links in a report are relative to the report."""
LONGEST_NAME: Final = 80


def wanted(*, failed: bool) -> bool:
    """Whether a test's transcripts are kept: always when it failed, otherwise on demand."""
    return failed or os.environ.get(KEEP_VARIABLE, "") not in {"", "0"}


def folder() -> Path:
    """The folder beside the report, also when this process is one of pabot's workers.

    Raises:
        RobotNotRunningError: Neither the environment nor Robot Framework says where the report is.
    """
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    builtin = BuiltIn()
    output = Path(str(builtin.get_variable_value("${OUTPUT DIR}")))
    # pabot gives each worker a folder of its own, two levels below that of the report.
    parallel = builtin.get_variable_value("${CALLER_ID}") is not None
    return (output.parents[1] if parallel else output) / FOLDER


class Filing:
    """Writes transcripts; two tests of one name get a file each."""

    def __init__(self) -> None:
        self._names: Counter[str] = Counter()

    def keep(self, test: str, transcripts: Sequence[Transcript]) -> str:
        """Writes a test's transcripts.

        Args:
            test: The test's full name.
            transcripts: What to write; secrets are masked already.

        Returns:
            The file, relative to the report, with forward slashes.

        Raises:
            OSError: It could not be written.
        """
        name = file_name(test)
        self._names[name] += 1
        if self._names[name] > 1:
            name = f"{name}-{self._names[name]}"
        place = folder()
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(place / f"{name}.jsonl", transcripts)
        return f"{FOLDER}/{name}.jsonl"


def file_name(test: str) -> str:
    """A name for a test's file that every machine gives it alike, and that no other test has.

    Args:
        test: The test's full name.
    """
    words = re.sub(r"[^a-z0-9]+", "-", test.lower()).strip("-")[-LONGEST_NAME:].strip("-")
    return f"{words}-{hashlib.sha256(test.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def write(file: Path, transcripts: Sequence[Transcript]) -> None:
    """Writes transcripts as JSON Lines; only the user may read the file.

    Args:
        file: Where to.
        transcripts: What to write.

    Raises:
        OSError: It could not be written.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        save(transcripts, out)
