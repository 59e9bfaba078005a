"""What the checks promise: one that could not be made says so, and counts as neither passed nor failed."""

from __future__ import annotations

from runner import checks
from runner.pages import browser
from runner.skipping import SKIPPED


def module(tmp_path, monkeypatch, name, body):
    (tmp_path / f"{name}.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return checks.Check(name, (name,))


def test_a_check_that_cannot_be_made_says_why(tmp_path, monkeypatch, capsys):
    check = module(tmp_path, monkeypatch, "impossible", f"print('no tool'); raise SystemExit({SKIPPED})")
    (done,) = checks.run([check])
    assert (done.passed, done.failed) == (0, 0)
    assert "  skip  impossible: no tool" in capsys.readouterr().out


def test_a_check_that_fails_shows_what_it_said(tmp_path, monkeypatch, capsys):
    check = module(tmp_path, monkeypatch, "broken", "print('this is why'); raise SystemExit(1)")
    (done,) = checks.run([check])
    assert (done.passed, done.failed) == (0, 1)
    assert "this is why" in capsys.readouterr().out


def test_reports_are_among_the_checks():
    assert ("runner.pages",) in [check.command for check in checks.all_checks()]


def test_a_browser_that_is_named_and_absent_is_no_browser(monkeypatch):
    monkeypatch.setenv(browser.VARIABLE, "no-such-browser")
    assert browser.find() is None
