"""What the proof promises: a fault counts as caught only by an assertion, and by whom is told."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest
from AgentChatLibrary.environment import Environment
from robot import run

from runner import planning
from runner.console import Stop
from runner.planning import Selection
from runner.project import RUNNER
from runner.prove import asked, catalogue, listing, report, store, trial, witness
from runner.prove.catalogue import Fault
from runner.prove.report import Proof
from runner.prove.store import Store
from runner.prove.verdicts import Ended, How, Trial, how

FAULTS = [Fault("seq-gap", "contract"), Fault("late", "timing"), Fault("leak", "isolation", "Seen by all")]
SUITE = """\
Sees Gaps
    [Tags]    catches:seq-gap    catches:late
    No Operation
Sees Leaks
    [Tags]    catches:Leak    alone
    No Operation
Sees Nothing
    No Operation
"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Ana's run broke the agreed order", How.OWN),
        ("Ambient: a stranger's canary was received", How.AMBIENT),
        ("Setup failed:\nAmbient: a canary", How.AMBIENT),
        ("Wrong total.\n\nAmbient: a canary", How.OWN),
        ("Several failures occurred:\n\n1) Ambient: x\n\n2) y", How.AMBIENT),
        ("Parent suite setup failed:\nno first frame", How.OWN),
        ("Test timeout 10 seconds exceeded.", How.TIMEOUT),
        ("Setup failed:\nKeyword timeout 1 minute exceeded.", How.TIMEOUT),
        ("No agent_completed within 5 s; the answer's timeout was exceeded", How.OWN),
        ("The backend ended with status 1: python -m backend", How.HARNESS),
        ("Ambient: the sessions could not be judged: NameError('x')", How.HARNESS),
        ("KeyError: 'response'", How.CRASHED),
        ("Setup failed:\nFileNotFoundError: [Errno 2] No such file", How.CRASHED),
        ("No keyword with name 'Ana Asks' found.", How.CRASHED),
        ("NoAnswer: GET /threads was not answered within 15 s.", How.CRASHED),
        ("KeyError: 'response'\n\nAmbient: a canary", How.AMBIENT),
        ("AssertionError: 1 != 2", How.OWN),
        ("BrokenPromise: Ana's run broke the agreed order", How.OWN),
        ("OperationalError: database is locked", How.CRASHED),
        ("Setup failed:\nConnectionClosedError: no close frame received or sent", How.CRASHED),
        ("ReadTimeout: HTTPConnectionPool(host='127.0.0.1'): Read timed out.", How.CRASHED),
        ("SomeException: of a module that nobody here has written", How.CRASHED),
        ("HTTPError: 403 Client Error: Forbidden for url: /threads", How.OWN),
        ("The answer ends with an error: Error: 7", How.OWN),
    ],
)
def test_a_failure_is_judged_by_its_message(message, expected):
    assert how("FAIL", message) is expected


def test_a_test_whose_preparation_failed_never_came_to_its_promise():
    assert how("FAIL", "Ana got no welcome", preparing=True) is How.BLOCKED
    assert how("FAIL", "Ana got no welcome\n\nAmbient: a canary", preparing=True) is How.AMBIENT
    assert how("FAIL", "Test timeout 10 seconds exceeded.", preparing=True) is How.TIMEOUT
    trial = Trial("leak", ("Prepares",), {"Prepares": Ended(How.BLOCKED)})
    assert trial.caught
    assert trial.missed_by == ["Prepares"]
    assert trial.by == trial.unrelated == []


def test_an_exception_says_by_its_class_what_the_message_leaves_out():
    assert how("FAIL", "The database server did not come back.", meaning=How.HARNESS) is How.HARNESS
    assert how("FAIL", "loop is closed", preparing=True, meaning=How.CRASHED) is How.CRASHED
    assert how("FAIL", "no way\n\nAmbient: a canary", meaning=How.HARNESS) is How.AMBIENT
    assert how("PASS", "", meaning=How.HARNESS) is How.PASSED


