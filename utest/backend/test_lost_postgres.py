"""PostgreSQL stops, crashes, hangs, locks and comes back: what the service says, refuses and keeps."""

import asyncio
import base64
import contextlib
import json
import signal
import time

import psycopg
import pytest
import websockets
from serving import ENDS, Process, Running, eventually
from sqlalchemy import insert

from backend.components import Components
from backend.store.engine import Database
from backend.store.lane import DatabaseUnavailableError
from backend.store.postgres_link import PostgresLink
from backend.store.schema import probes


def one_row(connection):
    return connection.exec_driver_sql("SELECT 1").scalar()


SETTINGS = {"database_seconds": 2.5, "lease_seconds": 2.0}


@contextlib.contextmanager
def stopped(server):
    server.go_away()
    yield
    server.come_back()


@contextlib.contextmanager
def crashed(server):
    server.go_away(signal.SIGQUIT)  # an immediate end, without a checkpoint
    yield
    server.come_back()


@contextlib.contextmanager
def hanging(server):
    server.hang()
    yield
    server.go_on()


@contextlib.contextmanager
def locked(server):
    with psycopg.connect(server.url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = ", ".join(name for (name,) in tables)
        connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


LOSSES = [stopped, crashed, hanging, locked]


def health(service):
    began = time.monotonic()
    status, body, _ = service.http("GET", "/ws/health")
    assert time.monotonic() - began < 2
    return status, body["status"]


@pytest.mark.parametrize("lost", LOSSES)
def test_a_lost_database_is_told_refused_and_healed_and_nothing_acknowledged_is_lost(
    lost, own_postgres, tmp_path
):
    service = Running(tmp_path, database_url=own_postgres.url, **SETTINGS)
    ana, boris = service.person(), service.person()

    async def scenario():
        async with ana.connect() as session, boris.connect() as other:
            answered = await other.ask("What did we spend by team?")
            before = await other.until(*ENDS)
            ana.hold("tool_completed")
            held = await session.ask("What did we spend?")
            await session.until("tool_executing")
            with lost(own_postgres):
                await eventually(lambda: health(service) == (503, "unhealthy"), 5)
                await session.send(type="chat", content="More", message_id="m")
                refused = (await session.until("error"))[-1]
                assert (refused["code"], refused["message_id"]) == ("unavailable", "m")
                with pytest.raises(websockets.InvalidStatus) as turned_away:
                    await ana.connect().__aenter__()
                assert turned_away.value.response.status_code == 503
                assert await session.fence() == []
                status, body, _ = await asyncio.to_thread(
                    service.http, "POST", "/auth/logout", None, ana.access
                )
                assert (status, body["error"]["code"]) == (503, "unavailable")
                await asyncio.sleep(SETTINGS["lease_seconds"] + 0.5)
                assert health(service) == (503, "unhealthy")
            await eventually(lambda: health(service) == (200, "healthy"), 5)
            events = await session.until(*ENDS)
            assert (events[-1]["run_id"], events[-1]["code"]) == (held["run_id"], "interrupted")
            ana.release()
            assert (await session.ask("More", message_id="m"))["type"] == "ack"
            assert (await session.until(*ENDS))[-1]["type"] == "agent_completed"
            again = await other.ask("What did we spend by team?", message_id=answered["message_id"])
            assert again["run_id"] == answered["run_id"]
        async with boris.connect() as back:
            await back.send(type="resume", after_seq=0)
            replayed = (await back.until("resumed"))[:-1]
            assert replayed == [frame for frame in before if "seq" in frame]

    try:
        asyncio.run(scenario())
    finally:
        service.stop()


def test_who_left_or_was_logged_out_while_the_database_was_lost_is_not_forgotten(own_postgres, tmp_path):
    one = Running(tmp_path, database_url=own_postgres.url, wake_seconds=0.5, **SETTINGS)
    ana, boris = one.person(limits={"connections": 1}), one.person()
    logout = "INSERT INTO revocations VALUES ('sid', %s, %s)"

    async def scenario():
        session = await ana.connect().__aenter__()
        async with boris.connect() as elsewhere:
            with psycopg.connect(own_postgres.url) as connection:
                connection.execute("LOCK TABLE presence, revocations IN ACCESS EXCLUSIVE MODE")
                await session.__aexit__()
                # By a process that this one does not hear, long before it can read anything again.
                connection.execute(logout, (json.loads(_part(boris.access))["sid"], time.time()))
                await asyncio.sleep(8)
            assert await elsewhere.closed() == (1008, "logged_out")
            await eventually(lambda: ana.shown()["connections"] == 0, 10)
            async with ana.connect():
                pass

    try:
        asyncio.run(scenario())
    finally:
        one.stop()


def _part(token):
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_run_that_works_while_the_server_crashes_ends_once(own_postgres, tmp_path):
    service = Running(tmp_path, database_url=own_postgres.url, **SETTINGS)
    ana = service.person()

    async def scenario():
        async with ana.connect() as session:
            ack = await session.ask("Review every service one by one")
            await session.until("tool_completed")
            with crashed(own_postgres):
                pass
            events = await session.until(*ENDS)
            assert events[-1]["run_id"] == ack["run_id"]
            await eventually(lambda: health(service) == (200, "healthy"), 5)
        async with ana.connect() as back:
            await back.send(type="resume", after_seq=0)
            frames = (await back.until("resumed"))[:-1]
            assert [f["seq"] for f in frames] == list(range(1, len(frames) + 1))
            assert [f["type"] in ENDS for f in frames].count(True) == 1
            seen = [text for text in session.received if "seq" in json.loads(text)]
            assert [text for text in back.received if "seq" in json.loads(text)] == seen

    try:
        asyncio.run(scenario())
    finally:
        service.stop()


class Deaf(PostgresLink):
    """Hears nothing, as if its connection had broken without a word."""

    deaf = False

    def _heard(self, payload):
        if not self.deaf:
            super()._heard(payload)


def test_whoever_missed_notices_catches_up_from_the_database_with_a_new_connection(own_postgres, tmp_path):
    kept = {"database_url": own_postgres.url, "wake_seconds": 60.0, "lease_seconds": 60.0}
    one = Running(tmp_path, instance="one", **kept)
    two = Running(tmp_path, Components(link=Deaf), instance="two", **kept)
    link = two.service.ground.bus.link
    ana, boris, clara = (one.person() for _ in range(3))

    def move(service):
        for person in (ana, boris, clara):
            person.running = service

    async def scenario():
        move(two)
        async with ana.connect() as asks, boris.connect() as leaves, clara.connect() as cancels:
            clara.hold("tool_completed")
            held = await cancels.ask()
            await cancels.until("tool_executing")
            link.deaf = True
            move(one)
            async with ana.connect() as near, clara.connect() as other:
                await near.ask()
                await near.until(*ENDS)
                await other.send(type="cancel", run_id=held["run_id"])
                await other.until("ack")
            assert one.http("POST", "/auth/logout", token=boris.access)[0] == 204
            for session in (asks, leaves, cancels):
                assert await session.fence() == []
            link.deaf = False
            with psycopg.connect(own_postgres.url) as connection:
                listening = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
                )
                assert connection.execute(listening).rowcount == 2
            assert (await asks.until(*ENDS))[-1]["type"] == "agent_completed"
            assert (await cancels.until(*ENDS))[-1]["code"] == "cancelled"
            assert await leaves.closed() == (1008, "logged_out")
            await eventually(lambda: health(two) == (200, "healthy"))

    try:
        asyncio.run(scenario())
    finally:
        one.stop()
        two.stop()


