"""What holds over all processes that share a PostgreSQL database.

Nothing here may be found out by looking now and then: the services look only every 30 s.
"""

import asyncio
import json
import signal
import time

import pytest
import websockets
from serving import ENDS, PASSWORD, Process, Running, eventually

AT_ONCE = 1.5
"""Seconds; a notice takes a millisecond, the rest is for a busy machine."""


class Both:
    """Two services on the same data."""

    def __init__(self, folder, url, **settings):
        given = {"wake_seconds": 30.0, "lease_seconds": 5.0, **settings}
        self.one, self.two = (
            Running(folder, database_url=url, instance=name, **given) for name in ("one", "two")
        )
        self.ana = self.one.person()

    def at(self, service, person=None):
        """The same person, who now speaks to one of the services."""
        other = object.__new__(type(self.ana))
        other.__dict__.update((person or self.ana).__dict__)
        other.running = service
        return other

    def stop(self):
        for service in (self.one, self.two):
            service.stop()


@pytest.fixture
def both(tmp_path, database_url):
    services = Both(tmp_path, database_url)
    yield services
    services.stop()


async def within(awaitable, seconds=AT_ONCE):
    began = time.monotonic()
    result = await awaitable
    assert time.monotonic() - began < seconds
    return result


def test_events_reach_a_device_at_another_process_at_once_and_as_they_are(both):
    async def scenario():
        async with both.ana.connect() as near, both.at(both.two).connect() as far:
            await near.ask()
            await within(far.until(*ENDS))
            await near.until(*ENDS)
            assert [t for t in near.received if '"seq"' in t] == [t for t in far.received if '"seq"' in t]
            assert (near.established["instance"], far.established["instance"]) == ("one", "two")

    asyncio.run(scenario())


@pytest.mark.parametrize("how", ["logout", "disabled", "revoked", "used_twice"])
def test_rights_that_end_at_one_process_end_at_the_other_at_once(both, how):
    def end():
        match how:
            case "logout":
                assert both.one.http("POST", "/auth/logout", token=both.ana.access)[0] == 204
            case "disabled":
                both.one.admin("PATCH", f"/people/{both.ana.id}", {"disabled": True})
            case "revoked":
                both.one.admin("POST", f"/people/{both.ana.id}/revoke", {})
            case "used_twice":
                body = {"refresh_token": both.ana.refresh_token}
                assert both.one.http("POST", "/auth/refresh", body)[0] == 200
                assert both.two.http("POST", "/auth/refresh", body)[0] == 401

    async def scenario():
        async with both.ana.connect() as near, both.at(both.two).connect() as far:
            await asyncio.to_thread(end)
            reason = "disabled" if how == "disabled" else "logged_out"
            assert await within(far.closed()) == (1008, reason)
            assert await within(near.closed()) == (1008, reason)
            for service in (both.one, both.two):
                with pytest.raises(websockets.InvalidStatus) as refused:
                    await both.at(service).connect().__aenter__()
                assert refused.value.response.status_code == 401

    asyncio.run(scenario())


def test_permissions_and_tiers_count_at_the_next_message_of_any_process(both):
    async def scenario():
        async with both.at(both.two).connect() as far:
            both.one.admin("PATCH", f"/people/{both.ana.id}", {"permissions": []})
            assert (await far.ask())["code"] == "forbidden"
            both.one.admin("PATCH", f"/people/{both.ana.id}", {"permissions": None, "tier": "free"})
            assert (await far.ask())["type"] == "ack"
            assert "upgrade_offer" in (await far.until(*ENDS))[-1]

    asyncio.run(scenario())


def test_holds_releases_and_cancels_work_from_any_process_at_once(both):
    async def scenario():
        async with both.ana.connect() as near, both.at(both.two).connect() as far:
            both.at(both.two).hold("tool_completed")
            await near.ask()
            await far.until("tool_executing")
            await eventually(lambda: both.at(both.two).shown()["held"])
            assert both.at(both.two).release() == 1
            await within(near.until(*ENDS))
            both.ana.hold("tool_completed")
            ack = await near.ask()
            await near.until("tool_executing", run_id=ack["run_id"])
            await far.send(type="cancel", run_id=ack["run_id"])
            await far.until("ack", run_id=ack["run_id"])
            assert (await within(near.until(*ENDS)))[-1]["code"] == "cancelled"

    asyncio.run(scenario())


def test_a_release_in_the_very_moment_of_a_stop_leaves_no_run_standing(both):
    async def scenario():
        async with both.ana.connect() as near:
            for nth in range(25):
                both.ana.hold("agent_thinking", 1)
                await near.ask()
                # The run comes to its stop while this is on its way, sometimes before and sometimes after.
                await asyncio.sleep(nth % 5 * 0.004)
                both.at(both.two).release()
                await near.until(*ENDS)

    asyncio.run(scenario())