RAISES = """\
from AgentChatLibrary.environment import EnvironmentProblem
from AgentChatLibrary.keywords.promises import BrokenPromise
from AgentChatLibrary.service import Declined

def environment():
    raise EnvironmentProblem("The database server did not come back.")

def inside():
    raise RuntimeError("this event loop is closed")

def promise():
    raise BrokenPromise("Ana's run broke the agreed order.")

def declined():
    raise Declined("Nobody lets Ana in.")
"""
RAISING = """\
*** Settings ***
Library    {library}
*** Test Cases ***
No Environment
    Then Deeper
No Environment At First
    Run Keyword And Continue On Failure    Environment
    Promise
An Exception Without A Name
    Inside
A Promise
    Run Keyword And Ignore Error    Inside
    Promise
A Refusal
    Declined
Rows
    [Template]    Run Keyword
    Environment
    Promise
    Inside
*** Keywords ***
Deeper
    Environment
"""


def test_the_witness_tells_an_exception_that_is_no_assertion_by_its_class(suites, tmp_path):
    told = tmp_path / "told.jsonl"
    (tmp_path / "Raising.py").write_text(RAISES)
    tests = suites(raising=RAISING.format(library=tmp_path / "Raising.py"))
    options = {"output": None, "log": None, "report": None, "console": "none", "outputdir": str(tmp_path)}
    run(str(tests), listener=f"{witness.__file__};{told}", **options)
    ended = {name.rpartition(".")[2]: end for name, end in trial.told(told).items()}
    assert {name: end.how for name, end in ended.items()} == {
        "No Environment": How.HARNESS,
        "No Environment At First": How.HARNESS,
        "An Exception Without A Name": How.CRASHED,
        "A Promise": How.OWN,
        "A Refusal": How.OWN,
        "Rows": How.HARNESS,
    }
    assert "2) Ana's run" in next(
        json.loads(line)["message"] for line in told.read_text("utf-8").splitlines() if "Rows" in line
    )


STEPS = """\
Fails While Preparing
    Given No Operation
    And Fail    no welcome
    Then No Operation
Fails When Acting
    Given No Operation
    When Fail    not sent
Fails By Its Promise
    Given No Operation
    When No Operation
    Then No Operation
    But Fail    no answer
Has No Such Words
    No Operation
    Fail    no answer
Has A Setup
    [Setup]    Fail    no person
    Then No Operation
Passes
    Given No Operation
Breaks In A Loop
    Given No Operation
    Then No Operation
    FOR    ${at: int}    IN RANGE    1
        Fail    no answer
    END
"""


def test_the_witness_tells_which_step_failed(suites, tmp_path):
    told = tmp_path / "told.jsonl"
    folder = suites(steps=STEPS)
    options = {"output": None, "log": None, "report": None, "console": "none", "outputdir": str(tmp_path)}
    run(str(folder), listener=f"{witness.__file__};{told}", **options)
    lines = [json.loads(line) for line in told.read_text("utf-8").splitlines()]
    assert {line["name"].rpartition(".")[2]: line["preparing"] for line in lines} == {
        "Fails While Preparing": True,
        "Fails When Acting": True,
        "Fails By Its Promise": False,
        "Has No Such Words": False,
        "Has A Setup": True,
        "Passes": False,
        "Breaks In A Loop": False,
    }
    assert {line["status"] for line in lines if line["message"]} == {"FAIL"}
    assert all(line["seconds"] >= 0 for line in lines)


ROWS = """\
Fails In Two Rows
    [Template]    Row
    passes
    Ambient: a stranger's canary
    Ana's run broke the agreed order
    never asked
Fails In Its Setup
    [Setup]    Fail    no person
    [Template]    Row
    passes
Has No Template
    Run Keyword And Continue On Failure    Fail    one
    Run Keyword And Continue On Failure    Fail    two

*** Keywords ***
Row
    [Arguments]    ${said}
    Log    ${said}    console=STDERR
    IF    $said != 'passes'    Fail    ${said}
"""


