"""The log of events: numbers without gaps, ownership, holds, and ends."""

import asyncio
import json
import os
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from backend.clock import Clock
from backend.compose import Encoder, EventComposer, RunKey
from backend.processes import alive, known_dead, machine, owner_name
from backend.store.engine import Database
from backend.store.events import Appended, Draft, EventLog, NotAppended, Ownership
from backend.store.holds import Hold, Holds
from backend.store.lane import DatabaseUnavailableError
from backend.store.people import NewPerson, Organisations, People
from backend.store.runs import Runs
from backend.store.schema import events
from backend.tiers import Tiers

NOW = 1_800_000_000.0
HOLDS, RUNS = Holds(), Runs()
LOG = EventLog(EventComposer(), Encoder(), HOLDS)
MINE = Ownership("1:a:one", NOW, NOW + 5)


class World:
    def __init__(self, database):
        self.database = database

        def make(connection):
            organisation = Organisations().create(connection, "Northwind", NOW)
            new = NewPerson("a@b.c", "hash", "Ana", organisation, "free")
            return People(Tiers.load()).create(connection, new, NOW).id

        self.user = database.write_now(make)

    def run(self, name="r_1", owner=MINE.owner, until=NOW + 5):
        self.database.write_now(RUNS.begin, name, self.user, "o", "t_1", owner, NOW, until)
        return RunKey(name, self.user, "t_1")

    def append(self, key, kind="agent_thinking", nth=1, ownership=MINE, **draft):
        fields = draft.pop("fields", {"step": 1})
        return self.database.write_now(LOG.append, key, Draft(kind, nth, fields, **draft), ownership)

    def texts(self, after=0, up_to=10**9):
        return self.database.read_here(LOG.read, self.user, after, up_to, 1000)


@pytest.fixture
def world(either_url):
    base = Database(either_url, patience=2.0, connections=4, read_threads=2, write_threads=3)
    base.create_tables()
    yield World(base)
    base.close()


def test_numbers_follow_each_other_over_runs_and_time_never_falls(world):
    one, two = world.run("r_1"), world.run("r_2")
    moments = [NOW, NOW + 1, NOW + 0.5, NOW + 0.25, NOW + 2]
    for number, moment in enumerate(moments):
        world.append(two if number % 2 else one, nth=number, ownership=Ownership(MINE.owner, moment, NOW + 9))
    stored = world.texts()
    frames = [json.loads(one.text) for one in stored]
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame["timestamp"] for frame in frames] == [NOW, NOW + 1, NOW + 1, NOW + 1, NOW + 2]
    assert [one.seq for one in world.texts(2, 4)] == [3, 4]


def test_the_stored_text_is_what_was_composed(world):
    key = world.run()
    appended = world.append(key, fields={"reasoning": 'é \u2028 \U0001f4b0 \\ "', "step": 1})
    assert [appended.text] == [one.text for one in world.texts()]
    assert json.loads(appended.text)["reasoning"] == 'é \u2028 \U0001f4b0 \\ "'


@pytest.mark.parametrize(
    "ownership",
    [
        Ownership("2:b:two", NOW, NOW + 5),
        Ownership(MINE.owner, NOW + 5, NOW + 10),
        Ownership(MINE.owner, NOW + 60, NOW + 70),
    ],
)
def test_only_the_owner_appends_and_only_within_the_lease(world, ownership):
    assert world.append(world.run(), ownership=ownership) is NotAppended.LOST
    assert world.texts() == []


def test_every_append_prolongs_the_lease(world):
    key = world.run()
    for second in range(0, 20, 4):
        moment = NOW + second
        assert isinstance(world.append(key, ownership=Ownership(MINE.owner, moment, moment + 5)), Appended)


def test_nothing_follows_the_end(world):
    key = world.run()
    assert isinstance(world.append(key, "agent_completed"), Appended)
    assert world.append(key) is NotAppended.LOST
    assert world.append(key, "agent_failed", closing=True) is NotAppended.LOST
    assert world.database.write_now(RUNS.request_cancel, "r_1", world.user) is False


def test_after_a_cancel_only_the_end_is_appended(world):
    key = world.run()
    assert world.database.write_now(RUNS.request_cancel, "r_1", "u_other") is False
    assert world.database.write_now(RUNS.request_cancel, "r_1", world.user) is True
    assert world.append(key, "agent_completed") is NotAppended.CANCELLED
    assert isinstance(world.append(key, "agent_failed", closing=True), Appended)


def test_a_hold_stops_at_its_boundary_until_it_is_released(world):
    key = world.run()
    hold = Hold("agent_thinking", 2)
    world.database.write_now(HOLDS.set, world.user, hold)
    assert isinstance(world.append(key, nth=1), Appended)
    for _ in range(2):
        assert world.append(key, nth=2) is NotAppended.HELD
    assert [one.nth for one in world.database.read_here(HOLDS.standing, world.user)] == [2]
    # A new hold at the same place stops others, not the one that was let go.
    assert world.database.write_now(HOLDS.release, world.user, hold) == 1
    assert world.database.write_now(HOLDS.release, world.user, hold) == 0
    assert isinstance(world.append(key, nth=2, stood=True), Appended)
    other = world.run("r_2")
    assert world.append(other, nth=2) is NotAppended.HELD
    assert isinstance(world.append(other, nth=2, skips_hold=True, stood=True), Appended)
    assert world.database.read_here(HOLDS.standing, world.user) == []


