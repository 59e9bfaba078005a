"""Broken variants of the service, so that the suites can be seen to fail.

A fault is a function from components to components, registered under its name. It replaces one part of the
healthy service by a subclass with one small, realistic defect; the healthy code knows nothing of it::

    @fault("timestamps-in-milliseconds", group="contract")
    def timestamps_in_milliseconds(components: Components) -> Components:
        '''Every client that shows times shows nonsense.'''
        return replace(components, events=MillisecondEvents)

The modules of this package are imported when faults are looked up; one module holds one group or several.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from backend.components import Components

__all__ = ["Fault", "all_faults", "fault"]

Breaker = Callable[[Components], Components]


@dataclass(frozen=True, slots=True)
class Fault:
    """A registered fault.

    Attributes:
        name: As it is asked for: lower case, words joined by hyphens.
        group: The group it belongs to, such as ``events``.
        suffering: What a user would suffer, in one line.
        breaks: Turns healthy components into broken ones.
    """

    name: str
    group: str
    suffering: str
    breaks: Breaker


_registered: dict[str, Fault] = {}


def fault(name: str, *, group: str) -> Callable[[Breaker], Breaker]:
    """Registers the decorated function as a fault.

    Args:
        name: Its name; must be new.
        group: Its group.

    Raises:
        ValueError: The name is taken, or the function does not say what a user would suffer.
    """

    def register(breaks: Breaker) -> Breaker:
        text = inspect.getdoc(breaks) or ""
        if not text:
            raise ValueError(f"The fault {name} needs a docstring that says what a user would suffer.")
        if name in _registered:
            raise ValueError(f"There are two faults {name}.")
        _registered[name] = Fault(name, group, text.splitlines()[0], breaks)
        return breaks

    return register


def all_faults() -> dict[str, Fault]:
    """Returns every fault by its name, in the order of names."""
    for module in pkgutil.iter_modules(__path__):
        if module.name != "__main__":
            importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_registered.items()))
