"""Suites that are written as pages (``*.robot.md``), for tools that read plain suites alone.

``python -m runner.markdown_suites`` lints what stands in their code blocks as Robocop lints other suites; a
finding names the line of the page.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .project import ROOT, TESTS, shown

ENDING: Final = ".robot.md"
OPENED: Final = re.compile(r"\s*(?P<fence>`{3,}|~{3,})\s*(?:robotframework|robot)\s*", re.IGNORECASE)
PLACE: Final = re.compile(r":(?P<line>\d+)(?=:\d+)")
"""Where a line of Robocop's names a line of a file."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What a page executes.

    Attributes:
        text: Its code blocks, joined as Robot Framework joins them.
        lines: The page's line, from 1, of each line of the text.
    """

    text: str
    lines: tuple[int, ...]


def pages(folder: Path = TESTS) -> list[Path]:
    """The suites below a folder that are pages, in order."""
    return sorted(folder.rglob(f"*{ENDING}"))


def extract(file: Path) -> Extract:
    """Reads what a page executes.

    Args:
        file: A Markdown file.
    """
    fence, kept, numbers = "", list[str](), list[int]()
    for number, line in enumerate(file.read_text("utf-8").splitlines(keepends=True), start=1):
        opened = OPENED.fullmatch(line)
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            else:
                kept.append(line)
                numbers.append(number)
        elif opened:
            fence = opened["fence"]
            if kept and kept[-1].strip() and not kept[-1].startswith("***"):
                kept.append("\n")  # between two blocks, as between two tests
                numbers.append(number)
    return Extract("".join(kept), tuple(numbers))


def lint(files: Sequence[Path]) -> list[str]:
    """What Robocop finds in pages.

    Args:
        files: The pages.

    Returns:
        The findings, a line each, with the lines of the pages.
    """
    found: list[str] = []
    for file in files:
        read = extract(file)
        with tempfile.TemporaryDirectory(prefix="agent-chat-page-") as folder:
            plain = Path(folder) / f"{file.name.removesuffix(ENDING)}.robot"
            plain.write_text(read.text, "utf-8")
            for command in (("check", "--reports", "print_issues"), ("format", "--check", "--diff")):
                done = subprocess.run(
                    [
                        sys.executable,
                        "-m",
                        "robocop",
                        *command,
                        "--config",
                        str(ROOT / "pyproject.toml"),
                        plain,
                    ],
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    found += [
                        _placed(line.replace(str(plain), shown(file)), read)
                        for line in (done.stdout + done.stderr).splitlines()
                        if line.strip()
                    ]
    return found


def _placed(line: str, read: Extract) -> str:
    """A finding with the page's line instead of the block's."""

    def page_line(found: re.Match[str]) -> str:
        number = int(found["line"])
        return f":{read.lines[number - 1] if 0 < number <= len(read.lines) else number}"

    return PLACE.sub(page_line, line, count=1)


def main() -> int:
    """Prints the findings.

    Returns:
        0 when there are none, else 1.
    """
    files = pages()
    found = lint(files)
    for line in found:
        print(line)
    print(f"{len(files)} pages, {len(found)} lines of findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
