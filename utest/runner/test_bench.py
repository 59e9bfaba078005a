"""What the benchmarks promise: ratios from rounds, goals, and a baseline that is held."""

from __future__ import annotations

import argparse
import json
from collections import Counter

import jwt
import pytest

from bench import catalogue, command, pages, plots, table
from bench.backends import EACH, reference
from bench.model import Figure, Goal, Row, Taken
from bench.processes import PartFailed


def taken(ratio: float, **more) -> Taken:
    row = Row("thing", "a thing", "s", [ratio, ratio, ratio], [1.0, 1.0, 1.0], "a peer", Goal(1.5, "lower"))
    for name, value in more.items():
        setattr(row, name, value)
    return Taken([row])


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """Runs the command with one figure that is made up; gives its status."""
    monkeypatch.setattr(command, "FOLDER", tmp_path / "results")
    monkeypatch.setattr(command, "BASELINE", tmp_path / "baseline.json")

    def run(take, **options):
        figures = {"thing": Figure("thing", "a thing", take)}
        monkeypatch.setattr(command, "FIGURES", figures)
        told = {"names": [], "list": False, "quick": False, "record": False, "write": False, **options}
        return command.main(argparse.Namespace(**told))

    return run


def test_a_ratio_is_the_median_of_what_stood_side_by_side():
    row = Row("r", "", "s", [1.0, 4.0, 9.0], [1.0, 2.0, 3.0], "peer", Goal(1.9, "lower"))
    assert row.ratios == [1.0, 2.0, 3.0]
    assert (row.ratio, row.kept) == (2.0, False)
    assert table.cells(row.document())[-3:] == ("2.00", "at most 1.9", "MISSED")


def test_a_figure_without_a_peer_is_held_against_its_goal_itself():
    row = Row("r", "", "s", [1.0, 3.0, 2.0], goal=Goal(2.0, "lower"))
    assert (row.ratio, row.judged, row.kept) == (None, 2.0, True)


@pytest.mark.parametrize(("better", "now", "behind"), [("lower", 1.5, 0.5), ("higher", 0.5, 1.0)])
def test_worse_is_behind_whichever_way_is_better(better, now, behind):
    row = Row("r", "", "s", [now], [1.0], better=better)
    assert row.behind(1.0) == pytest.approx(behind)


def test_a_quick_run_that_falls_behind_the_recorded_ratio_fails(bench, capsys):
    assert bench(lambda _: taken(1.0), quick=True, record=True) == 0
    assert bench(lambda _: taken(1.19), quick=True) == 0
    assert bench(lambda _: taken(1.21), quick=True) == 1
    assert "thing: 1.21 beside a peer, 21% behind the recorded 1.00" in capsys.readouterr().out
    assert bench(lambda _: taken(5.0, noisy=True), quick=True) == 0


def test_only_ratios_are_recorded_and_those_of_other_figures_stay(bench, tmp_path):
    (tmp_path / "baseline.json").write_text(json.dumps({"quick": {"other": 2.0}}))
    bench(lambda _: taken(1.25), quick=True, record=True)
    assert json.loads((tmp_path / "baseline.json").read_text()) == {"quick": {"other": 2.0, "thing": 1.25}}


def test_what_must_not_be_fails_whatever_the_ratio(bench, capsys):
    def lost(_: bool) -> Taken:
        return Taken(taken(1.0).rows, ["3 of 10 frames lost"])

    def broken(_: bool) -> Taken:
        raise PartFailed("the server ended")

    assert bench(lost) == 1
    assert bench(broken) == 1
    out = capsys.readouterr().out
    assert "FAIL: thing: 3 of 10 frames lost" in out
    assert "FAIL: thing could not be taken: the server ended" in out


def test_figures_that_were_taken_one_by_one_stand_in_one_document(bench, tmp_path):
    bench(lambda _: taken(1.0))
    document = json.loads((tmp_path / "results" / "bench.json").read_text())
    assert document["thing"]["rows"][0]["ratio"]["median"] == 1.0
    files = [*plots.write(document, tmp_path / "pictures"), *pages.write(document, tmp_path)]
    assert [file.name for file in files] == ["performance.svg", "performance.md"]
    assert (
        "| a thing | 1.00 (1.00 to 1.00) s | 1.00 (1.00 to 1.00) s: a peer | 1.00 | at most 1.5 | kept |"
        in (tmp_path / "performance.md").read_text("utf-8")
    )


def test_every_figure_has_a_name_that_is_its_own():
    assert [figure.name for figure in catalogue.FIGURES.values()] == list(catalogue.FIGURES)


def test_capacity_is_arithmetic_on_what_was_measured():
    found = pages.Capacity(20_000, 50_000, 2e-5, 20, 100, 30_000, 1_000)
    assert found.people_per_core == pytest.approx(60 / (20 * (2e-5 + 2e-5)))
    assert found.backend_people_per_core == 6_000
    assert found.people_per_gib == pytest.approx(2**30 / (20_000 + 20 * pages.KEPT))


def test_people_and_their_tokens_are_made_in_the_reference_backend():
    with reference() as backend:
        people = backend.people(3, organisations=2)
        assert [p.organisation.name for p in people] == ["Company 1", "Company 2", "Company 1"]
        assert {p.tier for p in people} == {"enterprise"}
        shared, own = backend.tokens(EACH + 1), backend.tokens(3, each=1)
    assert Counter(map(holder, shared)).most_common() == [(holder(shared[0]), EACH), (holder(shared[-1]), 1)]
    assert len({holder(token) for token in own}) == 3


def holder(token):
    return jwt.decode(token, options={"verify_signature": False})["sub"]
