"""What of a command line decides how a test ends, and so for what a record of the proof holds."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from AgentChatLibrary.environment import Environment
from robot.run import RobotFramework

from ..planning import Selection

_CHOOSING: Final = {
    *("test", "task", "suite", "include", "exclude", "rerunfailed", "rerunfailedsuites", "parseinclude"),
    *("name", "doc", "metadata"),
}
"""Which tests run, and what they are called: each record says that for itself."""
_REPORTING: Final = {
    *("outputdir", "output", "log", "report", "xunit", "debugfile", "timestampoutputs", "splitlog"),
    *("logtitle", "reporttitle", "reportbackground", "suitestatlevel", "legacyoutput", "maxerrorlines"),
    *("tagstatinclude", "tagstatexclude", "tagstatcombine", "tagdoc", "tagstatlink", "prerebotmodifier"),
    *("expandkeywords", "removekeywords", "flattenkeywords", "statusrc", "maxassignlength"),
    *("console", "dotted", "quiet", "consolewidth", "consolecolors", "consolelinks", "consolemarkers"),
}
"""What is written of it, and where to."""


def counting(selection: Selection, env: Environment) -> list[str]:
    """What decides how tests end, beside the files of the project.

    Args:
        selection: What Robot Framework is told; what the variable ``ROBOT_OPTIONS`` adds counts as well.
        env: The environment.

    Returns:
        Texts; other ones as soon as a test might end otherwise. None of them is for people.
    """
    options, _ = RobotFramework().parse_arguments(selection.arguments)
    told = [
        f"{name}={value}{_content(str(value))}"
        for name, given in sorted(options.items())
        if name not in _CHOOSING | _REPORTING
        for value in (given if isinstance(given, list) else [given])
    ]
    return [env.name, *sorted(env.capabilities), *told]


def _content(value: str) -> str:
    """A hash of the file that an option names, with arguments or without; nothing where it names none."""
    file = Path(re.split("[;:]", value)[0])
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
