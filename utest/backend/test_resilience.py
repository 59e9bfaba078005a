"""What happens when something goes away: the database, the peer, the process."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
import websockets
from serving import ADMIN, ENDS, KEY, ROOT, Process, Running, eventually

from backend.launch import temporary_folder


@contextlib.contextmanager
def locked(file):
    """The database is somebody else's: nobody can write."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_lost_database_is_told_and_healed(tmp_path):
    service = Running(tmp_path, database_seconds=1.0, lease_seconds=1.0)
    ana = service.person()
    file = tmp_path / "chat.sqlite3"

    def health():
        began = time.monotonic()
        status, body, _ = service.http("GET", "/ws/health")
        assert time.monotonic() - began < 2
        return status, body["status"]

    async def scenario():
        async with ana.connect() as session:
            ana.hold("tool_completed")
            ack = await session.ask("What did we spend?")
            await session.until("tool_executing")
            with locked(file):
                await session.send(type="chat", content="More", message_id="m")
                refused = await session.get()
                assert (refused["code"], refused["message_id"]) == ("unavailable", "m")
                assert refused["retry_after"] > 0
                await eventually(lambda: health() == (503, "unhealthy"), 2)
                with pytest.raises(websockets.InvalidStatus) as turned_away:
                    await ana.connect().__aenter__()
                assert turned_away.value.response.status_code == 503
                await session.send(type="ping")
                assert (await session.get())["type"] == "pong"
                status, body, _ = await asyncio.to_thread(
                    service.http, "POST", "/auth/logout", None, ana.access
                )
                assert (status, body["error"]["code"]) == (503, "unavailable")
                await asyncio.sleep(2.2)
            await eventually(lambda: health() == (200, "healthy"), 3)
            events = await session.until(*ENDS)
            assert events[-1]["run_id"] == ack["run_id"]
            assert (events[-1]["code"], events[0]["status"]) == ("interrupted", "cancelled")
            assert (await session.ask("More", message_id="m"))["type"] == "ack"

    try:
        asyncio.run(scenario())
    finally:
        service.stop()


def test_a_slow_database_is_degraded_and_no_outage(tmp_path):
    service = Running(tmp_path, slow_probe_seconds=0.0)
    try:
        status, body, _ = service.http("GET", "/ws/health")
    finally:
        service.stop()
    assert (status, body["status"]) == (200, "degraded")


def test_a_run_whose_append_fails_ends_interrupted_at_once_when_the_database_is_back(tmp_path):
    service = Running(tmp_path, database_seconds=1.0, lease_seconds=30.0)
    ana = service.person()

    async def scenario():
        async with ana.connect() as session:
            ana.hold("agent_thinking")
            await session.ask("What did we spend?")
            await session.until("agent_started")
            ana.release()
            with locked(tmp_path / "chat.sqlite3"):
                await asyncio.sleep(2.2)
            return await session.until(*ENDS)

    try:
        events = asyncio.run(scenario())
    finally:
        service.stop()
    assert events[-1]["type"] in ENDS


def test_a_slow_reader_is_closed_and_delays_nobody(tmp_path):
    service = Running(tmp_path, slow_consumer_seconds=1.0, wake_seconds=0.2)
    ana = service.person()

    async def scenario():
        async with ana.connect() as quick, ana.connect(max_queue=1) as slow:
            slow.socket.transport.pause_reading()
            pings = 0
            payload = json.dumps({"type": "ping", "data": "x" * 8000})
            with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
                async with asyncio.timeout(3):
                    while True:
                        await slow.socket.send(payload)
                        pings += 1
                        if pings % 50 == 0:
                            began = time.monotonic()
                            assert await quick.fence() == []
                            assert time.monotonic() - began < 0.5
            await eventually(lambda: service.metrics()["agent_chat_connections"] == 1, 5)
            slow.socket.transport.resume_reading()
            assert await slow.closed() == (1008, "slow_consumer")

    try:
        asyncio.run(scenario())
    finally:
        service.stop()


