"""What sharing out promises: every suite once, the load even."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner import planning, schedule
from runner.planning import Planned

SIZES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4), st.integers(1, 10), min_size=1, max_size=20
)


def planned_tests(sizes: dict[str, int]) -> list[Planned]:
    return [Planned(f"{suite}.{at}", suite, ()) for suite, size in sizes.items() for at in range(size)]


@given(sizes=SIZES, number=st.integers(1, 8), seconds=st.floats(0.01, 60))
def test_every_suite_is_in_one_share_and_the_load_is_even(sizes, number, seconds):
    timings = dict.fromkeys(list(sizes)[::2], seconds)
    shares = schedule.shares(planned_tests(sizes), number, timings)
    assert sorted(name for share in shares for name in share) == sorted(sizes)
    assert len(shares) <= number
    assert all(shares)
    weights = {suite: timings.get(suite, 1.0) * size for suite, size in sizes.items()}
    loads = [sum(weights[name] for name in share) for share in shares] + [0.0] * (number - len(shares))
    assert max(loads) - min(loads) <= max(weights.values()) + 1e-6


def test_what_is_known_of_suites_outlives_runs_of_some_of_them(tmp_path):
    before = schedule.read_timings(tmp_path)
    schedule.keep_timings(tmp_path, {"a": 1.0, "b": 2.0})
    schedule.keep_timings(tmp_path, {"b": 3.00049})
    assert schedule.read_timings(tmp_path) == {**before, "a": 1.0, "b": 3.0}
    planning.schedule_file(tmp_path).write_text("broken")
    assert schedule.read_timings(tmp_path) == {}


def test_a_first_run_knows_how_long_the_suites_take_that_come_with_the_project(tmp_path):
    known = schedule.read_timings(tmp_path)
    there = {test.suite for test in planning.discover(planning.select([])).tests}
    assert there & known.keys()  # not all: a suite may be new, or gone
    schedule.keep_timings(tmp_path, {"Tests.01 Connection": 7.0})
    assert schedule.read_timings(tmp_path) == {**known, "Tests.01 Connection": 7.0}