def test_the_rate_is_one_for_all_processes_from_the_first_message_on(both):
    both.one.admin("PATCH", f"/people/{both.ana.id}", {"limits": {"burst": 7, "messages_per_minute": 1}})

    async def send(session):
        for _ in range(10):
            await session.send(type="resume", after_seq=0)
        return [(await session.until("resumed", "error"))[-1] for _ in range(10)]

    async def scenario():
        async with both.ana.connect() as near, both.at(both.two).connect() as far:
            answers = [
                answer for both_of in await asyncio.gather(send(near), send(far)) for answer in both_of
            ]
            assert sorted(answer["type"] for answer in answers) == ["error"] * 13 + ["resumed"] * 7
            assert {answer["code"] for answer in answers if answer["type"] == "error"} == {"rate_limited"}

    asyncio.run(scenario())


def test_connections_are_limited_over_all_processes_however_they_come(both):
    both.one.admin("PATCH", f"/people/{both.ana.id}", {"limits": {"connections": 3}})

    async def connect(service):
        session = both.at(service).connect()
        try:
            return await session.__aenter__()
        except websockets.InvalidStatus as refused:
            return refused.response.status_code

    async def scenario():
        came = await asyncio.gather(*(connect(service) for service in (both.one, both.two) * 8))
        refused = [one for one in came if isinstance(one, int)]
        assert refused == [429] * 13
        sessions = [one for one in came if not isinstance(one, int)]
        assert both.ana.shown()["connections"] == 3
        for session in sessions:
            await session.__aexit__()
        await eventually(lambda: both.at(both.two).shown()["connections"] == 0)

    asyncio.run(scenario())


def test_questions_are_counted_over_all_processes(both):
    limits = {"questions_per_day": 5, "concurrent_runs": 50, "burst": 100}
    both.one.admin("PATCH", f"/people/{both.ana.id}", {"limits": limits})

    async def scenario():
        async with both.ana.connect() as near, both.at(both.two).connect() as far:
            for session in (near, far) * 6:
                await session.send(type="chat", content="What did we spend?")
            answers = [(await s.until("ack", "error"))[-1] for s in (near, far) * 6]
            assert [a["type"] for a in answers].count("ack") == 5
            assert {a["code"] for a in answers if a["type"] == "error"} == {"quota_exceeded"}

    asyncio.run(scenario())


def test_a_question_sent_to_both_processes_is_one_question(both):
    async def acknowledged_and_ended(session):
        """Who asks what is being worked on already may be acknowledged before its end or after it."""
        frames = []
        while not {"ack", "agent_completed"} <= {frame["type"] for frame in frames}:
            frames.append(await session.get())
        return next(frame["run_id"] for frame in frames if frame["type"] == "ack")

    async def scenario():
        async with both.ana.connect() as near, both.at(both.two).connect() as far:
            for number in range(10):
                asked = {"type": "chat", "content": "What did we spend?", "message_id": f"m{number}"}
                await asyncio.gather(near.send(**asked), far.send(**asked))
                runs = [await acknowledged_and_ended(session) for session in (near, far)]
                assert runs[0] == runs[1]
            assert both.ana.shown()["last_seq"] == max(s["seq"] for s in _durable(near))
            assert [e["seq"] for e in _durable(near)] == list(range(1, len(_durable(near)) + 1))
            assert len({e["run_id"] for e in _durable(near)}) == 10

    asyncio.run(scenario())


def _durable(session):
    return [frame for frame in map(json.loads, session.received) if "seq" in frame]


def test_many_runs_at_both_processes_are_numbered_without_gap(both):
    limits = {"concurrent_runs": 100, "questions_per_day": 1000, "burst": 200}
    both.one.admin("PATCH", f"/people/{both.ana.id}", {"limits": limits})

    async def scenario():
        async with both.ana.connect() as near, both.at(both.two).connect() as far:
            for session in (near, far) * 10:
                await session.send(type="chat", content="What did we spend by team?")
            for session in (near, far):
                ends = 0
                while ends < 20:
                    ends += (await session.get())["type"] in ENDS
            frames = [_durable(session) for session in (near, far)]
            assert frames[0] == frames[1]
            assert [frame["seq"] for frame in frames[0]] == list(range(1, len(frames[0]) + 1))
            times = [frame["timestamp"] for frame in frames[0]]
            assert times == sorted(times)

    asyncio.run(scenario())


