"""Dialect files: found, read, and checked. An error names the file, the line and the mend."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import yaml

SCHEMA: Final = "dialect.schema.json"
FOLDER: Final = "dialects"
"""Where dialects lie, below ``variables/``."""
SHOWN: Final = 3
"""How many problems of a file are told at once: the first are mostly the cause of the rest."""

BRIEF: Final = 60
"""Characters of a value that a problem shows."""

Where = tuple[str | int, ...]


class DialectProblem(Exception):
    """A dialect cannot be used; the message names the file, the line and the mend."""

    ROBOT_SUPPRESS_NAME = True


class DialectFile:
    """One dialect file, read, with the line of everything in it.

    Args:
        file: The file.

    Attributes:
        file: The file.
        content: What it says.

    Raises:
        DialectProblem: It cannot be read, or is no YAML, or is not as the schema wants it.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise DialectProblem(f"{file} cannot be read: {problem}") from problem
        try:
            self._node = yaml.compose(text, Loader=yaml.SafeLoader)
            self.content: dict[str, Any] = yaml.safe_load(text) or {}
        except yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark is not None else ""
            what = getattr(problem, "problem", None) or str(problem)
            raise DialectProblem(f"{file}{line}: this is no YAML: {what}.") from problem
        if not isinstance(self.content, dict):
            raise DialectProblem(f"{file}, line 1: a dialect is a mapping; begin it with `dialect: 1`.")
        self._twice()
        found = list(_leaves(_validator(_schema()).iter_errors(self.content)))
        found.sort(key=lambda error: error.kind.name != "additionalProperties")  # what is misspelt is missing
        problems = [self._told(error) for error in found]
        if problems:
            shown = list(dict.fromkeys(problems))
            more = f"\n... and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
            raise DialectProblem("\n".join(shown[:SHOWN]) + more)

    def line(self, where: Where) -> int:
        """The line at which something stands; that of what holds it when it has none of its own.

        Args:
            where: The steps to it: keys and positions.
        """
        node, line = self._node, 1
        for step in where:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if _key(k) == step), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def problem(self, where: Where, what: str) -> DialectProblem:
        """What is wrong at a place of the file, and how to mend it."""
        return DialectProblem(f"{self.file}, line {self.line(where)}: {what}")

    def _twice(self) -> None:
        """A key that stands twice would silently win over the first."""
        for node in _mappings(self._node):
            seen: dict[object, int] = {}
            for key, _ in node.value:
                name, line = _key(key), key.start_mark.line + 1
                if name in seen:
                    raise DialectProblem(
                        f"{self.file}, line {line}: {name!r} stands twice, first in line {seen[name]}; "
                        "the second would win. Take one away, or put both in a list."
                    )
                seen[name] = line

    def _told(self, error: jsonschema_rs.ValidationError) -> str:
        """A departure from the schema, with its line and its mend."""
        where: Where = tuple(error.instance_path)
        place = ".".join(str(step) for step in where) or "the file"
        keyword, details = error.kind.name, error.kind.as_dict()
        if keyword == "additionalProperties":
            name = details["unexpected"][0]
            return str(
                self.problem((*where, name), f"{name!r} means nothing in {place}; {_near(name, error)}")
            )
        mend = _MENDS.get(keyword)
        told = mend(where, details, error) if mend is not None else f": {error.message}"
        return str(self.problem(where, f"{place}{told}"))


def find(name: str, folder: Path) -> Path:
    """The file of the dialect ``name``.

    Args:
        name: Its name, or a path to its file.
        folder: The ``variables`` folder.

    Raises:
        DialectProblem: There is no such file; the message lists those that exist.
    """
    home = folder / FOLDER
    for candidate in (home / f"{name}.yaml", Path(name)):
        if candidate.suffix in (".yaml", ".yml") and candidate.is_file():
            return candidate
    known = sorted(file.stem for file in home.glob("*.yaml"))
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DialectProblem(
        f"There is no dialect {name!r} in {home}.{hint} It holds: {', '.join(known) or 'none'}."
    )