def test_too_much_unread_closes_at_once(tmp_path):
    service = Running(tmp_path, slow_consumer_bytes=400_000, heartbeat_seconds=30.0)
    ana = service.person()

    async def scenario():
        async with ana.connect() as quick, ana.connect(max_queue=1) as slow:
            slow.socket.transport.pause_reading()
            # Pings are bounded by backpressure alone: they fill what there is, and then nothing is read.
            with contextlib.suppress(TimeoutError):
                for number in range(10_000):
                    async with asyncio.timeout(0.5):
                        await slow.send(type="ping", sequence=number, data="x" * 8000)
            assert service.metrics()["agent_chat_connections"] == 2
            for _ in range(20):
                await quick.ask("Review every service one by one")
                await quick.until(*ENDS)
                if service.metrics()["agent_chat_connections"] == 1:
                    break
            assert service.metrics()["agent_chat_connections"] == 1
            slow.socket.transport.resume_reading()
            assert await slow.closed() == (1008, "slow_consumer")
            pongs = [json.loads(frame)["sequence"] for frame in slow.received[1:]]
            assert pongs == list(range(len(pongs)))
        async with ana.connect() as back:
            await back.send(type="resume", after_seq=0)
            await back.until("resumed", count=back.established["last_seq"])

    try:
        asyncio.run(scenario())
    finally:
        service.stop()


def test_a_peer_that_answers_no_ping_is_dropped(tmp_path):
    service = Running(tmp_path, heartbeat_seconds=0.4, close_seconds=0.3)
    ana = service.person()

    async def scenario():
        async with ana.connect(ping_interval=None) as alive, ana.connect(close_timeout=0.2) as dead:
            dead.socket.transport.pause_reading()
            await eventually(lambda: service.metrics()["agent_chat_connections"] == 1, 5)
            assert await alive.fence() == []

    try:
        asyncio.run(scenario())
    finally:
        service.stop()


def test_a_restarted_process_ends_what_the_killed_one_left_open(tmp_path):
    data = ("--data-dir", str(tmp_path / "data"))
    one = Process(tmp_path, *data)
    assert one.ready.stat().st_mode & 0o777 == 0o600
    ana = one.person()

    async def begin():
        async with ana.connect() as session:
            ana.hold("tool_completed")
            await session.ask("What did we spend?")
            await session.until("tool_executing")
            one.end(signal.SIGKILL)
            return [json.loads(frame)["seq"] for frame in session.received if "seq" in json.loads(frame)]

    seen = asyncio.run(begin())
    two = Process(tmp_path, *data, name="two")
    ana.running = two

    async def go_on():
        async with ana.connect() as session:
            await session.send(type="resume", after_seq=seen[-1])
            return await session.until("resumed")

    try:
        events = asyncio.run(go_on())
        assert [event["type"] for event in events] == ["tool_completed", "agent_failed", "resumed"]
        assert (events[0]["status"], events[1]["code"]) == ("cancelled", "interrupted")
        assert ana.shown()["runs_open"] == 0
    finally:
        assert two.end() == 0


def test_a_stopped_process_appends_nothing_after_its_lease(tmp_path):
    data = ("--data-dir", str(tmp_path / "data"), "--setting", "lease_seconds=1")
    one, two = Process(tmp_path, *data), Process(tmp_path, *data, name="two")
    ana = one.person()

    async def scenario():
        async with ana.connect() as session:
            ana.hold("tool_completed")
            ack = await session.ask("What did we spend?")
            await session.until("tool_executing")
            # Stopped within a transaction, it would keep SQLite's one lock from everybody.
            await eventually(lambda: ana.shown()["held"])
            one.process.send_signal(signal.SIGSTOP)
            ana.running = two
            async with ana.connect() as other:
                events = await other.until(*ENDS)
                assert (events[-1]["run_id"], events[-1]["code"]) == (ack["run_id"], "interrupted")
                ana.release()
                one.process.send_signal(signal.SIGCONT)
                assert [one["seq"] for one in await session.until(*ENDS)] == [one["seq"] for one in events]
                await asyncio.sleep(2)
                assert await other.fence() == []
                assert await session.fence() == []

    try:
        asyncio.run(scenario())
    finally:
        one.process.send_signal(signal.SIGCONT)
        codes = [one.end(), two.end()]
    assert codes == [0, 0]


