"""``python -m runner.pages``: the reports of a hostile run, looked at in a browser."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from runner.project import ROOT
from runner.skipping import SKIPPED

from . import browser, hostile

UNFOLD: Final = (
    "setTimeout(() => { if (window.expandAll) expandAll('s1');"
    " else if (window.renderTotalSelector) renderTotalSelector(); }, 500);"
    "setInterval(() => document.querySelectorAll('details').forEach(d => d.open = true), 500);"
)
"""Opens every suite, test, keyword and fold of a log, and the list of all tests of a report."""
CONTROL: Final = f"<!DOCTYPE html><title>x</title><p>{hostile.markup('control')}</p>"
PICTURE: Final = re.compile(r"data:image/svg\+xml;base64,([\w+/=]+)")
TESTS_SEEN: Final = '<table id="test-details" class="tablesorter'
"""How the table of all tests begins in a report that shows it; else nobody has looked at their messages."""
FIELDS_SEEN: Final = ("markup", "name", "question", "type", "session", "received-close", "sent-chat")
"""Fields that must stand in the log as text: without them nothing would have been tried."""


def main() -> int:
    """Checks the pages.

    Returns:
        0 when nothing executes, 1 when something does, and that of a skipped check when there is no browser.
    """
    found = browser.find()
    if found is None:
        print(
            "no browser was found, so nobody has looked at the reports: install Chromium "
            f"(Debian, Ubuntu: apt install chromium) or name one in {browser.VARIABLE}"
        )
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="agent-chat-pages-") as private:
        folder = Path(private)
        try:
            problems = look(found, folder)
        except browser.BrowserProblem as failed:
            problems = [str(failed)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def look(found: str, folder: Path) -> list[str]:
    """Runs the hostile suite and opens everything that it has written.

    Args:
        found: The browser.
        folder: Where to write.

    Returns:
        What is wrong.
    """
    control = folder / "control.html"
    control.write_text(CONTROL, "utf-8")
    if hostile.EXECUTED not in browser.open_page(found, control):
        return ["The browser obeys no markup at all, so it cannot show that the reports hold none."]
    hostile.transcript(folder / "hostile.jsonl")
    (folder / "hostile.robot").write_text(hostile.SUITE, "utf-8")
    output = run(folder)
    log, report = output / "log.html", output / "report.html"
    problems = []
    for page in (log, report):
        document = browser.open_page(found, page, UNFOLD)
        problems += executed(page.name, document)
        if page is log:
            problems += [
                f"{page.name} does not show what came as {field}"
                for field in FIELDS_SEEN
                if f"{hostile.NAMED}-{field}" not in document
            ]
        elif TESTS_SEEN not in document:
            problems.append(f"{page.name} does not show the table of all tests")
    pictures = sorted(set(PICTURE.findall((output / "output.xml").read_text("utf-8"))))
    if not pictures:
        problems.append("the run has drawn no picture")
    for number, picture in enumerate(pictures):
        file = folder / f"picture-{number}.svg"
        file.write_bytes(base64.b64decode(picture))
        problems += executed(file.name, browser.open_page(found, file))
    print(f"{len(pictures)} pictures, log.html and report.html opened in {Path(found).name}")
    return problems


def run(folder: Path) -> Path:
    """Runs the hostile suite as ``run.py`` does, with the reports that it writes; its tests must fail.

    Args:
        folder: Where the suite is.

    Returns:
        The folder with what was written.
    """
    variables = [f"RECORDING:{folder / 'hostile.jsonl'}", f"NAME:{hostile.short('name')}"]
    variables += [f"{word.upper()}:{hostile.markup(word)}" for word in ("markup", "question", "type")]
    command = [sys.executable, "-m", "runner", "accept", "--keep-transcripts", "--"]
    command += ["--outputdir", str(folder / "out"), "--loglevel", "TRACE"]
    for variable in variables:
        command += ["--variable", variable]
    done = subprocess.run(
        [*command, str(folder / "hostile.robot")], check=False, capture_output=True, text=True, cwd=ROOT
    )
    if not done.stdout.rstrip().endswith("0 passed, 3 failed, 0 skipped"):
        raise browser.BrowserProblem(f"the hostile suite did not run as it should: {done.stdout[-1500:]}")
    return folder / "out"


def executed(name: str, document: str) -> list[str]:
    """What a page tells of markup that it has obeyed.

    Args:
        name: The page.
        document: What has become of it.
    """
    fields = re.findall(rf'{hostile.EXECUTED}="([^"]*)"', document)
    return [f"{name}: markup that came as {field} was executed" for field in dict.fromkeys(fields)]


if __name__ == "__main__":
    sys.exit(main())