def test_a_person_s_counters_are_those_of_all_processes_to_the_frame(both):
    def counted(service):
        return both.at(service).shown()["counters"]

    async def scenario():
        async with both.ana.connect() as near:
            async with both.at(both.two).connect() as far:
                for _ in range(3):
                    assert await near.fence() == []
                for _ in range(4):
                    assert await far.fence() == []
                await far.send(type="dance")
                await far.until("error")
                for service in (both.one, both.two):
                    counters = await asyncio.to_thread(counted, service)
                    assert counters["frames_sent"] == {"connection_established": 2, "pong": 7, "error": 1}
                    assert counters["frames_received"] == {"ping": 7, "invalid": 1}
                    assert counters["errors"] == {"unknown_type": 1}
                await far.fence()
            await eventually(lambda: both.ana.shown()["connections"] == 1)
            for service in (both.one, both.two):
                assert (await asyncio.to_thread(counted, service))["frames_received"]["ping"] == 8

    asyncio.run(scenario())


def test_guesses_at_a_password_are_counted_over_all_processes_at_once(both):
    async def guess(email):
        body = {"email": email, "password": "wrong " + PASSWORD}
        calls = [
            asyncio.to_thread(service.http, "POST", "/auth/login", body)
            for service in (both.one, both.two) * 6
        ]
        return sorted(status for status, _, _ in await asyncio.gather(*calls))

    async def scenario():
        for email in (both.ana.user["email"], *(f"nobody{n}@people.example" for n in range(8))):
            assert await guess(email) == [401] * 5 + [429] * 7

    asyncio.run(scenario())


def test_records_may_be_replaced_at_both_processes_at_once(both):
    organisation = both.ana.user["organisation_id"]

    def records(cents):
        row = {"month": "2026-08", "service": "compute", "team": "a", "provider": "b", "region": "c"}
        return {"spend": [{**row, "amount_cents": cents} for _ in range(200)]}

    async def scenario():
        path = f"/organisations/{organisation}/records"
        calls = [
            asyncio.to_thread(service.admin, "PUT", path, records(cents))
            for cents, service in enumerate((both.one, both.two) * 5)
        ]
        await asyncio.gather(*calls)
        _, usage, _ = both.one.http("GET", "/usage/summary", token=both.ana.access)
        assert usage["total_cents"] % 200 == 0

    asyncio.run(scenario())


def test_a_killed_process_loses_no_event_and_its_runs_are_ended_by_another(tmp_path, database_url):
    one, two = (
        Process(tmp_path, "--setting", "wake_seconds=30", name=name, database_url=database_url)
        for name in ("one", "two")
    )
    ana = one.person()

    async def scenario():
        async with ana.connect() as near:
            ana.running = two
            async with ana.connect() as far:
                ana.hold("tool_completed")
                ack = await near.ask()
                await near.until("tool_executing")
                one.end(signal.SIGKILL)
                events = await far.until(*ENDS)
                assert (events[-1]["code"], events[-1]["run_id"]) == ("interrupted", ack["run_id"])
                assert [frame["seq"] for frame in _durable(far)] == list(range(1, events[-1]["seq"] + 1))
                assert _durable(far)[: len(_durable(near))] == _durable(near)
                assert ana.shown()["connections"] in {1, 2}  # the dead one's counts until it is swept
                ana.release()
                await far.ask()
                assert (await far.until(*ENDS))[-1]["type"] == "agent_completed"

    try:
        asyncio.run(scenario())
    finally:
        code = two.end()
    assert code == 0


def test_a_process_that_slept_past_its_lease_appends_nothing(tmp_path, database_url):
    one, two = (
        Process(tmp_path, "--setting", "lease_seconds=1", name=name, database_url=database_url)
        for name in ("one", "two")
    )
    ana = one.person()

    async def scenario():
        async with ana.connect() as near:
            ana.running = two
            async with ana.connect() as far:
                ana.hold("tool_completed")
                ack = await near.ask()
                await near.until("tool_executing")
                await eventually(lambda: ana.shown()["held"])
                one.process.send_signal(signal.SIGSTOP)
                events = await far.until(*ENDS)
                assert (events[-1]["code"], events[-1]["run_id"]) == ("interrupted", ack["run_id"])
                ana.release()
                one.process.send_signal(signal.SIGCONT)
                assert [e["seq"] for e in await near.until(*ENDS)] == [e["seq"] for e in events[-2:]]
                # The one that slept works again, and what it does comes after the end of the run.
                again = await near.ask()
                await far.until(*ENDS, run_id=again["run_id"])
                assert [e["seq"] for e in _durable(far)] == list(range(1, len(_durable(far)) + 1))
                ends = [e["run_id"] for e in _durable(far) if e["type"] in ENDS]
                assert ends == [ack["run_id"], again["run_id"]]

    try:
        asyncio.run(scenario())
    finally:
        one.process.send_signal(signal.SIGCONT)
        codes = [one.end(), two.end()]
    assert codes == [0, 0]
