"""Known failures do not break the build; one that passes again, or fails otherwise, does."""

from __future__ import annotations

import pytest
from AgentChatLibrary.known import KnownProblem, judge, load

GOOD = """\
- test: Connection.Nobody Connects
  reason: It lets everybody in.
  says: was let in
- test: Somebody Connects
  reason: Nobody can.
"""


@pytest.fixture
def failures(tmp_path):
    (tmp_path / "known_failures").mkdir()
    (tmp_path / "known_failures" / "here.yaml").write_text(GOOD, "utf-8")
    return load("here", tmp_path)


def test_a_failure_that_is_known_is_skipped_with_its_reason(failures):
    found = judge(failures, "Tests.01 Connection.Nobody Connects", "FAIL", "Ana was let in.")
    assert found is None  # another suite's test of that name
    found = judge(failures, "Tests.Connection.Nobody Connects", "FAIL", "Ana was let in.")
    assert (found.status, found.known) == ("SKIP", True)
    assert found.message == "Known failure: It lets everybody in.\n\nAna was let in."


def test_one_that_passes_again_fails_and_names_the_place(failures):
    found = judge(failures, "Tests.Any.Somebody Connects", "PASS", "")
    assert (found.status, found.known) == ("FAIL", False)
    assert "Take it out of known_failures/here.yaml, line 4." in found.message


def test_one_that_fails_in_another_way_fails(failures):
    found = judge(failures, "Tests.Connection.Nobody Connects", "FAIL", "The backend is down.")
    assert found.status == "FAIL"
    assert "in another way" in found.message
    assert "The backend is down." in found.message


def test_what_is_skipped_or_not_known_stays_as_it_is(failures):
    assert judge(failures, "Tests.Any.Somebody Connects", "SKIP", "no need") is None
    assert judge(failures, "Tests.Any.Else", "FAIL", "broken") is None


def test_an_environment_without_a_file_knows_none(tmp_path):
    assert load("here", tmp_path) == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("test: x", "line 1: write a list"),
        ("- tset: x", "line 1: 'tset' means nothing"),
        ("- test: x", "line 1: it has no `reason`"),
        ("- [", "this is no YAML"),
    ],
)
def test_a_wrong_file_names_the_line_and_the_mend(tmp_path, content, problem):
    (tmp_path / "known_failures").mkdir()
    (tmp_path / "known_failures" / "here.yaml").write_text(content, "utf-8")
    with pytest.raises(KnownProblem, match=problem):
        load("here", tmp_path)
