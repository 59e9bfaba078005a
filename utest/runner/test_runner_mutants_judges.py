"""What the judges of mutants promise: a mutant dies of a failed test, and of nothing else."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest

from runner import children
from runner.console import Stop
from runner.project import ROOT
from runner.prove.mutants import rules_judge
from runner.prove.mutants.copies import Workplace
from runner.prove.mutants.generator import Change, Mutant, change, mutants
from runner.prove.mutants.records import How, Records
from runner.prove.mutants.rules_judge import FOLDER, RulesJudge

MODULE = f"{FOLDER}/purse.py"
RULE = """\
def left(coins, spent):
    while spent > 0:
        coins, spent = coins - 1, spent - 1
    return coins


def unused(coins):
    return coins + 1
"""
TESTS = """\
from AgentChatLibrary.rules.purse import left


def test_what_is_left():
    assert left(5, 2) == 3
"""


@pytest.fixture
def place(tmp_path):
    """A copy of a project of one rule and its test."""
    root = tmp_path / "project"
    for folder in (FOLDER, rules_judge.TESTS):
        (root / folder).mkdir(parents=True)
    for package in (FOLDER, Path(FOLDER).parent):
        (root / package / "__init__.py").touch()
    (root / MODULE).write_text(RULE, "utf-8")
    (root / rules_judge.TESTS / "test_rules_purse.py").write_text(TESTS, "utf-8")
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["libraries"]\n', "utf-8")
    shutil.copytree(ROOT / "runner", root / "runner", ignore=shutil.ignore_patterns("__pycache__"))
    place = Workplace(root)
    yield place
    place.close()


@pytest.fixture
def judge(place, tmp_path):
    judge = RulesJudge(place, Records(tmp_path / "records", "key"))
    assert judge.prepare(fresh=False).startswith("1 unit tests, ")
    return judge


def judged(judge, place, operator, becomes):
    for mutant in mutants(place.root, MODULE):
        made = change(place.root, mutant)
        if mutant.operator == operator and made.becomes == becomes:
            return judge.judge(mutant, made)
    raise AssertionError(f"no mutant {operator} makes {becomes!r}")


def test_a_mutant_that_a_test_notices_is_killed_by_it(judge, place):
    end = judged(judge, place, "ReplaceComparisonOperator_Gt_GtE", "while spent >= 0:")
    assert (end.how, end.by) == (How.KILLED, "utest/library/test_rules_purse.py::test_what_is_left")
    assert end.message == "assert 2 == 3"


def test_a_change_that_changes_nothing_survives(judge):
    mutant = Mutant(MODULE, (4, 4), (4, 5), "None", 0, "left", (4, 4))
    assert judge.judge(mutant, Change(RULE, "", "", "")).how is How.SURVIVED


def test_a_mutant_that_no_test_executes_survives(judge, place):
    end = judged(judge, place, "ReplaceBinaryOperator_Add_Sub", "return coins - 1")
    assert (end.how, end.message) == (How.SURVIVED, "no test executes it")


def test_a_mutant_that_never_ends_is_ended(judge, place, monkeypatch):
    monkeypatch.setattr(rules_judge, "START_SECONDS", 3.0)
    end = judged(judge, place, "ReplaceComparisonOperator_Gt_NotEq", "while spent != 0:")
    assert end.how is How.SURVIVED  # with two coins to spend it is the same
    end = judged(judge, place, "ReplaceBinaryOperator_Sub_Add", "coins, spent = coins - 1, spent + 1")
    assert end.how is How.TIMEOUT


def test_a_module_that_cannot_be_imported_does_not_start(judge):
    mutant = Mutant(MODULE, (4, 4), (4, 5), "None", 0, "left", (4, 4))
    end = judge.judge(mutant, Change("1 + None\n" + RULE, "", "", ""))
    assert end.how is How.STARTLESS


def test_nothing_is_judged_by_tests_that_fail_anyway(place, tmp_path):
    file = place.root / rules_judge.TESTS / "test_rules_purse.py"
    file.write_text(TESTS.replace("== 3", "== 4"), "utf-8")
    with pytest.raises(Stop, match="fail without any mutant"):
        RulesJudge(place, Records(tmp_path / "records", "key")).prepare(fresh=False)


def test_nothing_is_left_behind(judge, place):
    judged(judge, place, "ReplaceComparisonOperator_Gt_GtE", "while spent >= 0:")
    assert [folder.name for folder in place.root.parent.iterdir() if folder.name.startswith("mutant-")] == []


@pytest.mark.parametrize("how", ["run", "fork"])
def test_a_closed_workplace_ends_what_runs_and_starts_nothing(place, how):
    caught: list[BaseException] = []

    def work():
        with place.scratch() as scratch:
            if how == "run":
                place.run(["sleep", "60"], scratch, {}, 60)
            else:
                place.fork(time.sleep, 60, 60, preloaded=())

    def guarded():
        try:
            work()
        except KeyboardInterrupt as interrupt:
            caught.append(interrupt)

    worker = threading.Thread(target=guarded)
    worker.start()
    assert children.wait_until(lambda: bool(place._running), 20)
    place.close()
    worker.join(20)
    assert not worker.is_alive()
    assert caught
    with pytest.raises(KeyboardInterrupt):
        work()
