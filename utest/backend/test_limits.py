"""The token bucket and the quota, against the clock."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.limits import QUOTA_WINDOW_SECONDS, Concurrency, Quota, RateLimiter
from backend.store.engine import Database
from backend.store.people import NewPerson, Organisations, People
from backend.store.presence import Presence
from backend.store.runs import Runs
from backend.tiers import Tiers

NOW = 1_800_000_000.0
PEOPLE = People(Tiers.load())


@pytest.fixture
def database(either_url):
    base = Database(either_url, patience=1.0, connections=2, read_threads=1)
    base.create_tables()
    yield base
    base.close()


def person(connection, tier="free", email="a@b.c", **limits):
    organisation = Organisations().create(connection, "Northwind", NOW)
    new = NewPerson(email, "hash", "Ana", organisation, tier, None, limits)
    return PEOPLE.create(connection, new, NOW)


def test_a_burst_then_exactly_one_at_a_time(database):
    limiter = RateLimiter()

    def scenario(connection):
        ana = person(connection, messages_per_minute=60, burst=3)
        assert [limiter.take(connection, ana, "n", NOW) for _ in range(3)] == [None, None, None]
        wait = limiter.take(connection, ana, "n", NOW + 0.25)
        assert wait == pytest.approx(0.75)
        assert limiter.take(connection, ana, "n", NOW + 0.25 + wait / 2) == pytest.approx(wait / 2, abs=0.001)
        assert limiter.take(connection, ana, "other", NOW + 0.25 + wait) is None
        assert limiter.take(connection, ana, "n", NOW + 0.25 + wait) == pytest.approx(1.0)
        boris = person(connection, email="b@b.c", messages_per_minute=60, burst=3)
        assert limiter.take(connection, boris, "n", NOW) is None

    database.write_now(scenario)


def test_an_upgrade_helps_at_once(database):
    limiter = RateLimiter()

    def scenario(connection):
        ana = person(connection, messages_per_minute=1, burst=2)
        for _ in range(2):
            assert limiter.take(connection, ana, "n", NOW) is None
        assert limiter.take(connection, ana, "n", NOW) == pytest.approx(60.0)
        PEOPLE.change(connection, ana.id, {"tier": "enterprise", "limits": {}})
        ana = PEOPLE.by_id(connection, ana.id)
        assert limiter.take(connection, ana, "n", NOW) is None

    database.write_now(scenario)


@pytest.fixture(scope="module")
def shared(either_url_for_all):
    base = Database(either_url_for_all, patience=5.0, connections=1, read_threads=1)
    base.create_tables()
    yield base
    base.close()


@given(st.lists(st.floats(0, 3, allow_subnormal=False), max_size=60), st.integers(1, 5), st.integers(1, 600))
def test_what_is_promised_is_kept(shared, waits, burst, rate):
    limiter = RateLimiter()

    def scenario(connection):
        email = f"{secrets.token_hex(8)}@people.example"
        ana = person(connection, email=email, messages_per_minute=rate, burst=burst)
        now, accepted = NOW, 0
        for wait in waits:
            now += wait
            refused_for = limiter.take(connection, ana, "n", now)
            accepted += refused_for is None
            if refused_for is not None:
                if refused_for > 0.002:
                    assert limiter.take(connection, ana, "n", now + refused_for / 2) is not None
                now += refused_for
                assert limiter.take(connection, ana, "n", now) is None
                accepted += 1
            assert accepted <= burst + (now - NOW) * rate / 60 + 1e-6

    shared.write_now(scenario)


def test_the_quota_counts_from_the_first_question(database):
    quota = Quota()

    def scenario(connection):
        ana = person(connection, questions_per_day=2)
        assert quota.take(connection, ana, NOW) is None
        assert quota.take(connection, ana, NOW + 3600) is None
        assert quota.take(connection, ana, NOW + 7200) == QUOTA_WINDOW_SECONDS - 7200
        assert quota.take(connection, ana, NOW + QUOTA_WINDOW_SECONDS - 0.001) == pytest.approx(0.001)
        assert quota.take(connection, ana, NOW + QUOTA_WINDOW_SECONDS) is None
        assert quota.take(connection, ana, NOW + QUOTA_WINDOW_SECONDS + 1) is None
        assert quota.take(connection, ana, NOW + QUOTA_WINDOW_SECONDS + 2) == QUOTA_WINDOW_SECONDS - 2
        none = person(connection, email="b@b.c", questions_per_day=0)
        assert quota.take(connection, none, NOW) == QUOTA_WINDOW_SECONDS

    database.write_now(scenario)


def test_runs_and_connections_at_the_same_time(database):
    runs, presence = Runs(), Presence()
    concurrency = Concurrency(runs, presence)

    def scenario(connection):
        ana = person(connection, concurrent_runs=1, connections=2)
        assert concurrency.another_run(connection, ana)
        runs.begin(connection, "r_1", ana.id, ana.organisation_id, "t_1", "1:x:y", NOW, NOW + 5)
        assert not concurrency.another_run(connection, ana)
        for number in range(2):
            assert concurrency.another_connection(connection, ana, NOW)
            presence.enter(connection, f"n_{number}", ana.id, "s", "1:x:y", NOW + 15)
        assert not concurrency.another_connection(connection, ana, NOW)
        assert concurrency.another_connection(connection, ana, NOW + 15)
        presence.leave(connection, "n_0")
        assert concurrency.another_connection(connection, ana, NOW)

    database.write_now(scenario)
