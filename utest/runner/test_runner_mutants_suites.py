"""What the judge of the backend's mutants promises: the closest tests first, and the real suites for real."""

from __future__ import annotations

import pytest

from runner.console import Stop
from runner.prove import verdicts
from runner.prove.mutants import backend_judge
from runner.prove.mutants.backend_judge import BackendJudge
from runner.prove.mutants.copies import Workplace, copied
from runner.prove.mutants.generator import Change, Mutant
from runner.prove.mutants.planting import Planting
from runner.prove.mutants.records import How, Records
from runner.prove.mutants.suites import Failure, Ran, Suites, _read

MODULE = "backend/ids.py"
LINES = {"Near": {5, 6, 7}, "Nearest": {4, 5, 6, 7}, "Far": {1}, "Costly": {6}}
SECONDS = {"Near": 1.0, "Nearest": 2.0, "Far": 0.5, "Costly": 90.0}
MUTANT = Mutant(MODULE, (6, 0), (6, 1), "AddNot", 0, "new_id", (6, 6))
CHANGE = Change("", "", "", "")
FAILED = Failure("Near", verdicts.How.OWN, "no answer")


class _Suites:
    """Answers as told, and remembers what was asked."""

    def __init__(self, *answers):
        self.tests, self.asked, self._answers = list(SECONDS), [], list(answers)

    def __call__(self, *_arguments):
        return self

    def run(self, _scratch, tests, _variables, _limit, *, measure=False):
        self.asked.append(list(tests))
        if self._answers:
            answer = self._answers.pop(0)
            return answer if isinstance(answer, Ran) else Ran(True, {}, answer, {})
        lines = {MODULE: LINES[tests[0]]} if measure else {}
        return Ran(True, {name: SECONDS[name] for name in tests}, None, lines)


@pytest.fixture
def judge(monkeypatch, tmp_path):
    def make(*answers, asked=True):
        fake = _Suites()
        monkeypatch.setattr(backend_judge, "Suites", fake)
        (tmp_path / "project").mkdir()
        place = Workplace(tmp_path / "project")
        judge = BackendJudge(place, Records(tmp_path / "records", "key"), "embedded", 1)
        if asked:
            judge.prepare(fresh=False)
            fake.asked.clear()
        fake._answers.extend(answers)
        return judge, fake

    return make


def test_a_survivor_meets_the_closest_then_all_that_execute_it_then_the_rest(judge):
    one, fake = judge()
    assert one.judge(MUTANT, CHANGE).how is How.SURVIVED
    assert fake.asked == [["Nearest", "Near"], ["Costly"], ["Far"]]


def test_the_first_failure_decides_and_its_test_comes_first_the_next_time(judge):
    one, fake = judge(FAILED)
    judged = one.judge(MUTANT, CHANGE)
    assert (judged.how, judged.by, judged.message) == (How.KILLED, "Near", "no answer")
    assert fake.asked == [["Nearest", "Near"]]
    one.judge(MUTANT, CHANGE)
    assert fake.asked[1] == ["Near", "Nearest"]


def test_what_no_test_executes_meets_all_the_same_and_is_marked(judge):
    one, fake = judge()
    judged = one.judge(Mutant("backend/clock.py", (1, 0), (1, 1), "AddNot", 0, "now", (1, 1)), CHANGE)
    assert (judged.how, judged.message) == (How.SURVIVED, "no test executes it")
    assert fake.asked == [list(SECONDS)]


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        (Failure("Near", verdicts.How.AMBIENT, ""), How.KILLED),
        (Failure("Near", verdicts.How.CRASHED, ""), How.KILLED),
        (Failure("Near", verdicts.How.TIMEOUT, ""), How.TIMEOUT),
        (Failure("Near", verdicts.How.HARNESS, ""), How.STARTLESS),
        (Ran(False, {}, None, {}), How.TIMEOUT),
    ],
)
def test_how_a_mutant_ends_is_told_apart(judge, answer, how):
    one, _ = judge(answer)
    assert one.judge(MUTANT, CHANGE).how is how


def test_a_test_that_fails_while_it_is_measured_is_tried_again_without(judge):
    one, fake = judge(Ran(True, {}, FAILED, {MODULE: {6}}), asked=False)
    one.prepare(fresh=False)
    assert fake.asked[:2] == [["Near"], ["Near"]]
    one.judge(MUTANT, CHANGE)
    assert "Near" in fake.asked[5]


def test_nothing_is_judged_by_tests_that_fail_anyway(judge):
    one, _ = judge(FAILED, FAILED, asked=False)
    with pytest.raises(Stop, match=r"fail without any mutant:\n  Near: no answer"):
        one.prepare(fresh=False)


def test_what_was_cut_short_is_no_failure(suites, run_robot):
    one = "First\n    No Operation\nSecond\n    Fail    why\nThird\n    No Operation\n"
    tests = suites(one=one)
    passed, failure = _read(run_robot(tests, "--exitonfailure") / "output.xml")
    assert list(passed) == ["Tests.One.First"]
    assert failure == Failure("Tests.One.Second", verdicts.How.OWN, "why")


def test_the_real_suites_meet_a_real_mutant_and_leave_nothing_behind():
    with copied() as root:
        place = Workplace(root)
        real = Suites(place, "embedded")
        (test,) = (name for name in real.tests if name.endswith(".All Five Events Arrive"))
        with place.scratch() as scratch:
            healthy = real.run(scratch, [test], {}, 120, measure=True)
            assert healthy.failure is None
            assert list(healthy.passed) == [test]
            assert "backend/agent/run.py" in healthy.lines
        with place.scratch() as scratch:
            text = (root / "backend/ids.py").read_text("utf-8") + "\nraise RuntimeError\n"
            planted = Planting.of(root, "backend/ids.py", text).tell(scratch / "mutant.json")
            broken = real.run(scratch, [test], planted, 120)
            assert broken.failure.how is verdicts.How.HARNESS
            assert not any((scratch / "processes").iterdir())
        with pytest.raises(Stop, match="starts none"):
            Suites(_without_backend(place), "embedded")
    assert not root.exists()


def _without_backend(place):
    file = place.root / "variables" / "embedded.py"
    file.write_text("URL = 'http://127.0.0.1:9'\n", "utf-8")
    return place