def test_cancel_and_hold_work_across_processes(tmp_path):
    data = ("--data-dir", str(tmp_path / "data"))
    one, two = Process(tmp_path, *data), Process(tmp_path, *data, name="two")
    ana = one.person()

    async def scenario():
        async with ana.connect() as session:
            ana.running = two
            async with ana.connect() as other:
                ana.hold("agent_completed")
                ack = await session.ask("What did we spend?")
                await other.until("agent_thinking", step=2)
                ana.release()
                assert (await session.until(*ENDS))[-1]["type"] == "agent_completed"
                ana.hold("agent_completed")
                ack = await session.ask("What did we spend?")
                await other.until("agent_thinking", step=2, run_id=ack["run_id"])
                await other.send(type="cancel", run_id=ack["run_id"])
                assert (await other.until(*ENDS))[-1]["code"] == "cancelled"

    try:
        asyncio.run(scenario())
    finally:
        codes = [one.end(), two.end()]
    assert codes == [0, 0]


def test_the_process_ends_with_its_owner_and_removes_its_data(tmp_path):
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    home = tmp_path / "home"
    one = Process(home, "--data-dir", str(home / "data"), "--remove", str(home), owner=owner.pid)
    assert one.process.poll() is None
    owner.kill()
    owner.wait()
    assert one.process.wait(3) == 0
    assert not home.exists()


def test_a_folder_that_is_to_be_removed_and_gone_already_does_not_come_back(tmp_path):
    home = tmp_path / "gone" / "home"
    with pytest.raises(FileNotFoundError), temporary_folder(home / "data", home, os.getpid()):
        pass
    assert not home.parent.exists()


def test_a_taken_address_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        one = Process(tmp_path, "--port", str(port))
        assert one.process.wait(10) == 3
        output = one.process.stdout.read().decode()
    assert output.count("\n") == 1
    assert f"127.0.0.1:{port}" in output


@pytest.mark.parametrize("missing", ["AGENT_CHAT_JWT_KEY", "AGENT_CHAT_ADMIN_TOKEN"])
def test_without_a_secret_it_does_not_start(missing, tmp_path):
    environment = {"AGENT_CHAT_JWT_KEY": KEY, "AGENT_CHAT_ADMIN_TOKEN": ADMIN, missing: "short"}
    ended = subprocess.run(
        [sys.executable, "-m", "backend", "--data-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=10,
        check=False,
    )
    assert ended.returncode == 2
    assert missing in ended.stderr.decode()
    assert ended.stderr.decode().count("\n") == 1


def test_the_log_and_the_metrics_hold_no_token(tmp_path):
    one = Process(tmp_path)
    ana = one.person()

    async def scenario():
        async with ana.connect() as session:
            await session.send(type="refresh_token", token=ana.refresh_token)
            await session.until("error")
            await session.ask("secret question")
            await session.until(*ENDS)
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(
                one.url.replace("http", "ws") + f"/ws?token={ana.access}",
                additional_headers={"Authorization": f"Bearer {ana.access}"},
                proxy=None,
            )

    asyncio.run(scenario())
    one.http("GET", f"/threads?token={ana.access}")
    _, metrics, _ = one.http("GET", "/metrics", token=ADMIN)
    assert one.end() == 0
    log = one.log.read_text()
    for secret in (ana.access, ana.refresh_token, ADMIN, KEY, "secret question"):
        assert secret not in log
        assert secret.split(".")[-1] not in log
    assert ana.id not in metrics.decode()
    assert all(json.loads(line) for line in log.splitlines())


def test_only_what_is_needed_is_loaded(tmp_path):
    """PostgreSQL's driver takes half as long to load as all the rest."""
    url = f"sqlite:///{tmp_path}/x"
    heavy = ("psycopg", "sqlalchemy.orm", "sqlalchemy.ext.asyncio")
    code = (
        "import sys, backend.app, backend.server; from backend.store.engine import Database; "
        f"Database({url!r}, patience=1, connections=1, read_threads=1).create_tables(); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_a_drain_waits_for_a_question_that_is_being_accepted(tmp_path):
    """One that was let in just before the drain begins is answered, not interrupted."""
    service = Running(tmp_path, drain_seconds=10.0)
    supervisor = service.service.supervisor

    async def scenario():
        with supervisor.expecting():
            waiting = asyncio.create_task(supervisor.idle(10.0))
            await asyncio.sleep(0.05)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 1.0)
        with supervisor.expecting():
            await asyncio.wait_for(supervisor.idle(0.05), 1.0)  # but no longer than it may

    try:
        asyncio.run_coroutine_threadsafe(scenario(), service.loop).result(15)
    finally:
        service.stop()
