"""What to do about a step that Robot Framework does not know: the nearest keywords, and where they are.

Robot Framework compares only names that are imported and hold no arguments. Most business keywords hold some
(``${name} asks "${question}"``), and the most frequent reason for a step that is not found is a resource that
is not imported. Both are looked up here in ``resources/``, when a test has failed for that reason.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from robot import result, running
from robot.api.parsing import ModelVisitor, Token, get_resource_model
from robot.errors import DataError
from robot.running.arguments.embedded import EmbeddedArguments
from robot.running.context import EXECUTION_CONTEXTS

from .nearest import did_you_mean

RESOURCES: Final = Path(__file__).resolve().parents[2] / "resources"
MARKS: Final = ("It is in", "The nearest business keywords:", "No business keyword is near.")
"""How advice begins that looks a step up."""
SLIPS: Final = (
    "Two blanks end the name of a step",
    "A name is one word",
    "These are two steps",
    "No colon stands behind",
)
"""How advice begins on a step that exists and was written wrongly."""
FIRST: Final = "resources/chat.resource"
"""What a first case imports."""
FIELDS: Final = {
    "Question": ("content", "run_id", "thread_id", "message_id"),
    "Person": ("name", "user_id", "email", "tier", "permissions", "organisation"),
    "Organisation": ("id", "name", "records"),
    "Event": ("type", "fields", "run_id", "thread_id", "message_id", "tool_call_id", "seq", "at"),
}
"""What a test reads of the values that keywords return."""
NEAREST: Final = 3
"""How many keywords are told."""
CLOSE: Final = 0.45
"""From which likeness on a keyword is told."""
WORDS: Final = 0.6
"""How much whole words count for the likeness; the rest is for letters."""
NOT_FOUND: Final = re.compile(
    r"No keyword with name '(?P<step>.+?)' found\.(?! Did you mean)"
    rf"(?! (?:{'|'.join(map(re.escape, MARKS + SLIPS))}))"
)
"""Where Robot Framework itself has a hint, it is the best one; and advice is given once."""
TOO_MANY: Final = re.compile(r"expected 0 arguments, got \d+\.(?! `)")
NOT_NAMED: Final = re.compile(
    r"Keyword '(?P<name>[^']+)' expected (at least )?\d+( to \d+)? (non-named )?arguments?, got \d+\."
    r"(?! [`A-Z])"
)
NO_FIELD: Final = re.compile(
    r"'(?P<kind>Question|Person|Organisation|Event)' (object has no attribute|has no key) '\w+'(?!\. It has)"
)
NAMED: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)=")
NO_RESOURCE: Final = re.compile(
    r"Error in file '(?P<file>.+)' on line (?P<line>\d+): Resource file '(?P<name>.+)' does not exist"
)
SETTINGS: Final = re.compile(r"^\*+ *settings", re.IGNORECASE | re.MULTILINE)
QUOTES: Final = "'\"“”„‘’«»"  # noqa: RUF001 -- curly quotes are meant
"""What people and their editors put around a question."""
PREFIX: Final = re.compile(r"^(given|when|then|and|but)\s+", re.IGNORECASE)
COLON: Final = re.compile(r"(given|when|then|and|but)\s*:\s*", re.IGNORECASE)
QUOTED: Final = re.compile(r'"[^"]*"')
EMBEDDED: Final = re.compile(r"\$\{([^:}]+)(:[^{}]*(\{[^{}]*\})?[^{}]*)?\}")


@dataclass(frozen=True, slots=True)
class BusinessKeyword:
    """A keyword of ``resources/``.

    Attributes:
        name: Its name, with its embedded arguments.
        file: The resource file that holds it.
    """

    name: str
    file: str

    @property
    def shown(self) -> str:
        """Its name as people write it, without the patterns of its arguments."""
        return EMBEDDED.sub(r"${\1}", self.name)

    def takes(self, step: str) -> bool:
        """Whether a step is a call of this keyword."""
        try:
            pattern = EmbeddedArguments.from_name(self.name)
        except DataError:
            return False
        if pattern is None:
            return _plain(self.name) == _plain(step)
        return pattern.name.fullmatch(step) is not None

    def likeness(self, step: str) -> float:
        """How much a step looks like a call of it, from 0 to 1; what is quoted does not count."""
        mine, other = _gist(self.name), _gist(step)
        words = difflib.SequenceMatcher(None, mine.split(), other.split()).ratio()
        return WORDS * words + (1 - WORDS) * difflib.SequenceMatcher(None, mine, other).ratio()


def advised(message: str, calls: Iterable[Sequence[str]] = ()) -> str:
    """A message with advice behind each step that it says is not found, and what else can be said of a slip.

    Args:
        message: The message of a failed test.
        calls: What was called and failed: of each its name and its arguments.
    """
    written = [[str(cell) for cell in call] for call in calls]
    message = NOT_FOUND.sub(lambda found: f"{found[0]} {_about(found['step'], written)}", message)
    message = TOO_MANY.sub(lambda found: found[0] + _second_step(written), message)
    message = NOT_NAMED.sub(lambda found: found[0] + _takes(found["name"], written), message)
    return NO_FIELD.sub(lambda found: f"{found[0]}. It has {_fields(found['kind'])}.", message)


def import_problem(message: str, source: Path | None, errors: Iterable[str]) -> str:
    """A message about an unknown step, with the reason before it where that is what the file imports.

    Args:
        message: The message of a failed test.
        source: The test's file.
        errors: What Robot Framework has said of the files of the run.
    """
    if not message.startswith("No keyword with name") or source is None:
        return message
    for error in errors:
        found = NO_RESOURCE.search(error)
        if found and Path(found["file"]) == source:
            meant = did_you_mean(
                Path(found["name"]).name, (file.name for file in RESOURCES.glob("*.resource"))
            )
            told = f"Line {found['line']} imports '{found['name']}', which does not exist.{meant}"
            return f"{told}\n{message}"
    if source.suffix == ".robot" and not SETTINGS.search(source.read_text("utf-8")):
        return f"The file has no section `*** Settings ***`, so that it knows no steps.\n{message}"
    return message


def failed_calls(body: Iterable[Any]) -> Iterator[Sequence[str]]:
    """What failed in a test, with what it was given, the outermost first.

    Args:
        body: The body of a test's result.
    """
    for item in body:
        if getattr(item, "failed", False):
            if isinstance(item, result.Keyword):
                yield (item.name or "", *item.args)
            yield from failed_calls(item.body)


def _about(step: str, calls: Sequence[Sequence[str]]) -> str:
    plain = PREFIX.sub("", step)
    known = business_keywords()
    for keyword in known:
        if keyword.takes(plain):
            file = FIRST if keyword.file in brought() else keyword.file
            where = f"{keyword.file}, which {FIRST} brings" if file != keyword.file else file
            return f"{MARKS[0]} {where}; add to the settings: `Resource    ../{file}`"
    slip = _colon(step) or _blanks(step, calls) or _unquoted(step) or _long_name(plain) or _joined(plain)
    if slip:
        return slip
    ordered = sorted(known, key=lambda one: (-one.likeness(plain), one.name, one.file))[:NEAREST]
    near = [f"`{one.shown}` ({one.file})" for one in ordered if one.likeness(plain) >= CLOSE]
    return f"{MARKS[1]} {', '.join(near)}." if near else f"{MARKS[2]} What can be said: resources/*.resource."


def _known(step: str) -> bool:
    plain = PREFIX.sub("", step)
    return any(keyword.takes(plain) for keyword in business_keywords())


def _colon(step: str) -> str:
    """A step that begins with ``Given:``."""
    found = COLON.match(step)
    if found is None:
        return ""
    return f"{SLIPS[3]} {found[1]}: write `{found[1]} {step[found.end() :]}`."


def _blanks(step: str, calls: Sequence[Sequence[str]]) -> str:
    """Two blanks inside of a step: what follows them was taken for an argument."""
    for name, *rest in calls:
        whole = " ".join([name, *rest])
        if name == step and rest and _known(whole):
            return f"{SLIPS[0]}: write one. Did you mean `{whole}`?"
    return ""


def _unquoted(step: str) -> str:
    """A step whose last argument stands between other quotes, or none."""
    quoting = [keyword for keyword in business_keywords() if keyword.name.endswith('}"')]
    words = step.split(" ")
    for number in range(1, len(words)):
        said = " ".join(words[number:]).strip(QUOTES)
        meant = f'{" ".join(words[:number])} "{said}"'
        if said and '"' not in said and any(keyword.takes(PREFIX.sub("", meant)) for keyword in quoting):
            return f"Did you mean `{meant}`? What is said stands between straight double quotes."
    return ""


def _long_name(step: str) -> str:
    """A person with two names."""
    words = step.split(" ")
    for number, (one, other) in enumerate(pairwise(words)):
        if one.istitle() and other.istitle():
            meant = " ".join([*words[:number], one + other, *words[number + 2 :]])
            if _known(meant):
                return f"{SLIPS[1]}, without blanks: `{meant}`."
    return ""


def _joined(step: str) -> str:
    """Two steps in one sentence."""
    for found in re.finditer(" and ", step):
        one, other = step[: found.start()], step[found.end() :]
        if _known(one) and _known(other):
            both = (
                f"{one.removesuffix(' is connected')} and {other.removesuffix(' is connected')} are connected"
            )
            shorter = f", or write `{both}`" if _known(both) else ""
            return f"{SLIPS[2]}: put each on a line of its own{shorter}."
    return ""


def _fields(kind: str) -> str:
    more = "; `Get Field` gives what the frame says" if kind == "Event" else ""
    return ", ".join(FIELDS[kind]) + more


def _takes(keyword: str, calls: Sequence[Sequence[str]]) -> str:
    """The arguments that a keyword takes, and which of those given by name it does not."""
    known = _arguments(keyword)
    if not known:
        return ""
    given = [cell for name, *rest in calls if name in keyword for cell in rest]
    names = [found["name"] for cell in given if (found := NAMED.match(cell))]
    strange = next((name for name in names if name not in known), "")
    none = f" No argument is called '{strange}'.{did_you_mean(strange, known)}" if strange else ""
    return f"{none} It takes: {', '.join(known)}."


def _arguments(keyword: str) -> Sequence[str]:
    """The names of a keyword's arguments; none where no such keyword is at hand."""
    context = EXECUTION_CONTEXTS.current
    if context is None:
        return ()
    try:
        found = context.namespace.get_runner(keyword, recommend_on_failure=False).keyword.args
    except (DataError, AttributeError):
        return ()
    return [str(name) for name in (*found.positional, *found.named_only)]