def test_a_process_that_hears_nothing_calls_itself_degraded(own_postgres, tmp_path):
    class NeverListens(PostgresLink):
        async def _listen(self, connection):
            del connection
            await asyncio.Event().wait()

    service = Running(tmp_path, Components(link=NeverListens), database_url=own_postgres.url)
    try:
        _, body, _ = service.http("GET", "/ws/health")
        assert (body["status"], body["checks"]["notices"]) == ("degraded", {"status": "lost"})
    finally:
        service.stop()


@pytest.mark.parametrize("lost", [stopped, hanging])
def test_a_process_ends_when_it_is_told_though_the_database_is_lost(lost, own_postgres, tmp_path):
    one = Process(tmp_path, "--setting", "drain_seconds=1", database_url=own_postgres.url)
    ana = one.person()

    async def scenario():
        async with ana.connect() as session:
            ana.hold("agent_completed")
            await session.ask()
            await session.until("tool_completed")
            with lost(own_postgres):
                await session.send(type="chat", content="More")
                one.process.terminate()
                assert (await session.closed())[0] == 1001
                assert await asyncio.to_thread(one.process.wait, 15) == 0

    asyncio.run(scenario())


def test_what_waits_for_a_hanging_server_is_bounded_and_its_threads_come_back(own_postgres):
    database = Database(own_postgres.url, patience=1.0, connections=2, read_threads=2, write_threads=2)
    database.create_tables()

    async def scenario():
        own_postgres.hang()
        try:
            began = time.monotonic()
            calls = [database.read(one_row) for _ in range(8)]
            calls += [database.write(one_row) for _ in range(8)]
            told = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(one) for one in told} == {DatabaseUnavailableError}
            assert time.monotonic() - began < 3.5
        finally:
            own_postgres.go_on()
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while True:
                with contextlib.suppress(DatabaseUnavailableError):
                    assert await database.read(one_row) == 1
                    break

    try:
        asyncio.run(scenario())
    finally:
        database.close()


