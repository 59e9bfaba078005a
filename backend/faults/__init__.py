"""Broken variants of the service: what the acceptance tests must be able to see.

A fault is a function that takes the healthy components and hands back ones of which a part is broken. It
stands in the module of its group, is registered under its name, and its docstring says what somebody who
uses the service would suffer. ``python -m backend.faults NAME`` starts the service with it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.app import Components

Change = Callable[["Components"], "Components"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A defect that the service can be started with.

    Attributes:
        name: Its name on the command line and in the tests' tags.
        group: The kind of promise that it breaks.
        family: Faults that the same tests must see, so that these claim all of them at once; may be empty.
        needs: What an environment must offer for it to show, such as several processes; may be empty.
        local: Whether it shows only among those whom one process serves.
        docstring: What somebody who uses the service would suffer.
        apply: Returns the components with the broken part in them.
    """

    name: str
    group: str
    family: str
    needs: str
    local: bool
    docstring: str
    apply: Change


_registered: dict[str, Fault] = {}


def fault(
    name: str, *, group: str, family: str = "", needs: str = "", local: bool = False
) -> Callable[[Change], Change]:
    """Registers a function as a fault.

    Args:
        name: Its name; no two faults share one.
        group: The kind of promise that it breaks.
        family: Faults that the same tests must see, if it is one of several.
        needs: A capability of the environment without which it does not show.
        local: Whether it shows only among those whom one process serves. Where there are several, a test
            whose people come to different ones does not see it.

    Returns:
        A decorator that leaves the function as it is.

    Raises:
        ValueError: The name is taken, or the docstring is missing.
    """

    def register(change: Change) -> Change:
        docstring = inspect.getdoc(change)
        if not docstring:
            raise ValueError(f"The fault {name} does not say what somebody would suffer.")
        if name in _registered:
            raise ValueError(f"There are two faults {name}.")
        _registered[name] = Fault(name, group, family, needs, local, " ".join(docstring.split()), change)
        return change

    return register


def all_faults() -> dict[str, Fault]:
    """Returns every fault by its name; a module that lies in this package is found by itself."""
    for module in _modules():
        importlib.import_module(module)
    return dict(_registered)


def one_fault(name: str) -> Fault | None:
    """Returns the fault of a name, if there is one.

    Only modules whose text holds the name are loaded: to load all takes a fifth of a start.
    """
    for module in _modules():
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None or f'"{name}"' in Path(spec.origin).read_text("utf-8"):
            importlib.import_module(module)
            if name in _registered:
                return _registered[name]
    return None


def _modules() -> list[str]:
    return [f"{__name__}.{found.name}" for found in pkgutil.iter_modules(__path__) if found.name[0] != "_"]
