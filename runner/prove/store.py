"""What has been proven already, so that an interrupted proof goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..project import BACKEND, LIBRARIES, RESOURCES, ROOT, RUNNER, TESTS, VARIABLES
from .catalogue import CLAIM, Fault
from .verdicts import Trial

JUDGING: Final = ("prove/trial", "prove/verdicts", "prove/witness", "prove/reading")
"""The modules of the runner that run a trial and say what its end means."""
SERVING: Final = (
    *("backends", "children", "fork_service", "forks", "keeping", "relay", "schemas", "services"),
    *("postgres", "postgres_data", "postgres_programs", "postgres_server"),
)
"""Those that start what is tried, and the tests."""
_WHAT_COUNTS: Final = (
    *(TESTS, RESOURCES, LIBRARIES, BACKEND, VARIABLES, ROOT / "requirements.txt"),
    *((RUNNER / name).with_suffix(".py") for name in (*JUDGING, *SERVING)),
)
_FAULTS: Final = BACKEND / "faults"
_CLAIMS: Final = re.compile(rf"(\s|\.\.\.)*\b{CLAIM}[\w-]+".encode())
"""Claims with what parts them from the tag before, over continued lines too."""


def fingerprint(*further: str, places: Sequence[Path] = _WHAT_COUNTS) -> str:
    """A hash of all that a proof depends on.

    What tests claim does not count: it decides which tests run, which each record says for itself, and not
    how they end. Nor do the modules that faults stand in, which each count for their own faults alone: see
    ``Store``. So claims can be sorted, and faults added, by a full matrix that holds on.

    Args:
        further: What else counts, such as the environment's name.
        places: The files and folders that count.

    Returns:
        A short text that is another one as soon as a file is.
    """
    digest = hashlib.sha256()
    for place in places:
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            own = file.parent == _FAULTS and not file.name.startswith("_")
            if file.is_file() and "__pycache__" not in file.parts and not own:
                digest.update(f"{file.relative_to(ROOT).as_posix()}\0".encode())
                content = file.read_bytes()
                if file.is_relative_to(TESTS):
                    content = _CLAIMS.sub(b"", content)
                digest.update(hashlib.sha256(content).digest())
    for text in further:
        digest.update(f"{text}\0".encode())
    return digest.hexdigest()[:32]


class Store:
    """The records of a proof, below one folder.

    Args:
        folder: Where they are.
        key: The fingerprint that they must have been made with.
        faults: The faults that there are; a change of the module of one makes its record worthless.
    """

    def __init__(self, folder: Path, key: str, faults: Iterable[Fault] = ()) -> None:
        self.folder, self._key = folder, key
        self._modules = {fault.name: fault.module for fault in faults}

    def trial(self, fault: str, claimed: Sequence[str], tests: Sequence[str]) -> Trial | None:
        """The record of a fault, if it was made with these tests and nothing has changed since.

        Args:
            fault: The fault's name.
            claimed: The tests that claim it now.
            tests: The tests to run with it.
        """
        value = _read(self._file(fault))
        if value is None or value.get("key") != self._trial_key(fault, tests):
            return None
        return Trial.from_json(value | {"claimed": claimed})

    def keep(self, trial: Trial, tests: Sequence[str]) -> None:
        """Writes the record of a fault."""
        trial.key = self._trial_key(trial.fault, tests)
        _write(self._file(trial.fault), trial.as_json())

    def healthy(self) -> dict[str, str]:
        """How tests end with a backend that has no fault: ``PASS`` or ``SKIP``, by full name."""
        value = _read(self.folder / "healthy.json")
        return dict(value["ended"]) if value is not None and value.get("key") == self._key else {}

    def keep_healthy(self, ended: Mapping[str, str]) -> None:
        """Adds how tests ended with a backend that has no fault; of one that failed nothing is kept."""
        known = {**self.healthy(), **ended}
        good = {name: status for name, status in known.items() if status != "FAIL"}
        _write(self.folder / "healthy.json", {"key": self._key, "ended": good})

    def _file(self, fault: str) -> Path:
        return self.folder / "faults" / f"{fault}.json"

    def _trial_key(self, fault: str, tests: Sequence[str]) -> str:
        return hashlib.sha256(
            "\n".join([self._key, self._source(fault), *sorted(tests)]).encode()
        ).hexdigest()[:32]

    def _source(self, fault: str) -> str:
        """A hash of the module that a fault stands in; nothing for the trial without a fault."""
        module = self._modules.get(fault)
        if not module:
            return ""
        file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        return hashlib.sha256(file.read_bytes()).hexdigest()


def _read(file: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _write(file: Path, value: dict[str, Any]) -> None:
    """Writes the file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    os.replace(draft, file)  # noqa: PTH105 -- pathlib's replace is the same