def _second_step(calls: Sequence[Sequence[str]]) -> str:
    """What is said of an argument that is a step itself."""
    for _, *rest in calls:
        for cell in rest:
            if _known(cell):
                return f" `{cell}` looks like a step: put it on a line of its own."
    return ""


@cache
def brought() -> frozenset[str]:
    """The resource files that the one for a first case imports itself."""
    model = get_resource_model(RESOURCES / Path(FIRST).name)
    imports = (item for section in model.sections for item in section.body)
    return frozenset(
        f"{RESOURCES.name}/{item.name}" for item in imports if getattr(item, "type", "") == Token.RESOURCE
    )


@cache
def business_keywords(folder: Path = RESOURCES) -> Sequence[BusinessKeyword]:
    """The keywords of all resource files.

    Args:
        folder: Where the resource files are.
    """
    found: list[BusinessKeyword] = []
    for file in sorted(folder.glob("*.resource")):
        reader = _Reader(f"{folder.name}/{file.name}")
        reader.visit(get_resource_model(file))
        found += reader.found
    return found


class _Reader(ModelVisitor):  # type: ignore[misc]  # Robot Framework has no types
    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[BusinessKeyword] = []

    def visit_Keyword(self, keyword: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        self.found.append(BusinessKeyword(keyword.name, self.file))


def _plain(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "")


def _gist(step: str) -> str:
    """A step without what differs from call to call: quoted text and embedded arguments."""
    return " ".join(QUOTED.sub('""', EMBEDDED.sub("", step)).lower().split())


class Advising:
    """The listener that adds the advice to the message of a test that has failed for an unknown step."""

    ROBOT_LISTENER_API_VERSION = 3

    def end_test(self, _: running.TestCase, outcome: result.TestCase) -> None:
        """Adds the advice, if there is any."""
        if outcome.failed:
            outcome.message = advised(outcome.message, failed_calls(outcome.body))
