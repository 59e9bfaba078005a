"""Puts a mutant in the place of a module, inside the process that is judged. Standard library only.

Nothing on disk changes: whoever imports the module gets the other text. So one copy of the project serves all
jobs, and no compiled file can be stale.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

VARIABLE: Final = "AGENT_CHAT_MUTANT"
"""The environment variable that names the file which tells what to plant."""
MEMORY_BYTES: Final = 4 << 30
"""Most memory that a process with a mutant may take: one that grows without end must not take the machine."""


class _Planted(SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 -- importlib's signature
        """Compiles the mutant; whatever compiled file there is belongs to the healthy module."""
        code: CodeType = self.source_to_code(self._text, self.path)
        return code


class _Finder(MetaPathFinder):
    def __init__(self, name: str, file: Path, text: str) -> None:
        self._name, self._file, self._text = name, file, text

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002 -- importlib's signature
    ) -> ModuleSpec | None:
        """Finds the mutant, and leaves every other module to the finders after this one."""
        if fullname != self._name:
            return None
        loader = _Planted(fullname, str(self._file), self._text)
        packages = [str(self._file.parent)] if self._file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self._file, loader=loader, submodule_search_locations=packages
        )


@dataclass(frozen=True, slots=True)
class Planting:
    """What to plant.

    Attributes:
        name: The module's name.
        file: Where its healthy text is.
        text: The mutant.
    """

    name: str
    file: str
    text: str

    @classmethod
    def of(cls, root: Path, module: str, text: str) -> Planting:
        """The planting of a mutant.

        Args:
            root: The project's folder, or a copy of it.
            module: The module's file below it.
            text: The mutant.
        """
        parts = Path(module.removeprefix("libraries/")).with_suffix("").parts
        return cls(".".join(parts).removesuffix(".__init__"), str(root / module), text)

    def tell(self, file: Path) -> dict[str, str]:
        """Writes down what to plant.

        Args:
            file: Where to.

        Returns:
            The environment variables of the process that shall plant it.
        """
        file.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")
        return {VARIABLE: str(file)}

    @classmethod
    def told(cls) -> Planting | None:
        """What the environment tells to plant."""
        file = os.environ.get(VARIABLE)
        return cls(**json.loads(Path(file).read_text("utf-8"))) if file else None


def plant(planting: Planting) -> None:
    """Plants a mutant in this process.

    Args:
        planting: What to plant.

    Raises:
        RuntimeError: The module has been imported already.
    """
    if planting.name in sys.modules:
        raise RuntimeError(f"{planting.name} was imported before its mutant was planted")
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 -- not there on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, hard))
    sys.meta_path.insert(0, _Finder(planting.name, Path(planting.file), planting.text))