def test_a_row_that_fails_by_its_own_assertion_is_the_last(suites, tmp_path):
    told, said = tmp_path / "told.jsonl", io.StringIO()
    options = {"output": None, "log": None, "report": None, "console": "none", "outputdir": str(tmp_path)}
    run(str(suites(rows=ROWS)), listener=f"{witness.__file__};{told}", stderr=said, **options)
    lines = [json.loads(line) for line in told.read_text("utf-8").splitlines()]
    messages = {line["name"].rpartition(".")[2]: line["message"] for line in lines}
    assert messages["Fails In Two Rows"].splitlines()[2:] == [
        "1) Ambient: a stranger's canary",
        "",
        "2) Ana's run broke the agreed order",
    ]
    assert "never asked" not in said.getvalue()
    assert messages["Fails In Its Setup"] == "Setup failed:\nno person"
    assert "2) two" in messages["Has No Template"]


def test_what_did_not_fail_caught_nothing():
    assert how("PASS", "") is How.PASSED
    assert how("SKIP", "no hold here") is How.SKIPPED


def test_claims_are_read_from_tags_as_robot_framework_compares_them(suites, planned):
    plan = planned(suites(one=SUITE))
    assert catalogue.claims(plan, FAULTS) == {
        "seq-gap": ("Tests.One.Sees Gaps",),
        "late": ("Tests.One.Sees Gaps",),
        "leak": ("Tests.One.Sees Leaks",),
    }
    family = [Fault("swapped", family="Late"), Fault("leak", family="late"), Fault("other")]
    assert catalogue.claims(plan, family) == {
        "swapped": ("Tests.One.Sees Gaps",),
        "leak": ("Tests.One.Sees Gaps", "Tests.One.Sees Leaks"),
        "other": (),
    }
    assert catalogue.unknown_claims(plan, FAULTS) == []
    assert catalogue.unknown_claims(plan, FAULTS[:2]) == [
        "leak is no fault, though it is claimed by Tests.One.Sees Leaks. "
        "All of them: python3 run.py prove --list"
    ]


def test_with_a_fault_run_its_claimants_and_a_fixed_tenth_of_the_others(suites, planned):
    many = "".join(f"T{at}\n    No Operation\n" for at in range(300))
    plan = planned(suites(one=SUITE, two=many))
    few = catalogue.selection(plan, ("Tests.One.Sees Leaks",), full=False)
    assert "Tests.One.Sees Leaks" in few
    assert 15 <= len(few) <= 50
    assert few == catalogue.selection(plan, ("Tests.One.Sees Leaks",), full=False)
    assert len(catalogue.selection(plan, (), full=True)) == len(plan.tests)


def test_what_runs_with_every_fault_is_there_and_comes_from_every_area_that_has_cheap_tests():
    plan = planning.discover(planning.select([]))
    listed = catalogue.listed()
    chosen = {name.partition(".")[2] for name in catalogue.selection(plan, (), full=False)}
    assert listed - {test.name.partition(".")[2] for test in plan.tests} == set()
    assert listed <= chosen, "some of them cost too much, or are more than a tenth"
    measuring_or_starting_backends = {"06 Performance", "09 Health", "13 Several Processes", "14 Crowds"}
    areas = {test.suite.split(".")[1] for test in plan.tests}
    assert areas - {name.split(".")[0] for name in listed} == measuring_or_starting_backends


