"""Known failures do not break the build; one that passes again, or of which more is broken, does."""

from __future__ import annotations

import pytest
from AgentChatLibrary.failures import CUT, failed_rows, of_items, parts
from AgentChatLibrary.known import KnownProblem, judge, load
from hypothesis import given
from hypothesis import strategies as st
from robot.errors import ExecutionFailed, ExecutionFailures
from robot.result import Keyword

GOOD = """\
- test: Connection.Nobody Connects
  reason: It lets everybody in.
  says: was let in
- test: Somebody Connects
  reason: Nobody can.
  says:
    - did not receive
    - "Ambient: Ana received"
"""
NAME = "Tests.Connection.Nobody Connects"
OTHER = "Tests.Any.Somebody Connects"
TEXTS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40).map(str.strip)
"""What a failure says; its own lines are no parts of a message."""


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


@pytest.mark.parametrize(
    ("message", "new"),
    [
        ("Several failures occurred:\n\n1) was let in\n\n2) something else", "something else"),
        ("Setup failed:\nSeveral failures occurred:\n\n1) was let in\n\n2) x", "x"),
        ("was let in\n\nAlso teardown failed:\nall is lost", "all is lost"),
        ("was let in\n\nAlso keyword teardown failed:\nall is lost", "all is lost"),
        ("was let in\n\nAmbient: a canary", "Ambient: a canary"),
        ("was let in\n\nAmbient: somebody was let in", "Ambient: somebody was let in"),
    ],
)
def test_one_that_fails_in_another_way_as_well_fails_and_says_in_which(failures, message, new):
    found = judge(failures, NAME, "FAIL", message)
    assert (found.status, found.known) == ("FAIL", False)
    first, rest = found.message.split("\n\n", 1)
    assert first.endswith(f"(known_failures/here.yaml, line 1 does not name this): {new}")
    assert rest == message


def test_each_failure_may_be_known_by_a_text_of_its_own_and_an_ambient_one_by_its_name(failures):
    both = "Several failures occurred:\n\n1) Ana did not receive x\n\n2) Boris did not receive y"
    assert judge(failures, OTHER, "FAIL", both).known
    assert judge(failures, OTHER, "FAIL", f"{both}\n\nAmbient: Ana received y of another").known
    assert not judge(failures, OTHER, "FAIL", f"{both}\n\nAmbient: Ana did not receive x").known
    assert not judge(failures, OTHER, "FAIL", "Ana received x").known


def test_the_mark_of_ambient_failures_alone_names_none(tmp_path):
    (tmp_path / "known_failures").mkdir()
    content = "- {test: One, reason: It is so., says: ['Ambient:']}"
    (tmp_path / "known_failures" / "here.yaml").write_text(content, "utf-8")
    assert not judge(load("here", tmp_path), "Tests.One", "FAIL", "Ambient: a canary").known


@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=9))
def test_robot_framework_s_message_of_several_failures_is_taken_apart_again(told):
    message = str(ExecutionFailures([ExecutionFailed(one) for one in told]))
    assert CUT in message or parts(message) == told


@given(st.lists(TEXTS.filter(bool), min_size=15, max_size=40), st.booleans())
def test_what_was_cut_out_of_a_message_is_found_in_what_the_test_consists_of(told, nested):
    rows = [Keyword("Row", status="FAIL", message=one) for one in told]
    message = str(ExecutionFailures([ExecutionFailed(one) for one in told]))
    if nested:
        around = Keyword("All Rows", status="FAIL", message=message)
        around.body.extend([Keyword("Good", status="PASS"), *rows])
        rows = [around]
    found = of_items(message, [Keyword("Good", status="PASS"), *rows])
    assert found == told


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
        ("- {test: x, reason: y}", "line 1: it has no `says`; add what its message says"),
        ("- {test: x, reason: y, says: ''}", "line 1: it has no `says`"),
        ("- {test: x, reason: y, says: []}", "line 1: it has no `says`"),
        ("- {test: x, reason: y, says: [z, '']}", "line 1: it has no `says`"),
        ("- {test: x, reason: y, says: {z: 1}}", "line 1: it has no `says`"),
        ("- {test: [x], reason: y, says: z}", "line 1: it has no `test`"),
        ("- [", "this is no YAML"),
    ],
)
def test_a_wrong_file_names_the_line_and_the_mend(tmp_path, content, problem):
    (tmp_path / "known_failures").mkdir()
    (tmp_path / "known_failures" / "here.yaml").write_text(content, "utf-8")
    with pytest.raises(KnownProblem, match=problem):
        load("here", tmp_path)


def test_a_row_is_named_by_what_stands_in_it():
    rows = [
        Keyword("It Fails", args=["a list", "invalid"], status="FAIL"),
        Keyword("It Fails", status="PASS"),
    ]
    assert failed_rows(rows) == "Failed rows:\n  a list | invalid"
    embedded = [Keyword("A list fails as invalid", status="FAIL"), rows[1]]
    assert failed_rows(embedded) == "Failed rows:\n  A list fails as invalid"


def test_nothing_is_named_where_one_row_is_all_or_none_has_failed():
    row = Keyword("It Fails", args=["a list"], status="FAIL")
    assert failed_rows([row]) == ""
    assert failed_rows([Keyword("It Holds", status="PASS")] * 2) == ""
