"""What the site's search finds beside pages: each keyword of the reference, at its own heading."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType
from sphinx.domains.std import StandardDomain

from .reference import ANCHOR

FIRST: Final = 0
"""The rank of what is searched for by name: above pages that only use the words."""

INDEX: Final = "searchindex.js"
CALL: Final = ("Search.setIndex(", ")")
"""What stands around the JSON of the index."""

Found = tuple[str, str, str, str, str, int]
"""A name, the name as it is shown, its kind, its page, its anchor there, and its rank."""


class Keywords(Domain):
    """The keywords, as a programming language's things are to Sphinx: found by any words of their names."""

    name = "keyword"
    label = "Keyword"
    object_types: ClassVar = {"keyword": ObjType("keyword")}

    def get_objects(self) -> Iterator[Found]:
        """Yields each keyword: whatever heading of the reference has a keyword's anchor."""
        standard = self.env.domains["std"]
        assert isinstance(standard, StandardDomain)  # noqa: S101 -- Sphinx' own, which keeps all anchors
        for anchor, (page, place, title) in sorted(standard.labels.items()):
            if anchor.startswith(ANCHOR):
                yield title, title, "keyword", page, place, FIRST

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:  # noqa: A002, ARG002 -- Sphinx' own
        """What a hit is called; Sphinx would put the domain's label in front, which says the same."""
        return self.label


def _escape_once(index: Path) -> None:
    """Takes back that the index escapes names: whoever shows them does so, too, and quotes were `&quot;`."""
    found = json.loads(index.read_text("utf-8").removeprefix(CALL[0]).removesuffix(CALL[1]))
    for those in found["objects"].values():
        for one in those:
            one[-1] = html.unescape(one[-1])
    index.write_text(json.dumps(found, separators=(",", ":")).join(CALL), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Adds the keywords; Sphinx calls it.

    Args:
        app: The generator.

    Returns:
        What Sphinx may do with it.
    """
    app.add_domain(Keywords)
    app.connect("build-finished", lambda built, _: _escape_once(Path(built.outdir) / INDEX))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