def test_a_sample_is_the_same_for_the_same_seed_and_an_unknown_fault_is_told():
    faults = [Fault(f"f{at}") for at in range(50)]
    assert catalogue.chosen(faults, [], sample=5, seed=1) == catalogue.chosen(faults, [], sample=5, seed=1)
    assert catalogue.chosen(faults, [], sample=5, seed=1) != catalogue.chosen(faults, [], sample=5, seed=2)
    assert catalogue.chosen(faults, ["F7"]) == [Fault("f7")]
    with pytest.raises(Stop, match="Did you mean 'leak'") as stop:
        catalogue.chosen(FAULTS, ["leek"])
    assert stop.value.status == 2


def proof(plan, *trials: Trial, everything: bool = True) -> Proof:
    by_name = {trial.fault: trial for trial in trials}
    healthy = dict.fromkeys(plan.names, "PASS")
    return Proof.of(
        plan, [f for f in FAULTS if f.name in by_name], by_name, healthy, [], everything=everything
    )


def test_an_ambient_catch_counts_for_the_fault_and_not_for_the_test(suites, planned):
    plan = planned(suites(one=SUITE))
    trial = Trial(
        "leak", ("Tests.One.Sees Leaks",), {"Tests.One.Sees Leaks": Ended(How.AMBIENT, "Ambient: x")}
    )
    done = proof(plan, trial, everything=False)
    assert done.last_line == "1 of 1 faults caught, 0 of 1 tests proven"
    assert not done.good
    assert done.complaints[0] == "leak was not caught by Tests.One.Sees Leaks: ambient (Ambient: x)"


@pytest.mark.parametrize(
    ("by_chance", "caught", "missed"), [(True, True, False), (True, False, True), (False, True, True)]
)
def test_where_chance_decides_who_sees_a_fault_one_of_those_who_claim_it_must(by_chance, caught, missed):
    ended = {
        "Sees": Ended(How.OWN if caught else How.PASSED),
        "Sees Not": Ended(How.PASSED),
        "Other": Ended(How.OWN),
    }
    trial = Trial("leak", ("Sees", "Sees Not"), ended, by_chance=by_chance)
    assert bool(trial.missed_by) == missed
    assert "Sees Not" in trial.missed_by or not missed


def test_a_timeout_catches_nothing(suites, planned):
    plan = planned(suites(one=SUITE))
    trial = Trial(
        "leak", ("Tests.One.Sees Leaks",), {"Tests.One.Sees Leaks": Ended(How.TIMEOUT, "Test timeout")}
    )
    assert proof(plan, trial).last_line == "0 of 1 faults caught, 0 of 3 tests proven"


def test_with_the_whole_catalogue_a_test_that_catches_nothing_is_named(suites, planned):
    plan = planned(suites(one=SUITE))
    gaps, leaks = "Tests.One.Sees Gaps", "Tests.One.Sees Leaks"
    trials = [
        Trial("seq-gap", (gaps,), {gaps: Ended(How.OWN, "gap"), leaks: Ended(How.OWN, "odd")}),
        Trial("late", (gaps,), {gaps: Ended(How.OWN, "late")}),
        Trial("leak", (leaks,), {leaks: Ended(How.OWN, "leak"), "Tests.One.Sees Nothing": Ended(How.PASSED)}),
    ]
    done = proof(plan, *trials)
    assert done.complaints == ["Tests.One.Sees Nothing caught nothing"]
    assert done.last_line == "3 of 3 faults caught, 2 of 3 tests proven"
    assert trials[0].unrelated == [leaks]
    assert proof(plan, *trials, everything=False).good