@cache
def _schema() -> str:
    root = Path(__file__).resolve().parents[3] / "variables" / FOLDER
    return (root / SCHEMA).read_text("utf-8")


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema))


def _leaves(errors: Iterator[jsonschema_rs.ValidationError]) -> Iterator[jsonschema_rs.ValidationError]:
    """The errors that say most: of several forms the deepest complaint, else the choice itself."""
    for error in errors:
        inner = [e for branch in _branches(error) for e in branch]
        deeper = [e for e in inner if len(e.instance_path) > len(error.instance_path)]
        unexpected = [e for e in inner if e.kind.name == "additionalProperties"]
        yield from _leaves(iter(deeper or unexpected)) if (deeper or unexpected) else iter([error])


def _branches(error: jsonschema_rs.ValidationError) -> Sequence[Sequence[jsonschema_rs.ValidationError]]:
    if error.kind.name not in ("oneOf", "anyOf"):
        return []
    branches: Sequence[Sequence[jsonschema_rs.ValidationError]] = error.kind.as_dict().get("context", [])
    return branches


def _known(error: jsonschema_rs.ValidationError) -> set[str]:
    """The fields that would be allowed where another one stands."""
    part: Any = json.loads(_schema())
    for step in error.schema_path[:-1]:
        if isinstance(part, dict) and "$ref" in part and step == "$ref":
            part = json.loads(_schema())["$defs"][part["$ref"].rsplit("/", 1)[1]]
        else:
            part = part[step]
    return set(part.get("properties", {})) if isinstance(part, dict) else set()


def _mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _key(node: yaml.Node) -> object:
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _near(name: str, error: jsonschema_rs.ValidationError) -> str:
    known = sorted(_known(error))
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"it may have: {', '.join(known) or 'nothing'}."


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= BRIEF else text[: BRIEF - 1] + "…"


def _enum(_: Where, details: dict[str, Any], error: jsonschema_rs.ValidationError) -> str:
    options = [str(option) for option in details["options"]]
    near = difflib.get_close_matches(str(error.instance), options, n=1)
    mend = f" Did you mean {near[0]!r}?" if near else ""
    return f" is {error.instance!r}; it is one of {', '.join(options)}.{mend}"


def _pattern(where: Where, _: dict[str, Any], error: jsonschema_rs.ValidationError) -> str:
    if where[-1] == "value":
        mend = "it needs a place for $token."
    elif where[0] == "connect" and where[-1] in ("path", "health"):
        mend = "it begins with a slash, for example /ws."
    elif where[-1] == "ignore":
        mend = "say in a few words why the frame tells nothing."
    else:
        mend = "a path is field.field, or field.0.field in a list."
    return f" is {_brief(error.instance)}; {mend}"


def _one_of(where: Where, _: dict[str, Any], error: jsonschema_rs.ValidationError) -> str:
    if "as" in where:
        mend = "a field comes from a path, {path}, {value}, {remembered} or {from}, or the first of a list."
    elif "when" in where:
        mend = "give a value, a list of values, or {present}, {not}, {matches}, {kind}."
    elif "steps" in where:
        mend = "each step has either `post` or `get`."
    elif "refused" in where:
        mend = "each has either `http` or `close`."
    else:
        mend = "it has none of the forms that are allowed here; see dialect.schema.json."
    return f" is {_brief(error.instance)}; {mend}"


_MENDS: Final[Mapping[str, Callable[[Where, dict[str, Any], jsonschema_rs.ValidationError], str]]] = {
    "required": lambda _, details, __: f" has no {details['property']!r}; add it.",
    "enum": _enum,
    "const": lambda _, details, error: f" is {error.instance!r}; write {details['expected_value']!r}.",
    "type": lambda _, d, error: f" is {_brief(error.instance)}; it must be {' or '.join(d['types'])}.",
    "falseSchema": lambda _, __, ___: " has no place beside `speaks`: nothing is translated.",
    "pattern": _pattern,
    "propertyNames": lambda _, d, __: f" names {_brief(d['error'].instance)}; a path is field.field.",
    "oneOf": _one_of,
    "anyOf": _one_of,
}
"""What is said of each kind of departure, after the place."""
