"""``run.py new fault``: a broken variant of the backend, which a test must notice."""

from __future__ import annotations

import argparse

from AgentChatLibrary.nearest import did_you_mean

from ..arguments import USAGE_ERROR
from ..console import Stop
from ..project import BACKEND
from ..prove import catalogue
from . import names, writing


def main(options: argparse.Namespace) -> int:
    """Writes the fault in a module of its own, which the backend finds by itself.

    Args:
        options: The command line: ``name`` and ``group``.

    Returns:
        The exit status.

    Raises:
        Stop: The name is bad or taken.
    """
    name = names.checked("fault", options.name, names.FAULT, "-")
    group = names.word("group", options.group, names.GROUP, "events")
    faults = catalogue.read_faults()
    groups = sorted({known.group for known in faults})
    if group not in groups:
        hint = did_you_mean(group, groups)
        raise Stop(f"There is no group {group!r}.{hint} There are: {', '.join(groups)}.", USAGE_ERROR)
    for known in faults:
        if catalogue.normal(name) in {catalogue.normal(known.name), catalogue.normal(known.family)}:
            raise Stop(f"There is a fault {known.name!r} already: {known.summary}", USAGE_ERROR)
    function = name.replace("-", "_")
    file = names.free(BACKEND / "faults" / f"{function}.py")
    words = "".join(word.capitalize() for word in name.split("-"))
    writing.write(
        file,
        writing.filled("fault.py.template", name=name, group=group, function=function, broken=f"_{words}"),
    )
    writing.next_steps(
        "Replace the class: find the part in backend/components.py, and spoil what one of its methods gives.",
        "Say in the docstring what somebody who uses the service would suffer.",
        f"Tag the test that must notice it (docs/coverage.md names them):      [Tags]    catches:{name}",
        f"python3 run.py prove --fault {name}",
        ".venv/bin/python -m runner.coverage --write",
    )
    return 0