def test_an_abandoned_run_gets_its_calls_closed_and_its_end(world):
    key = world.run()
    call = {"tool_name": "query_spend", "tool_call_id": "c_1"}
    world.append(key, "tool_executing", fields={**call, "arguments": {}})
    world.append(key, "tool_completed", fields={**call, "status": "ok"})
    world.append(key, "tool_executing", nth=2, fields={**call, "tool_call_id": "c_2", "arguments": {}})
    run = world.database.read_here(RUNS.find, "r_1")
    end = LOG.end_abandoned
    assert world.database.write_now(end, run, NOW + 4, "Sorry.", owner_is_dead=False) == []
    ended = world.database.write_now(end, run, NOW + 6, "Sorry.", owner_is_dead=False)
    frames = [json.loads(one.text) for one in ended]
    assert [frame["type"] for frame in frames] == ["tool_completed", "agent_failed"]
    assert (frames[0]["tool_call_id"], frames[0]["status"], frames[0]["duration_ms"]) == (
        "c_2",
        "cancelled",
        6000.0,
    )
    assert world.database.write_now(end, run, NOW + 60, "Sorry.", owner_is_dead=True) == []


def test_many_writers_leave_no_gap(world):
    keys = [world.run(f"r_{number}", until=NOW + 10**9) for number in range(8)]
    clock = Clock()

    async def one(key):
        for nth in range(25):
            draft = Draft("agent_thinking", nth, {"step": nth})
            ownership = Ownership(MINE.owner, clock.now(), NOW + 10**9)
            outcome = await world.database.write(LOG.append, key, draft, ownership)
            assert isinstance(outcome, Appended)

    async def scenario():
        await asyncio.gather(*(one(key) for key in keys))

    asyncio.run(scenario())
    found = world.texts()
    assert [one.seq for one in found] == list(range(1, 201))
    stamps = [one.timestamp for one in found]
    assert stamps == sorted(stamps)


def test_what_raises_is_not_stored(world):
    key = world.run()

    def broken(_connection, _timestamp):
        raise LookupError

    with pytest.raises(LookupError):
        world.append(key, also=broken)
    assert (
        world.database.read_here(lambda c: c.execute(select(func.count()).select_from(events)).scalar()) == 0
    )
    assert isinstance(world.append(key), Appended)
    assert [one.seq for one in world.texts()] == [1]


def test_what_comes_too_late_is_not_stored(world):
    key = world.run()

    def slow(connection):
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 900000) "
            "SELECT count(*) FROM n"
        ).scalar()
        return LOG.append(connection, key, Draft("agent_thinking", 1, {}), MINE)

    with pytest.raises(DatabaseUnavailableError):
        world.database.probe(slow, 0.02)
    assert world.texts() == []


def test_a_plan_is_that_of_the_run_that_had_ended_before(world):
    world.run("r_1")
    world.database.write_now(RUNS.keep_plan, "r_1", "first")
    world.run("r_2")
    assert world.database.read_here(RUNS.previous_plan, "r_2") is None
    world.append(RunKey("r_1", world.user, "t_1"), "agent_completed")
    world.run("r_3")
    assert world.database.read_here(RUNS.previous_plan, "r_2") is None
    assert world.database.read_here(RUNS.previous_plan, "r_3") == "first"


def test_a_lease_that_ran_out_while_the_owner_slept_is_over_though_its_clock_says_otherwise(database_url):
    """What it took for now before it was stopped is long ago when it asks; the database knows better."""
    base = Database(database_url, patience=2.0, connections=2, read_threads=1)
    base.create_tables()
    world, now = World(base), Clock().now()
    key = world.run(until=now - 1)
    asleep = Ownership(MINE.owner, now - 2, now + 3)
    assert world.append(key, ownership=asleep) is NotAppended.LOST
    assert base.write_now(RUNS.renew, MINE.owner, [key.run_id], now - 2, now + 3) == 0
    base.close()


def test_only_runs_that_are_worked_on_are_kept(world):
    for name in ("r_1", "r_2"):
        world.run(name)
    assert world.database.write_now(RUNS.renew, MINE.owner, ["r_1"], NOW, NOW + 60) == 1
    assert [run.id for run in world.database.read_here(RUNS.expired, NOW + 30, [])] == ["r_2"]


def test_dead_owners_are_known_by_their_process(world):
    del world
    mine = owner_name("one", "x")
    assert alive(os.getpid())
    assert not known_dead(mine)
    gone = mine.replace(f"{os.getpid()}:", f"{2**22 + 1}:", 1)
    assert known_dead(gone)
    elsewhere = gone.replace(machine(), "0" * 16)
    assert not known_dead(elsewhere)


def test_a_process_that_nobody_has_asked_about_is_dead(world):
    del world
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        assert not alive(process.pid)
