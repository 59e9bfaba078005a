"""The Markdown that the site is built from: the pages as they are written, and those that are made."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ..project import ROOT

SOURCES: Final = ROOT / "docs"
README: Final = ROOT / "README.md"
INDEX: Final = "index.md"
BESIDE: Final = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
"""Pages beside the README, where code hosts look for them."""

LINK: Final = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")
"""An inline link, not an image."""
PICTURE: Final = re.compile(r"!\[(?P<text>[^\]]*)\]\((?P<file>[\w./-]+\.svg)\)")
FENCE: Final = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
OUTWARD: Final = re.compile(r"[a-z][a-z+.-]*:")
"""How an address begins that leads out of the project."""

CONTENTS: Final = {
    "Begin": ["tutorial"],
    "How to": [
        "howto/person",
        "howto/promise",
        "howto/environment",
        "howto/contract",
        "howto/fault",
        "howto/one-test",
        "howto/failure",
        "howto/swimlane",
        "howto/transcript",
        "howto/ci",
        "dialects",
        "scale",
    ],
    "Understand": ["architecture", "decisions", "glossary", "ambient", "proof", "library", "reports"],
    "Project": [name.removesuffix(".md").lower() for name in BESIDE],
    "Look up": ["contract", "environments", "mistakes", "coverage", "targets", "performance", "capacity"],
}
"""The pages in the order of the site's list; the reference follows."""


class NotListed(Exception):
    """A page is in no list, so that nobody would find it, or a listed one does not exist."""


def gather(folder: Path, made: Mapping[str, str], reference: Sequence[str]) -> None:
    """Puts all pages together.

    Args:
        folder: Where to; empty.
        made: Pages that are made, by their paths.
        reference: The made pages that stand in the site's list, in order.

    Raises:
        NotListed: A page is not in the list, or a listed one does not exist.
    """
    written = {str(_page(file.relative_to(ROOT).as_posix())): file for file in sorted(SOURCES.rglob("*.md"))}
    written |= {name.lower(): ROOT / name for name in BESIDE}
    listed = {f"{name}.md" for names in CONTENTS.values() for name in names}
    if set(written) != listed:
        wrong = ", ".join(sorted(set(written) ^ listed))
        raise NotListed(f"CONTENTS in runner/docs/pages.py and the pages in docs/ differ in: {wrong}")
    for name, file in written.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(adapted(file.read_text("utf-8"), file.relative_to(ROOT).as_posix()), "utf-8")
    for other in SOURCES.rglob("*.svg"):
        picture = folder / other.relative_to(SOURCES)
        picture.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(other, picture)
    for name, text in made.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    index = adapted(README.read_text("utf-8"), README.name)
    (folder / INDEX).write_text(index + _contents(reference), "utf-8")


def _contents(reference: Sequence[str]) -> str:
    """The list of pages, which the theme shows at the side."""
    parts = {**CONTENTS, "Reference": [name.removesuffix(".md") for name in reference]}
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
        for caption, names in parts.items()
    )


def adapted(text: str, page: str) -> str:
    """A page as the site needs it: links between pages kept, links to sources as names, drawings inside.

    Args:
        text: The page as it is written.
        page: Its path in the project.
    """
    parts, last = [], 0
    for fence in FENCE.finditer(text):
        parts += [_adapted(text[last : fence.start()], page), fence[0]]
        last = fence.end()
    return "".join([*parts, _adapted(text[last:], page)])


def _adapted(text: str, page: str) -> str:
    def link(found: re.Match[str]) -> str:
        target, _, anchor = found["target"].partition("#")
        if not target or OUTWARD.match(target):
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        inside = _page(path)
        if inside is None:  # a source file: the site may be read elsewhere
            return found["text"] if "`" in found["text"] else f"{found['text']} (`{path}`)"
        there = posixpath.relpath(inside, posixpath.dirname(_page(page) or "") or ".")
        return f"[{found['text']}]({there}{'#' + anchor if anchor else ''})"

    def picture(found: re.Match[str]) -> str:
        drawing = (ROOT / posixpath.dirname(page) / found["file"]).read_text("utf-8")
        drawing = re.sub(r"^<\?xml.*?\?>\s*", "", drawing)
        return f"<figure>\n{drawing.strip()}\n</figure>"

    return PICTURE.sub(picture, LINK.sub(link, text))


def _page(path: str) -> str | None:
    """Where a file of the project stands on the site; None when it does not."""
    if path == README.name:
        return INDEX
    if path in BESIDE:
        return path.lower()
    return path.removeprefix("docs/") if path.startswith("docs/") and path.endswith(".md") else None
