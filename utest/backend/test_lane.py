"""Waiting for a turn at the database: as long as work gets done, nobody is told that it is not there."""

import asyncio
import functools
import threading
import time

import pytest

from backend.store.lane import DatabaseUnavailableError, Lane

PATIENCE = 0.5


def in_a_loop(test):
    @functools.wraps(test)
    def run(*args, **kwargs):
        asyncio.run(test(*args, **kwargs))

    return run


@pytest.fixture
def lane():
    made = Lane("test", 1, PATIENCE)
    yield made
    made.close()


def slowly(seconds, done, name):
    def work(_deadline):
        time.sleep(seconds)
        done.append(name)
        return name

    return work


@in_a_loop
async def test_whoever_is_far_behind_waits_while_work_gets_done(lane):
    done = []
    asked = [lane.run(slowly(PATIENCE / 10, done, number)) for number in range(30)]
    assert await asyncio.gather(*asked) == list(range(30))
    assert done == list(range(30))


@in_a_loop
async def test_nobody_waits_for_one_that_does_nothing_and_nothing_of_it_is_done_later(lane):
    done, begun, free = [], threading.Event(), threading.Event()

    def hang(_deadline):
        begun.set()
        free.wait()
        done.append("hung")

    asked = [asyncio.create_task(lane.run(hang))]
    asked += [asyncio.create_task(lane.run(slowly(0, done, number))) for number in range(5)]
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in ended] == [DatabaseUnavailableError] * 6
    assert begun.is_set()
    free.set()
    assert await lane.run(slowly(0, done, "after")) == "after"
    assert done == ["hung", "after"]


@in_a_loop
async def test_what_has_begun_is_told_until_when_it_may_be_stored(lane):
    asked = time.monotonic()
    deadline = await lane.run(lambda deadline: deadline)
    assert asked + PATIENCE <= deadline <= time.monotonic() + PATIENCE


@in_a_loop
async def test_a_turn_that_comes_late_after_others_has_all_its_time(lane):
    before = lane.run(slowly(PATIENCE / 2, [], "before"))
    _, (deadline, now) = await asyncio.gather(before, lane.run(lambda deadline: (deadline, time.monotonic())))
    assert deadline - now > PATIENCE * 0.9


@in_a_loop
async def test_a_turn_after_one_that_failed_for_the_database_has_no_more_time_than_it_had(lane):
    asked = time.monotonic()

    def away(_deadline):
        time.sleep(PATIENCE / 2)
        raise DatabaseUnavailableError("away")

    first, deadline = await asyncio.gather(
        lane.run(away), lane.run(lambda deadline: deadline), return_exceptions=True
    )
    assert isinstance(first, DatabaseUnavailableError)
    assert deadline - asked < PATIENCE * 1.25


@in_a_loop
async def test_what_cannot_wait_comes_first(lane):
    done, begun, free = [], threading.Event(), threading.Event()

    def hold(_deadline):
        begun.set()
        free.wait()

    asked = [asyncio.create_task(lane.run(hold))]
    await asyncio.to_thread(begun.wait)
    asked.append(asyncio.create_task(lane.run(slowly(0, done, "late"))))
    await asyncio.sleep(0)
    asked.append(asyncio.create_task(lane.run(slowly(0, done, "first"), first=True)))
    await asyncio.sleep(0)
    free.set()
    await asyncio.gather(*asked)
    assert done == ["first", "late"]


@in_a_loop
async def test_a_mistake_is_told_to_whoever_made_it_and_to_nobody_else(lane):
    def wrong(_deadline):
        raise LookupError("mine")

    first, second = await asyncio.gather(
        lane.run(wrong), lane.run(slowly(0, [], "fine")), return_exceptions=True
    )
    assert isinstance(first, LookupError)
    assert second == "fine"


@in_a_loop
async def test_what_nobody_waits_for_any_more_is_not_begun(lane):
    done, begun, free = [], threading.Event(), threading.Event()

    def hold(_deadline):
        begun.set()
        free.wait()

    held = asyncio.create_task(lane.run(hold))
    await asyncio.to_thread(begun.wait)
    given_up = asyncio.create_task(lane.run(slowly(0, done, "given up")))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    free.set()
    await held
    assert await lane.run(slowly(0, done, "wanted")) == "wanted"
    assert done == ["wanted"]


@in_a_loop
async def test_closing_lets_nobody_wait():
    lane, begun, free = Lane("test", 1, 60.0), threading.Event(), threading.Event()

    def hold(_deadline):
        begun.set()
        free.wait()

    held = asyncio.create_task(lane.run(hold))
    await asyncio.to_thread(begun.wait)
    waiting = asyncio.create_task(lane.run(lambda _: "never"))
    await asyncio.sleep(0)
    closing = threading.Thread(target=lane.close)
    closing.start()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    free.set()
    await held
    closing.join()
