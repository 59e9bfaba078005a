"""Failed logins: who waits, who is refused, and what becomes of attempts that nobody ends."""

import pytest

from backend.store.engine import Database
from backend.store.logins import ATTEMPT_SECONDS, FAILURE_WINDOW_SECONDS, LoginThrottle

NOW = 1_800_000_000.0
ANA, BORIS = "ana@people.example", "boris@people.example"


@pytest.fixture
def database(either_url):
    base = Database(either_url, patience=1.0, connections=2, read_threads=1)
    base.create_tables()
    yield base
    base.close()


@pytest.fixture
def throttle():
    return LoginThrottle()


def begin(throttle, connection, *attempts, email=ANA, now=NOW):
    return [throttle.attempt(connection, email, attempt, now) for attempt in attempts]


def test_after_five_failures_an_account_waits_and_others_do_not(database, throttle):
    def scenario(connection):
        for number in range(5):
            assert begin(throttle, connection, f"a{number}", now=NOW + number) == [None]
            throttle.failed(connection, ANA, f"a{number}", NOW + number)
        assert begin(throttle, connection, "a5", email=ANA.upper(), now=NOW + 5) == [
            pytest.approx(FAILURE_WINDOW_SECONDS - 5)
        ]
        assert begin(throttle, connection, "b0", email=BORIS) == [None]
        assert begin(throttle, connection, "a6", now=NOW + FAILURE_WINDOW_SECONDS) == [None]

    database.write_now(scenario)


def test_attempts_under_way_count_until_it_is_known_how_they_end(database, throttle):
    def scenario(connection):
        assert begin(throttle, connection, "1", "2", "3", "4", "5", "6") == [None] * 5 + [0.0]
        throttle.failed(connection, ANA, "1", NOW)
        assert begin(throttle, connection, "6") == [0.0]
        throttle.succeeded(connection, ANA, "2")
        assert begin(throttle, connection, "6", "7", "8") == [None, None, 0.0]
        for attempt in ("3", "4", "5", "6", "7"):
            throttle.failed(connection, ANA, attempt, NOW)
        assert begin(throttle, connection, "8") == [pytest.approx(FAILURE_WINDOW_SECONDS)]

    database.write_now(scenario)


def test_right_logins_leave_nothing_behind(database, throttle):
    def scenario(connection):
        for number in range(20):
            assert begin(throttle, connection, f"{number}") == [None]
            throttle.succeeded(connection, ANA, f"{number}")
        assert begin(throttle, connection, "a", "b", "c", "d", "e") == [None] * 5

    database.write_now(scenario)


def test_attempts_that_nobody_ends_are_failures_from_when_they_began(database, throttle):
    def scenario(connection):
        begin(throttle, connection, "1", "2", "3", "4", "5")
        later = NOW + ATTEMPT_SECONDS
        assert begin(throttle, connection, "6", now=later) == [
            pytest.approx(FAILURE_WINDOW_SECONDS - ATTEMPT_SECONDS)
        ]
        throttle.succeeded(connection, ANA, "1")  # it was only slow
        assert begin(throttle, connection, "6", now=later) == [None]

    database.write_now(scenario)
