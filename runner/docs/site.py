"""The generator: Sphinx with MyST and Furo. The site works from file:// and never asks the network."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar, Final

from pygments.lexers.robotframework import RobotFrameworkLexer  # type: ignore[import-untyped]
from sphinx.application import Sphinx

from . import commands, finding, pages, reference

CONFIGURATION: Final[dict[str, Any]] = {
    "project": "Acceptance tests for agent chat",
    "html_title": "Acceptance tests for agent chat",
    "extensions": ["myst_parser", finding.__name__],
    "html_theme": "furo",
    "root_doc": "index",
    "myst_heading_anchors": 4,
    "myst_links_external_new_tab": False,
    "smartquotes": False,
    "highlight_language": "text",
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_copyright": False,
    "html_show_sphinx": False,
    # From file:// a page may not read another, so results are shown without a summary.
    "html_show_search_summary": False,
    "html_permalinks_icon": "#",
    "pygments_style": "friendly",
    "html_static_path": [str(Path(__file__).parent / "static")],
    "html_css_files": ["site.css"],
    "keep_warnings": False,
}

COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
"""Sphinx colours what it says."""


class Steps(RobotFrameworkLexer):  # type: ignore[misc]  # Pygments has no types for its lexers
    """Robot Framework, also where only steps are shown."""

    name = "Robot Framework with steps alone"
    aliases: ClassVar = ["robotframework"]

    def get_tokens_unprocessed(self, text: str) -> Any:  # noqa: ANN401 -- Pygments' own
        """Yields positions, kinds and texts; puts steps into a test, which is not shown."""
        if "***" in text:
            yield from super().get_tokens_unprocessed(text)
            return
        before = "*** Test Cases ***\nShown\n"
        indented = "".join(f"    {line}" for line in text.splitlines(keepends=True))
        position, skipped, fresh = 0, 0, True
        for _, kind, value in super().get_tokens_unprocessed(before + indented):
            part = value
            if skipped < len(before):
                cut = min(len(part), len(before) - skipped)
                skipped, part = skipped + cut, part[cut:]
            if fresh and part.startswith("    "):
                part, fresh = part[4:], False
            if part:
                yield position, kind, part
                position, fresh = position + len(part), part.endswith("\n")


def build(site: Path) -> list[str]:
    """Builds the site.

    Args:
        site: Where to; what was there is replaced.

    Returns:
        What is wrong, a line each; the site is as good as it can be in spite of it.

    Raises:
        pages.NotListed: A page is in no list.
    """
    made = {"commands.md": commands.page(), **reference.pages()}
    with tempfile.TemporaryDirectory(prefix="agent-chat-docs-") as private:
        source, out = Path(private) / "source", Path(private) / "site"
        source.mkdir()
        pages.gather(source, made, [f"{reference.FOLDER}/index.md", "commands.md"])
        warnings = io.StringIO()
        app = Sphinx(
            srcdir=source,
            confdir=None,
            outdir=out,
            doctreedir=Path(private) / "doctrees",
            buildername="html",
            confoverrides=dict(CONFIGURATION),
            status=None,
            warning=warnings,
        )
        app.add_lexer("robotframework", Steps)
        app.build()
        shutil.rmtree(out / "_sources", ignore_errors=True)
        for needless in ("objects.inv", ".buildinfo"):
            (out / needless).unlink(missing_ok=True)
        if site.exists():
            shutil.rmtree(site)
        shutil.copytree(out, site)
    prefix = f"{source}/"
    told = COLOUR.sub("", warnings.getvalue())
    return [line.replace(prefix, "") for line in told.splitlines() if line.strip()]