def test_the_matrix_and_its_data_tell_the_same(suites, planned, tmp_path):
    plan = planned(suites(one=SUITE))
    gaps, leaks = "Tests.One.Sees Gaps", "Tests.One.Sees Leaks"
    trial = Trial(
        "leak", (leaks,), {leaks: Ended(How.OWN, "<b>Boris</b> saw it", 0.5), gaps: Ended(How.PASSED)}, 2.5
    )
    page, data = report.write(proof(plan, trial), tmp_path)
    text = page.read_text("utf-8")
    assert '<td class="own" title="Sees Leaks: &lt;b&gt;Boris&lt;/b&gt; saw it">●</td>' in text
    assert '<td class="passed" title="Sees Gaps: passed">·</td>' in text
    assert "http" not in text.replace("http-equiv", "")
    value = json.loads(data.read_text("utf-8"))
    (row,) = value["faults"]
    assert row["ended"][leaks] == {"how": "own", "message": "<b>Boris</b> saw it", "seconds": 0.5}
    assert (row["group"], row["summary"], row["caught"], row["seconds"]) == (
        "isolation",
        "Seen by all",
        True,
        2.5,
    )
    assert Trial.from_json(row) == trial


def test_records_are_taken_again_only_if_nothing_changed(tmp_path):
    trial = Trial("leak", ("a",), {"a": Ended(How.OWN, "x")}, 1.0)
    claimed = trial.claimed
    Store(tmp_path, "key").keep(trial, ["a"])
    assert Store(tmp_path, "key").trial("leak", claimed, ["a"]) == trial
    assert Store(tmp_path, "another").trial("leak", claimed, ["a"]) is None
    assert Store(tmp_path, "key").trial("leak", claimed, ["a", "b"]) is None
    now = Store(tmp_path, "key").trial("leak", ("a", "c"), ["a"])
    assert now.claimed == ("a", "c")
    (tmp_path / "faults" / "leak.json").write_text("{broken")
    assert Store(tmp_path, "key").trial("leak", claimed, ["a"]) is None
    Store(tmp_path, "key").keep_healthy({"a": "PASS", "b": "SKIP", "c": "FAIL"})
    assert Store(tmp_path, "key").healthy() == {"a": "PASS", "b": "SKIP"}
    assert Store(tmp_path, "another").healthy() == {}
    Store(tmp_path, "key").keep_healthy({"a": "FAIL", "c": "PASS"})
    assert Store(tmp_path, "key").healthy() == {"b": "SKIP", "c": "PASS"}


def imported(module):
    """The modules of the runner that one of them imports, by their names below it."""
    home = module.rpartition("/")[0]
    for node in ast.walk(ast.parse((RUNNER / f"{module}.py").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.level or str(node.module).startswith("runner.")):
            below = home if node.level == 1 else ""
            names = (
                [str(node.module).removeprefix("runner.")] if node.module else [a.name for a in node.names]
            )
            yield from ("/".join(filter(None, [below, *name.split(".")])) for name in names)


BESIDES = {"planning", "surroundings", "project", "console", "hidden"}
"""What these modules use to find out what runs, to talk and to clear up: no test ends otherwise by them."""


def test_what_carries_trials_out_and_judges_them_counts_for_every_record():
    counting = {*store.JUDGING, *store.SERVING}
    assert all((RUNNER / f"{module}.py") in store._WHAT_COUNTS for module in counting)
    assert all(place.exists() for place in store._WHAT_COUNTS)
    used = {name for module in counting for name in imported(module)}
    assert used - counting - BESIDES == set()


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        (["--variable", "PEOPLE:7"], True),
        (["--skip", "alone"], True),
        (["--exitonfailure"], True),
        (["--loglevel", "TRACE"], True),
        (["--test", "One", "--exclude", "soak", "--outputdir", "elsewhere", "--log", "NONE"], False),
    ],
)
def test_of_the_command_line_counts_what_decides_how_a_test_ends(options, counts, monkeypatch):
    env = Environment("some", Path("some.py"), None, capabilities=frozenset({"hold"}))
    plain = asked.counting(Selection((), ("tests",)), env)
    assert (asked.counting(Selection(tuple(options), ("tests",)), env) != plain) is counts
    monkeypatch.setenv("ROBOT_OPTIONS", " ".join(options))
    assert (asked.counting(Selection((), ("tests",)), env) != plain) is counts