def test_a_thread_that_asks_a_hanging_server_comes_back_by_itself(own_postgres):
    database = Database(own_postgres.url, patience=1.0, connections=2, read_threads=2, write_threads=2)
    database.create_tables()
    for ask in (database.read_here, database.write_now):
        ask(one_row)  # there is a connection
    with hanging(own_postgres):
        for ask in (database.read_here, database.write_now, database.read_here):
            began = time.monotonic()
            with pytest.raises(DatabaseUnavailableError):
                ask(one_row)
            assert time.monotonic() - began < 4
    assert database.write_now(one_row) == 1
    database.close()


def test_a_server_that_was_restarted_while_nobody_asked_is_not_noticed(own_postgres):
    database = Database(own_postgres.url, patience=1.0, connections=2, read_threads=2, write_threads=2)
    database.create_tables()
    asyncio.run(database.open_all())
    with stopped(own_postgres):
        pass
    assert database.write_now(one_row) == 1
    assert database.read_here(one_row) == 1
    database.close()


def test_there_are_never_more_connections_than_allowed(own_postgres, tmp_path):
    service = Running(tmp_path, database_url=own_postgres.url)
    settings = service.settings
    allowed = settings.read_threads + settings.tool_threads + 1 + settings.write_threads + 1 + 2
    ana = service.person(limits={"concurrent_runs": 40, "burst": 200, "questions_per_day": 500})

    def count():
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'agent-chat'"
        with psycopg.connect(own_postgres.url) as connection:
            return connection.execute(asked).fetchone()[0]

    async def scenario():
        async with ana.connect() as session:
            for _ in range(30):
                await session.send(type="chat", content="What did we spend?")
            counts, ends = [], 0
            while ends < 30:
                ends += (await session.get())["type"] in ENDS
                counts.append(await asyncio.to_thread(count))
            assert max(counts) <= allowed

    try:
        asyncio.run(scenario())
        assert count() <= allowed
    finally:
        service.stop()
    asyncio.run(eventually(lambda: count() == 0))  # the server notices a closed connection a little later


def test_a_process_that_is_stopped_within_a_transaction_keeps_its_locks_only_for_a_while(own_postgres):
    size = {"patience": 1.0, "connections": 2, "read_threads": 2, "write_threads": 2}
    stopped_one, other = (Database(own_postgres.url, **size) for _ in range(2))
    other.create_tables()

    def note(connection, value):
        connection.execute(insert(probes).values(instance="x", at=value))

    def note_and_sleep(connection):
        note(connection, 0)
        with pytest.raises(DatabaseUnavailableError):
            other.write_now(note, 1)  # the row is locked
        other.write_now(note, 1)

    with pytest.raises(DatabaseUnavailableError):
        stopped_one.write_now(note_and_sleep)
    assert other.read_here(lambda c: c.exec_driver_sql("SELECT at FROM probes").scalar()) == 1
    for database in (stopped_one, other):
        database.close()


def test_an_unreachable_database_stops_the_start_with_one_line(tmp_path):
    url = f"postgresql://someone:a-password@/none?host={tmp_path}"
    one = Process(tmp_path, database_url=url)
    assert one.process.wait(10) == 4
    said = one.process.stdout.read().decode()
    assert said.count("\n") == 1
    assert said.startswith("The database is not there: ")
    assert "a-password" not in said
