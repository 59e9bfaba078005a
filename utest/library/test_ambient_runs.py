"""What becomes of a test at its end, in real runs: skipped ones, and those that are known to fail."""

from __future__ import annotations

import pytest
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.failures import AMBIENT, ROWS_TOLD
from AgentChatLibrary.identity import Organisation, Person
from AgentChatLibrary.known import TAG
from AgentChatLibrary.service import Service
from AgentChatLibrary.settling import release
from AgentChatLibrary.world import Scope
from robot_runs import ROOT, results_of, run_robot

ROWS = 30
"""So many that Robot Framework cuts the middle out of the message."""
SUITE = f"""
*** Settings ***
Library    AgentChatLibrary    ${{VARIABLES}}

*** Test Cases ***
Skipped
    Ana Asks While Clara Listens
    Skip    nothing says this here

Skipped On Failure
    [Tags]    robot:skip-on-failure
    Ana Asks While Clara Listens
    Fail    something else

Skipped And Known
    Ana Asks While Clara Listens
    Skip    nothing says this here

Failing And Known
    Ana Asks While Clara Listens
    Fail    was let in

Failing And Known Save For What Clara Saw
    Ana Asks While Clara Listens
    Fail    was let in

Many Rows
    [Template]    Fail
{"".join(f"    was let in {n}{chr(10)}" for n in range(ROWS))}
Many Rows And A New One
    [Template]    Fail
{"".join(f"    was let in {n}{chr(10)}" for n in range(ROWS // 2))}    a new hole
{"".join(f"    was let in {n}{chr(10)}" for n in range(ROWS // 2, ROWS))}
A New One In The Teardown
    [Template]    Fail
{"".join(f"    was let in {n}{chr(10)}" for n in range(ROWS))}    [Teardown]    Fail    a new hole

*** Keywords ***
Ana Asks While Clara Listens
    Create Organisation    Northwind    ${{{{ {{}} }}}}
    Create Organisation    Contoso    ${{{{ {{}} }}}}
    Create Person    Ana    Northwind    enterprise
    Create Person    Clara    Contoso    enterprise
    ${{ana}}    Get Person    Ana
    ${{mark}}    Make Canary    person    ${{ana.user_id}}
    Open Session    Ana
    Open Session    Clara
    Ask    Ana    What did we spend in total? ${{mark}}
    Wait For Answer    Ana
"""
KNOWN = f"""
- test: Skipped And Known
  reason: Everybody hears everything.
  says: ["{AMBIENT} Clara (u_", "{AMBIENT} Clara received agent_started with a canary"]
- test: Failing And Known
  reason: Everybody hears everything, and is let in.
  says: [was let in, "{AMBIENT} Clara (u_", "{AMBIENT} Clara received agent_started with a canary"]
- test: Failing And Known Save For What Clara Saw
  reason: Everybody is let in.
  says: was let in
- test: Many Rows
  reason: Everybody is let in.
  says: was let in
- test: Many Rows And A New One
  reason: Everybody is let in.
  says: was let in
- test: A New One In The Teardown
  reason: Everybody is let in.
  says: was let in
"""


@pytest.fixture(scope="module")
def variables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("variables")
    here = (ROOT / "variables" / "embedded.py").read_text("utf-8")
    (folder / "here.py").write_text(f"{here}\nDIRECTORY = {str(ROOT)!r}\n", "utf-8")
    (folder / "known_failures").mkdir()
    (folder / "known_failures" / "here.yaml").write_text(KNOWN, "utf-8")
    return folder


def run(folder, variables, fault, *options):
    options = ("--variable", f"VARIABLES:{variables}", *options)
    return results_of(run_robot(folder, SUITE, *options, fault=fault, environment="here"))


@pytest.fixture(scope="module")
def leaking(tmp_path_factory, variables):
    return run(tmp_path_factory.mktemp("run"), variables, "event-broadcast-to-every-connection")


@pytest.mark.parametrize("name", ["Skipped", "Skipped On Failure"])
def test_a_skipped_test_fails_when_somebody_has_received_what_is_another_s(leaking, name):
    test = leaking[name]
    assert test.failed
    assert test.message.startswith(f"{AMBIENT} Clara (u_")
    assert "Clara received agent_started with a canary that is only for person" in test.message
    assert "\n\nThe test itself was skipped: " in test.message
    assert test.message.endswith("something else" if "Failure" in name else "nothing says this here")


@pytest.mark.parametrize("name", ["Skipped And Known", "Failing And Known", "Many Rows"])
def test_what_is_known_of_a_test_is_skipped_when_all_of_it_is_named(leaking, name):
    assert leaking[name].skipped
    assert TAG in leaking[name].tags


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("Failing And Known Save For What Clara Saw", f"{AMBIENT} Clara (u_"),
        ("Many Rows And A New One", "a new hole"),
        ("A New One In The Teardown", "a new hole"),
    ],
)
def test_what_is_not_named_fails_beside_what_is_and_is_told_first(leaking, name, new):
    assert leaking[name].failed
    assert TAG not in leaking[name].tags
    first = leaking[name].message.splitlines()[0]
    assert f"does not name this): {new}" in first


def test_the_rows_that_failed_are_named(leaking):
    rows = leaking["Many Rows And A New One"].message.partition("\n\nFailed rows:\n")[2].splitlines()
    assert rows[:ROWS_TOLD] == [f"  was let in {n}" for n in range(ROWS_TOLD)]
    assert rows[ROWS_TOLD] == f"  and {ROWS + 1 - ROWS_TOLD} more"


def test_a_skipped_test_tells_what_else_is_broken_and_stays_skipped(tmp_path, variables):
    test = run(tmp_path, variables, "seq-gap", "--test", "Skipped")["Skipped"]
    assert test.skipped
    assert test.message.startswith(f"nothing says this here\n\n{AMBIENT} ")
    assert "seq" in test.message


@pytest.mark.parametrize("own", [False, True])
def test_runs_that_could_not_be_released_are_told_unless_their_backend_was_the_test_s_own(free_port, own):
    deployment = Deployment(f"http://127.0.0.1:{free_port}", admin_token="an-operator-s-token")
    scope = Scope("test", deployments=[deployment] if own else [])
    service = Service(deployment)
    scope.held.append(Person("Ana", "ana@x", "p", "u_1", Organisation("N", "o"), "free", (), service))
    left = release(scope)
    assert not scope.held
    assert [one.partition(": ")[0] for one in left] == (
        [] if own else ["Ana's runs were left held, and could not be released"]
    )
