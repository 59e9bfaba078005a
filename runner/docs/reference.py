"""The reference of keywords: Markdown pages from what Libdoc knows, with the examples that are executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from ..examples.collect import Argument, Keyword, Owner, owners
from ..examples.suite import ORGANISATION, PEOPLE
from ..examples.uses import Place, Use, Uses
from ..project import ROOT

FOLDER: Final = "keywords"
ANCHOR: Final = "keyword-"
"""How the anchor of a keyword begins, so that it is told from those of other headings."""
NAME: Final = re.compile(r"(?<!`)`([^`]+)`(?!`)")
"""A keyword's name in a documentation: between single backticks."""
PATTERN: Final = re.compile(r"\$\{(\w+):[^{}]*\}")
"""An embedded argument with its pattern or type."""

HOW: Final = f"""\
Every keyword has an example, and every example is executed by `python3 run.py test`. Whoever of
{" and ".join(PEOPLE)} is named in it is an enterprise user of {ORGANISATION} and connected.

"""
WORLDS: Final = {
    "on a backend of its own": " on a private backend, with heartbeats a second apart",
    "on a deployment of its own": " on a deployment of several processes",
    "with a recording": " with a recording of Ana's",
}


def pages() -> dict[str, str]:
    """All pages of the reference by their paths, the overview first."""
    found, used = owners(), Uses().found
    made: dict[str, str] = {}
    links = {
        (owner.name, keyword.name): f"{_page_of(owner, keyword)}#{anchor(keyword.name)}"
        for owner in found
        for keyword in owner.keywords
    }
    for owner in found:
        shown = [keyword for keyword in owner.keywords if not keyword.private]
        for name, group in groupby(shown, key=lambda k, o=owner: _page_of(o, k)):  # type: ignore[misc]
            keywords = list(group)
            made[f"{FOLDER}/{name}"] = _page(owner, keywords, links, used)
    return {f"{FOLDER}/index.md": _overview(found, made), **made}


def anchor(name: str) -> str:
    """The anchor of a keyword on its page.

    Args:
        name: The keyword's name.
    """
    return ANCHOR + re.sub(r"[^a-z0-9]+", "-", plain(name).lower()).strip("-")


def plain(name: str) -> str:
    """A keyword's name without the patterns of its embedded arguments.

    Args:
        name: The name as it is defined.
    """
    return PATTERN.sub(r"${\1}", name)


def _page_of(owner: Owner, keyword: Keyword) -> str:
    if not owner.is_library:
        return f"{owner.name}.md"
    stem = keyword.file.stem
    return f"{owner.name}.md" if stem == "__init__" else f"{owner.name}-{stem}.md"


def _overview(found: Sequence[Owner], made: dict[str, str]) -> str:
    lines = ["# Keywords", "", HOW]
    for library, title in ((False, "Business keywords"), (True, "Library keywords")):
        lines += [f"## {title}", ""]
        if not library:
            lines += [
                "They are what suites are written in. The example of each is a test of the suites that uses"
                " it, unless it has one of its own.",
                "",
            ]
        for owner in (one for one in found if one.is_library is library):
            if not owner.keywords:
                continue
            files = {_page_of(owner, keyword) for keyword in owner.keywords}
            about = _first_sentence(_linked(owner.doc, owner, {}))
            if files == {f"{owner.name}.md"}:
                lines.append(f"- [{owner.name}]({owner.name}.md): {about}")
            else:
                lines.append(f"- {owner.name}: {about}")
                about_topics = {_page_of(owner, keyword): keyword.file for keyword in owner.keywords}
                lines += [
                    f"  - [{_topic(file)}]({name}): {_first_sentence(_module_doc(file))}"
                    for name, file in about_topics.items()
                ]
        lines.append("")
    names = [name.removeprefix(f"{FOLDER}/").removesuffix(".md") for name in made]
    return "\n".join([*lines, "```{toctree}", ":hidden:", "", *names, "```", ""])


def _topic(file: Path) -> str:
    return file.stem.replace("_", " ").capitalize()


def _page(
    owner: Owner, keywords: Sequence[Keyword], links: dict[tuple[str, str], str], used: dict[Place, Use]
) -> str:
    file = keywords[0].file
    title, about = owner.name, _linked(owner.doc, owner, links)
    if owner.is_library and file.stem != "__init__":
        title, about = f"{_topic(file)} ({owner.name})", _module_doc(file)
    lines = [f"# Keywords: {title}", "", about, "", f"From `{file.relative_to(ROOT).as_posix()}`.", ""]
    for keyword in sorted(keywords, key=lambda k: k.line):
        lines += _keyword(keyword, owner, links, used.get((keyword.file, keyword.name)))
    return "\n".join(lines)


def _keyword(
    keyword: Keyword, owner: Owner, links: dict[tuple[str, str], str], use: Use | None
) -> Iterator[str]:
    yield from (f"({anchor(keyword.name)})=", f"## {plain(keyword.name)}", "")
    yield from (_linked(keyword.doc, owner, links), "")
    if keyword.arguments:
        yield from (*(_argument(one, owner, links) for one in keyword.arguments), "")
    kind, meaning = keyword.returns
    if kind or meaning:
        told = f": {_flat(_linked(meaning, owner, links))}" if meaning else "."
        yield from (f"Returns{f' `{kind}`' if kind else ''}{told}", "")
    if keyword.raises:
        yield from ("Fails with", "")
        yield from (f"- `{name}`: {_flat(_linked(when, owner, links))}" for name, when in keyword.raises)
        yield ""
    for example in keyword.examples:
        yield from (f"Example{WORLDS.get(example.world, '')}:", "", *_code(example.lines), "")
    if use is not None and not keyword.examples:
        through = " → ".join(f"*{plain(name)}*" for name in use.within)
        where = f"*{use.test}* (`{use.suite.relative_to(ROOT).as_posix()}`)"
        begun = f", which begins with *{use.setup}*" if use.setup else ""
        by = f"; {through} uses it" if through else ""
        yield from (f"As in {where}{begun}{by}:", "", *_code(use.lines), "")


def _argument(argument: Argument, owner: Owner, links: dict[tuple[str, str], str]) -> str:
    facts = [f"`{argument.kind}`"] if argument.kind else []
    facts += ["by name"] if argument.named and not argument.name.startswith("*") else []
    facts += [f"default `{argument.default}`"] if argument.default else []
    told = f": {_flat(_linked(argument.doc, owner, links))}" if argument.doc else ""
    known = f" ({', '.join(facts)})" if facts else ""
    return f"- `{argument.name}`{known}{told}"


def _code(lines: Iterable[str]) -> Iterator[str]:
    yield from ("```robotframework", *lines, "```")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _linked(text: str, owner: Owner, links: dict[tuple[str, str], str]) -> str:
    """A documentation with the keywords that it names as links."""

    def link(found: re.Match[str]) -> str:
        there = links.get((owner.name, found[1]))
        return f"[{found[1]}]({there})" if there else f"*{found[1]}*"

    return NAME.sub(link, text)


def _first_sentence(text: str) -> str:
    return _flat(text.split("\n\n", 1)[0])


def _module_doc(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
