"""The faults there are, and the tests that claim to catch them."""

from __future__ import annotations

import hashlib
import json
import math
import random
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from AgentChatLibrary.nearest import did_you_mean

from ..arguments import USAGE_ERROR
from ..console import Stop
from ..planning import ALONE, SOAK, Plan
from ..project import ROOT

CLAIM: Final = "catches:"
"""A test tagged ``catches:NAME`` claims that it fails, by its own assertion, where the fault of that name
is, or any of the family of that name."""
FURTHER: Final = 10
"""One in so many of all tests runs with each fault too, to see whether unrelated tests fail."""
LISTED: Final = Path(__file__).with_name("further.yaml")
"""Which those are."""
PRIVATE: Final = "needs:private_backend"
"""Tag of tests that start a backend of their own."""
ROWS: Final = 10
"""As many steps has a test at the most; one that has more has a template, and these are its rows."""


_TOLD: Final = {
    **{name: name for name in ("name", "group", "family", "needs", "module")},
    "summary": "docstring",
}
"""What the backend tells of each fault in a text, and what it calls that."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A defect that a backend can be started with.

    Attributes:
        name: Its name.
        group: What it belongs to.
        summary: One line about it.
        family: Faults that one tag claims all of; may be empty.
        needs: The capability without which it does not show; may be empty.
        module: The module that it stands in, as Python names it.
        local: Whether it shows only among those whom one process serves.
    """

    name: str
    group: str = ""
    summary: str = ""
    family: str = ""
    needs: str = ""
    module: str = ""
    local: bool = False


def read_faults() -> list[Fault]:
    """Asks the backend for its faults.

    Returns:
        The faults, in the backend's order.

    Raises:
        Stop: It has none to tell.
    """
    command = [sys.executable, "-m", "backend.faults", "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        listed = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        faults = [
            Fault(**{name: str(f.get(key, "")) for name, key in _TOLD.items()}, local=bool(f.get("local")))
            for f in listed
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Stop(f"The list of faults cannot be read ({problem}): {' '.join(command[1:])}") from problem
    if done.returncode != 0 or not faults:
        told = done.stderr.strip().splitlines()
        places = [line.strip() for line in told if line.lstrip().startswith("File ")]
        tail = " ".join([*told[-1:], *(["in", places[-1]] if places else [])]).replace(f"{ROOT}/", "")
        raise Stop(f"The backend lists no faults ({' '.join(command[1:])} gave {done.returncode}). {tail}")
    return faults


def showing(faults: Iterable[Fault], offered: Collection[str]) -> list[Fault]:
    """The faults that can show where an environment offers this; no test could see the others there."""
    return [fault for fault in faults if not fault.needs or fault.needs in offered]


def normal(name: str) -> str:
    """A name as Robot Framework compares tags: without case, spaces and underscores."""
    return name.lower().replace(" ", "").replace("_", "")


def chosen(
    faults: Sequence[Fault], names: Sequence[str], *, sample: int | None = None, seed: int | None = None
) -> list[Fault]:
    """The faults that a command asks for.

    Args:
        faults: All there are.
        names: Only these; all when empty.
        sample: Only so many, picked at random.
        seed: Decides which.

    Returns:
        The faults, in the backend's order.

    Raises:
        Stop: A name is not among them.
    """
    known = {normal(fault.name): fault for fault in faults}
    for name in names:
        if normal(name) not in known:
            hint = did_you_mean(name, (fault.name for fault in faults))
            raise Stop(
                f"There is no fault {name!r}.{hint} All of them: python3 run.py prove --list", USAGE_ERROR
            )
    wanted = {normal(name) for name in names} or set(known)
    few = [fault for key, fault in known.items() if key in wanted]
    if sample is None or sample >= len(few):
        return few
    picked = set(random.Random(seed).sample(few, sample))  # noqa: S311 -- a sample, not a secret
    return [fault for fault in few if fault in picked]


def claims(plan: Plan, faults: Iterable[Fault]) -> dict[str, tuple[str, ...]]:
    """Which tests claim which faults, by name or by family.

    Args:
        plan: The tests.
        faults: The faults.

    Returns:
        The full names of the claiming tests, in the plan's order, by the fault's name.
    """
    tagged = _tagged(plan)
    found: dict[str, tuple[str, ...]] = {}
    for fault in faults:
        claiming = {name for of in (fault.name, fault.family) if of for name in tagged.get(normal(of), ())}
        found[fault.name] = tuple(name for name in plan.names if name in claiming)
    return found


def unknown_claims(plan: Plan, faults: Iterable[Fault]) -> list[str]:
    """Claims about faults that do not exist: misspelt, or left behind."""
    faults = list(faults)
    known = {normal(name) for fault in faults for name in (fault.name, fault.family)}
    names = {normal(fault.name): fault.name for fault in faults}
    return [
        f"{fault} is no fault, though it is claimed by {'; '.join(tests)}."
        f"{did_you_mean(fault, names.values())} All of them: python3 run.py prove --list"
        for fault, tests in _tagged(plan).items()
        if fault not in known
    ]


def _tagged(plan: Plan) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for test in plan.tests:
        for tag in test.tags:
            if normal(tag).startswith(CLAIM):
                found.setdefault(normal(tag).removeprefix(CLAIM), []).append(test.name)
    return found


def selection(plan: Plan, claimed: Sequence[str], *, full: bool) -> tuple[str, ...]:
    """The tests that run with a fault: those that claim it and a fixed part of the others.

    Args:
        plan: All tests.
        claimed: Those that claim it.
        full: Whether all run.

    Returns:
        Their full names, in the plan's order.
    """
    soaking = {test.name for test in plan.tagged(SOAK)}
    others = [test.name for test in plan.tests if test.name not in soaking] if full else _further(plan)
    wanted = {*claimed, *others}
    return tuple(test.name for test in plan.tests if test.name in wanted)


def listed() -> frozenset[str]:
    """The tests that run with every fault, named without the suite that holds all."""
    return frozenset(yaml.safe_load(LISTED.read_text("utf-8")))


def _further(plan: Plan) -> list[str]:
    """The fixed part of the tests: those that are listed, and then those whose names hash lowest.

    Of the latter a new test displaces one at most. Tests that measure, that start a backend of their own, or
    that have many rows stay out: each costs as much as ten others.
    """
    costly = {test.name for test in plan.tagged(ALONE, SOAK, PRIVATE)}
    cheap = [test.name for test in plan.tests if test.name not in costly and test.steps <= ROWS]
    first = listed()
    cheap.sort(key=lambda name: (name.partition(".")[2] not in first, hashlib.sha256(name.encode()).digest()))
    return cheap[: math.ceil(len(plan.tests) / FURTHER)]