def test_a_file_that_the_command_line_names_counts_with_what_it_holds(tmp_path):
    env, file = Environment("some", Path("some.py"), None), tmp_path / "more.py"
    chosen = Selection(("--variablefile", f"{file}:argument"), ("tests",))
    told = []
    for text in ("A = 1", "A = 2"):
        file.write_text(text)
        told.append(asked.counting(chosen, env))
    assert told[0] != told[1]


def test_a_record_holds_until_the_module_of_its_fault_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(store, "_FAULTS", tmp_path / "faults")
    (tmp_path / "faults").mkdir()
    files = [tmp_path / "faults" / name for name in ("a.py", "b.py", "_common.py")]
    for file in files:
        file.write_text("as it was")
    faults = [Fault("leak", module="faults.a"), Fault("late", module="faults.b")]

    def kept():
        there = Store(tmp_path / "proof", store.fingerprint(places=[tmp_path / "faults"]), faults)
        return [name for name in ("leak", "late") if there.trial(name, (), ["x"]) is not None], there

    for fault in faults:
        kept()[1].keep(Trial(fault.name, ()), ["x"])
    assert kept()[0] == ["leak", "late"]
    files[0].write_text("another")
    assert kept()[0] == ["late"]
    files[2].write_text("another")
    assert kept()[0] == []


def test_a_record_holds_whatever_is_claimed_and_for_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(store, "TESTS", tmp_path)
    suite = tmp_path / "a.robot"

    def key(tags):
        suite.write_text(f"*** Test Cases ***\nOne\n    [Tags]    {tags}\n    Log    catch\n")
        return store.fingerprint(places=[tmp_path])

    plain = key("severity:minor")
    assert key("severity:minor    catches:seq-gap") == plain
    assert key("severity:minor\n    ...    catches:seq-gap\n    ...    catches:late") == plain
    assert key("severity:minor    catches:seq-gap    needs:hold") == key("severity:minor    needs:hold")
    assert key("severity:minor    needs:hold") != plain


def test_a_fault_that_needs_what_is_not_offered_is_left_out():
    faults = [Fault("anywhere"), Fault("between", needs="several_processes")]
    assert catalogue.showing(faults, {"hold"}) == faults[:1]
    assert catalogue.showing(faults, {"hold", "several_processes"}) == faults


def test_faults_are_listed_group_by_group_with_who_claims_them(suites, planned, monkeypatch, capsys):
    told = [
        Fault("late", group="timing", summary="Customers wait. " * 12, needs="several_processes"),
        Fault("seq-gap", group="delivery", summary="Customers miss an event.", family="late"),
        Fault("alone", group="delivery", summary="Nobody looks."),
    ]
    monkeypatch.setattr(catalogue, "read_faults", lambda: told)
    monkeypatch.setenv("COLUMNS", "80")
    assert listing.tell(planned(suites(one=SUITE))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "delivery (2 faults)",
        "  alone: 0 tests claim it",
        "      Nobody looks.",
        "  seq-gap: 1 test claims it, of the family late",
        "      Customers miss an event.",
    ]
    assert lines[5:7] == ["timing (1 fault)", "  late: 1 test claims it, needs several_processes"]
    assert lines[-1] == "3 faults. Try one: python3 run.py prove --fault NAME"
    assert max(map(len, lines)) < 80


def test_one_group_of_faults_is_listed_and_an_unknown_one_is_told(suites, planned, monkeypatch, capsys):
    told = [Fault("late", group="timing"), Fault("seq-gap", group="delivery")]
    monkeypatch.setattr(catalogue, "read_faults", lambda: told)
    plan = planned(suites(one=SUITE))
    assert listing.tell(plan, "timing") == 0
    assert capsys.readouterr().out.splitlines()[0] == "timing (1 fault)"
    with pytest.raises(Stop, match=r"no group of faults 'timin'\. Did you mean 'timing'\?") as stopped:
        listing.tell(plan, "timin")
    assert stopped.value.status == 2
