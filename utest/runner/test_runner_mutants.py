"""What mutants promise: each is a real change that something could observe, and none is lost on the way."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from runner.console import Stop
from runner.project import ROOT
from runner.prove.mutants import command, report
from runner.prove.mutants.campaign import Campaign, drawn
from runner.prove.mutants.generator import Mutant, change, mutants
from runner.prove.mutants.planting import Planting
from runner.prove.mutants.records import How, Judged, Record, Records
from runner.prove.mutants.report import Tally
from runner.prove.mutants.scope import Entry, Scope
from runner.prove.mutants.source import Source

CODE = '''\
"""A module."""

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    LIMIT: int | None = 1 + 1


class Purse:
    """Holds coins: ä."""

    def take(self, wanted: int | None = None) -> int | None:
        """Takes 1 + 1 coins."""
        self.journal.warning("taken", wanted + 1)
        ä = "ä" if wanted else ""; rest = wanted - 1
        if (
            wanted > 2
            and rest
        ):
            return rest
        return None
'''


@pytest.fixture
def tree(tmp_path):
    """A project of one module."""
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "purse.py").write_text(CODE, "utf-8")
    return tmp_path


@pytest.fixture
def found(tree):
    return mutants(tree, "backend/purse.py")


def named(found, line):
    return [m for m in found if m.start[0] == line]


def test_nothing_changes_where_nothing_can_observe_it(tree, found):
    lines = CODE.splitlines()
    touched = {lines[m.start[0] - 1].strip() for m in found}
    assert touched == {
        'ä = "ä" if wanted else ""; rest = wanted - 1',
        "if (",
        "wanted > 2",
        "and rest",
    }
    source = Source(tree / "backend" / "purse.py")
    assert source.unobservable((12, 27)) == "a type annotation"
    assert source.unobservable((14, 20)) == "what only the log tells"


def test_a_mutant_knows_its_function_and_the_lines_of_its_statement(found):
    assert {m.function for m in found} == {"Purse.take"}
    assert {m.lines for m in named(found, 17)} == {(16, 19)}  # the head of the if, without its body
    assert {m.lines for m in named(found, 15)} == {(15, 15)}


def test_a_change_is_told_by_its_lines_wherever_they_stand(tree, found):
    mutant = next(m for m in found if m.operator == "ReplaceComparisonOperator_Gt_GtE")
    made = change(tree, mutant)
    assert (made.line, made.becomes) == ("wanted > 2", "wanted >= 2")
    assert made.text == CODE.replace("wanted > 2", "wanted >= 2")
    assert "-            wanted > 2" in made.diff.splitlines()


def test_what_cosmic_ray_cannot_change_is_no_mutant(tmp_path):
    (tmp_path / "m.py").write_text(
        "try:\n    f()\nexcept (OSError, json.JSONDecodeError):\n    pass\n", "utf-8"
    )
    made = [change(tmp_path, mutant) for mutant in mutants(tmp_path, "m.py")]
    assert [it.becomes for it in made if it] == ["except (CosmicRayTestingException, json.JSONDecodeError):"]


def test_identity_in_the_place_of_equality_is_no_mutant(found):
    operators = {m.operator for m in found}
    assert "ReplaceComparisonOperator_Gt_Eq" in operators
    assert not any(operator.endswith(("Eq_Is", "NotEq_IsNot")) for operator in operators)


def test_the_seed_decides_which_and_each_place_is_drawn_once(found):
    one = list(drawn(found, 7))
    assert one == list(drawn(reversed(found), 7))
    assert one != list(drawn(found, 8))
    assert len({m.site for m in one}) == len(one) == len({m.site for m in found})


@pytest.mark.parametrize("name", ["purse.py", "__init__.py"])
def test_what_is_planted_is_what_is_imported(tmp_path, name):
    package = tmp_path / "wallet"
    package.mkdir()
    for file in ("__init__.py", "purse.py"):
        (package / file).write_text("COINS = 1\n", "utf-8")
    subprocess.run([sys.executable, "-m", "compileall", "-q", tmp_path], check=True)
    variables = Planting.of(tmp_path, f"wallet/{name}", "COINS = 2\n").tell(tmp_path / "mutant.json")
    code = (
        "from runner.prove.mutants.planting import Planting, plant\n"
        "plant(Planting.told())\n"
        "import wallet, wallet.purse\n"
        "print(wallet.COINS, wallet.purse.COINS)\n"
    )
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True
    )
    assert done.stdout == ("1 2\n" if name == "purse.py" else "2 1\n"), done.stderr


def test_the_lists_of_what_does_not_count_speak_of_code_that_is_there():
    assert Scope.read().stale(ROOT) == []


def test_every_listed_equivalent_is_a_mutant_that_would_be_tried():
    listed = Scope.read().equivalent
    made = [
        (entry, change(ROOT, mutant))
        for module in {entry.module for entry in listed}
        for mutant in mutants(ROOT, module)
        for entry in listed
        if (entry.module, entry.function, entry.operator) == (module, mutant.function, mutant.operator)
    ]
    tried = {(entry, it.line, it.becomes) for entry, it in made if it is not None}
    assert [entry for entry in listed if (entry, entry.line, entry.becomes) not in tried] == []


def test_an_entry_about_code_that_is_gone_is_told(tree):
    there = Entry("backend/purse.py", "why", "Purse.take", "wanted > 2", "wanted >= 2", "Gt_GtE")
    elsewhere = Entry("backend/purse.py", "why", "Purse.put")
    lists = Scope(
        [Entry("backend/bag.py", "why"), elsewhere],
        [there, Entry("backend/purse.py", "why", "Purse", "x = 1")],
    )
    assert lists.stale(tree) == [
        "backend/bag.py is listed as out of scope, and is no file",
        "backend/purse.py, Purse.put is listed as out of scope, and is no longer there",
        "backend/purse.py, Purse: x = 1 is listed as equivalent, and is no longer there",
    ]


def test_what_is_out_of_scope_is_so_with_all_that_stands_in_it(found):
    (mutant, *_) = found

    def excluded(*entry, **more):
        return Scope([Entry(*entry, **more)]).within("embedded").excludes(mutant)

    assert excluded("backend/purse.py", "why")
    assert excluded("backend/purse.py", "why", "Purse")
    assert not excluded("backend/purse.py", "why", "Pur")
    assert not excluded("backend/other.py", "why")
    assert excluded("backend/purse.py", "why", environment="embedded")
    assert not excluded("backend/purse.py", "why", environment="real_services")


def test_an_equivalent_mutant_is_known_by_its_text_and_its_reason_is_needed(tree, found, tmp_path):
    mutant = next(m for m in found if m.operator == "ReplaceComparisonOperator_Gt_GtE")
    listed = tmp_path / "equivalent.yaml"
    value = {
        "module": mutant.module,
        "function": "Purse.take",
        "operator": mutant.operator,
        "line": "wanted > 2",
        "becomes": "wanted >= 2",
        "reason": "No purse holds two coins.",
    }
    listed.write_text(json.dumps([value]), "utf-8")  # JSON is YAML
    (tmp_path / "none.yaml").write_text("[]", "utf-8")
    lists = Scope.read(tmp_path / "none.yaml", listed)
    others = [m for m in found if m is not mutant]
    assert lists.same(mutant, change(tree, mutant))
    assert not any(lists.same(m, change(tree, m)) for m in others)
    listed.write_text(json.dumps([{k: v for k, v in value.items() if k != "reason"}]), "utf-8")
    with pytest.raises(Stop, match=r"equivalent\.yaml: an entry has"):
        Scope.read(tmp_path / "none.yaml", listed)


def a_record(how=How.SURVIVED, kind="rules", diff="--- a\n+++ b\n@@ -1 +1 @@\n-a < b\n+a > b"):
    return Record(kind, "m.py", "f", "Lt_Gt", 1, "a < b", "a > b", diff, how, "", "", 1.0)


def test_a_record_holds_until_anything_changes(tmp_path):
    mutant = Mutant("m.py", (1, 2), (1, 3), "Lt_Gt", 0, "f", (1, 1))
    Records(tmp_path, "key").keep(mutant, a_record())
    assert Records(tmp_path, "key").find(mutant) == a_record()
    assert Records(tmp_path, "other").find(mutant) is None
    (tmp_path / f"{mutant.id}.json").write_text("{", "utf-8")
    assert Records(tmp_path, "key").find(mutant) is None


def test_the_score_counts_what_was_noticed_and_is_never_rounded_up():
    tally = Tally((*[a_record(How.KILLED)] * 18, a_record(How.TIMEOUT), a_record()))
    assert tally.line == "19 of 20 mutants killed (95 %)"
    assert tally.missed == []
    almost = Tally((*[a_record(How.KILLED)] * 9499, *[a_record()] * 501))
    assert almost.line == "9499 of 10000 mutants killed (94.9 %)"
    assert almost.missed == ["rules: 9499 of 10000 mutants killed (94.9 %); the goal is 95%"]
    poor = Tally((a_record(How.KILLED, "backend"), a_record(How.SURVIVED, "backend"), a_record(How.KILLED)))
    assert [line.partition(":")[0] for line in poor.missed] == ["backend"]


def test_the_page_shows_each_survivor_and_needs_nothing_else(tmp_path):
    tally = Tally((a_record(), a_record(How.KILLED, diff="--- a\n+++ b\n-dead\n+too")))
    page, data = report.write(tally, tmp_path, ["Drawn with --seed 3."])
    text = page.read_text("utf-8")
    assert '<span class="old">-a &lt; b</span>' in text
    assert "dead" not in text
    assert "Drawn with --seed 3." in text
    assert "http" not in text
    assert [m["how"] for m in json.loads(data.read_text("utf-8"))["mutants"]] == ["survived", "killed"]


class _Place:
    def __init__(self, root):
        self.root = root

    def close(self):
        """Nothing runs."""


class _Judge:
    def __init__(self):
        self.asked = []

    def judge(self, mutant, change):
        self.asked.append(mutant)
        return Judged(How.KILLED if "not" in change.becomes else How.SURVIVED)


def test_what_was_tried_is_not_tried_again(tree, found, tmp_path, capsys):
    judge = _Judge()
    records = Records(tmp_path / "records", "key")
    campaign = Campaign("backend", _Place(tree), judge, records, Scope(), 2)
    chosen = campaign.choose(drawn(found, 1), 3)
    first = campaign.carry_out(chosen, fresh=False)
    assert len(chosen) == len(judge.asked) == 3
    assert campaign.carry_out(chosen, fresh=False) == first
    assert len(judge.asked) == 3
    assert "3 tried earlier" in capsys.readouterr().out
    campaign.carry_out(chosen, fresh=True)
    assert len(judge.asked) == 6


def test_what_is_no_python_or_listed_is_not_drawn(tree, found, tmp_path):
    every = Campaign("backend", _Place(tree), _Judge(), Records(tmp_path, "key"), Scope(), 1)
    mutant, made = every.choose(iter(found), None)[0]
    entry = Entry(mutant.module, "why", mutant.function, made.line, made.becomes, mutant.operator)
    few = Campaign("backend", _Place(tree), _Judge(), Records(tmp_path, "key"), Scope([], [entry]), 1)
    left = [m for m, _ in few.choose(iter(found), None)]
    assert mutant not in left
    assert all(change(tree, m) is not None for m in left)


def test_a_file_below_either_kind_can_be_named_and_nothing_else(monkeypatch):
    monkeypatch.chdir(ROOT)
    rules = "libraries/AgentChatLibrary/rules/pairing.py"
    assert command._files("rules", rules) == [rules]
    assert command._files("backend", rules) == []
    assert rules in command._files("rules", "both")
    assert not any("faults" in file for file in command._files("backend", "backend"))
    with pytest.raises(Stop, match="nothing to mutate"):
        command.prove(command.Wanted("runner"))
