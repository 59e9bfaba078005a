"""A headless browser: opens a page, acts in it, and gives back what it has become."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

VARIABLE: Final = "CHROMIUM"
"""The environment variable that names a browser."""
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
MILLISECONDS: Final = 20_000
"""How long the page may work, in its own time, which runs faster than ours."""
SECONDS: Final = 90
QUIET: Final = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"),
    *(
        "--disable-component-update",
        "--disable-extensions",
        "--disable-quic",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ),
)
"""No window, no network."""


class BrowserProblem(Exception):
    """The browser did not do its work; the message says what it said."""


def find() -> str | None:
    """The browser that ``CHROMIUM`` names, or one that is installed; None when there is none."""
    named = os.environ.get(VARIABLE)
    return next((path for path in map(shutil.which, [named] if named else NAMES) if path), None)


def open_page(browser: str, page: Path, act: str = "") -> str:
    """Opens a page, runs a script in it, and returns the document as it is then.

    Args:
        browser: The browser.
        page: The page.
        act: JavaScript that runs when the page is there, for example to unfold everything.

    Raises:
        BrowserProblem: The browser failed.
    """
    with tempfile.TemporaryDirectory(prefix="agent-chat-browser-") as private:
        opened = page
        if act:
            opened = page.with_name(f"acting-{page.name}")
            opened.write_text(f"{page.read_text('utf-8')}<script>{act}</script>", "utf-8")
        # Chromium's sandbox works neither for root nor in most containers; no foreign page is opened here.
        command = [browser, *QUIET, "--no-sandbox", f"--user-data-dir={private}"]
        command += [f"--virtual-time-budget={MILLISECONDS}", "--dump-dom", opened.resolve().as_uri()]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise BrowserProblem(f"{browser} did not open {page.name}: {problem}") from problem
        finally:
            if opened is not page:
                opened.unlink()
    if done.returncode or not any(start in done.stdout for start in ("<html", "<svg")):
        raise BrowserProblem(f"{browser} did not open {page.name}: {done.stderr[-500:]}")
    return done.stdout
