"""The whole service over a real socket: runs, delivery, resume, cancel, holds, draining."""

import asyncio
import itertools
import json

import pytest
import websockets
from serving import DURABLE, ENDS, Running, eventually

from backend.agent.run import RunLoop
from backend.app import Components


@pytest.fixture(scope="module")
def running(either_url_for_all, tmp_path_factory):
    service = Running(tmp_path_factory.mktemp("data"), database_url=either_url_for_all)
    yield service
    service.stop()


def test_a_run_has_its_five_events_in_order(running):
    ana = running.person()

    async def scenario():
        async with ana.connect() as session:
            ack = await session.ask("Help me cut our cloud costs", message_id="q-1")
            assert (ack["type"], ack["message_id"]) == ("ack", "q-1")
            events = await session.until(*ENDS)
            return ack, events

    ack, events = asyncio.run(scenario())
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["type"] for event in events]
    assert kinds[0] == "agent_started"
    assert kinds[1] == "agent_thinking"
    assert kinds[-1] == "agent_completed"
    assert all(event["run_id"] == ack["run_id"] for event in events)
    executing = [event["tool_name"] for event in events if event["type"] == "tool_executing"]
    assert executing == ["query_spend", "find_idle_resources", "rightsize_resources", "compare_models"]
    stamps = [event["timestamp"] for event in events]
    assert stamps == sorted(stamps)


def test_messages_of_a_thread_are_kept_code_point_for_code_point(running):
    ana = running.person()
    question = "What did we spend? \u2028 é \U0001f4b0 e\u0301 \u200f \x7f"

    async def scenario():
        async with ana.connect() as session:
            ack = await session.ask(question)
            return ack, (await session.until(*ENDS))[-1]

    ack, end = asyncio.run(scenario())
    status, body, _ = running.http("GET", f"/threads/{ack['thread_id']}/messages", token=ana.access)
    assert status == 200
    assert [(one["role"], one["content"]) for one in body["messages"]] == [
        ("user", question),
        ("assistant", end["response"]),
    ]
    status, body, _ = running.http("GET", "/threads", token=ana.access)
    assert [one["id"] for one in body["threads"]] == [ack["thread_id"]]


def test_a_follow_up_inherits_filters(running):
    ana = running.person(running.organisation())

    async def scenario():
        async with ana.connect() as session:
            first = await session.ask("What did we spend on aws?")
            await session.until(*ENDS)
            await session.ask("and by team?", thread_id=first["thread_id"])
            return await session.until(*ENDS)

    events = asyncio.run(scenario())
    arguments = next(event["arguments"] for event in events if event["type"] == "tool_executing")
    assert arguments == {"group_by": "team", "provider": "aws"}


def test_the_same_message_id_runs_once(running):
    ana = running.person()

    async def scenario():
        async with ana.connect() as session:
            first = await session.ask("What did we spend?", message_id="same")
            await session.until(*ENDS)
            again = await session.ask("What did we spend?", message_id="same")
            other = await session.ask("What about idle things?", message_id="same")
            assert await session.fence() == []
            return first, again, other

    first, again, other = asyncio.run(scenario())
    assert (first["run_id"], first["thread_id"]) == (again["run_id"], again["thread_id"])
    assert (other["code"], other["field"], other["message_id"]) == ("invalid_message", "message_id", "same")
    assert ana.shown()["counters"]["frames_sent"]["agent_started"] == 1


def test_a_device_that_comes_back_gets_byte_for_byte_what_the_other_one_got(running):
    ana = running.person()

    async def scenario():
        async with ana.connect() as stays:
            async with ana.connect() as goes:
                ana.hold("tool_completed", 2)
                await goes.ask("Help me cut our cloud costs")
                await goes.until("tool_executing")
                seen = (await goes.until("tool_executing"))[-1]["seq"]
                goes.socket.transport.abort()
            await stays.until("tool_executing", seq=seen)
            assert await stays.fence() == []
            ana.release("agent_completed")
            await stays.until("agent_thinking", step=5)
            async with ana.connect() as back:
                watershed = back.established["last_seq"]
                ana.release()
                await stays.until(*ENDS)
                await back.send(type="resume", after_seq=seen, message_id="again")
                await back.until("resumed", from_seq=seen + 1, to_seq=watershed, count=watershed - seen)
                durable = [one for one in back.received if json.loads(one)["type"] in DURABLE]
                wanted = [
                    one
                    for one in stays.received
                    if json.loads(one)["type"] in DURABLE and json.loads(one)["seq"] > seen
                ]
                # The live one came before or after the replay, never within.
                assert sorted(durable) == sorted(wanted)
                assert await back.fence() == []

    asyncio.run(scenario())


@pytest.mark.parametrize(("after", "works"), [(0, True), (-1, False), (10_000, False)])
def test_resume_is_bounded_by_the_watershed(running, after, works):
    ana = running.person()

    async def scenario():
        async with ana.connect() as first:
            await first.ask()
            last = (await first.until(*ENDS))[-1]["seq"]
        async with ana.connect() as session:
            assert session.established["last_seq"] == last
            for _ in range(2):
                await session.send(type="resume", after_seq=after)
                frames = await session.until("resumed", "error")
                if works:
                    assert [frame["seq"] for frame in frames[:-1]] == list(range(1, last + 1))
                    assert (frames[-1]["from_seq"], frames[-1]["count"]) == (1, last)
                else:
                    assert (frames[-1]["code"], frames[-1]["field"]) == ("invalid_message", "after_seq")
            await session.send(type="resume", after_seq=last)
            frames = await session.until("resumed")
            assert (frames[-1]["from_seq"], frames[-1]["to_seq"], frames[-1]["count"]) == (last + 1, last, 0)

    asyncio.run(scenario())


@pytest.mark.parametrize("before", ["agent_started", "agent_thinking", "tool_executing", "tool_completed"])
def test_a_held_run_can_be_cancelled(running, before):
    ana = running.person()

    async def scenario():
        async with ana.connect() as session:
            ana.hold(before)
            ack = await session.ask()
            await eventually(lambda: ana.shown()["held"])
            await session.send(type="cancel", run_id=ack["run_id"], message_id="stop")
            events = await session.until(*ENDS)
            await session.send(type="cancel", run_id=ack["run_id"])
            error = (await session.until("error"))[-1]
            return events, error

    events, error = asyncio.run(scenario())
    assert error["code"] == "not_found"
    assert (events[-1]["type"], events[-1]["code"]) == ("agent_failed", "cancelled")
    kinds = [event["type"] for event in events if event["type"] in DURABLE]
    if before == "tool_completed":
        assert kinds[-2:] == ["tool_completed", "agent_failed"]
        closed = next(event for event in events if event["type"] == "tool_completed")
        assert (closed["status"], closed["result"]) == ("cancelled", None)
        position = [event["type"] for event in events].index("ack")
        assert position < [event["type"] for event in events].index("tool_completed")
    assert before == "tool_completed" or before not in kinds
    shown = ana.shown()
    assert (shown["held"], shown["runs_open"]) == ([], 0)


class LearnsLate(RunLoop):
    async def not_appended(self, *answer):
        await asyncio.wait({self.control.stopped})
        await super().not_appended(*answer)


def test_a_run_that_is_cancelled_before_it_knows_of_its_hold_ends(tmp_path):
    service = Running(tmp_path, Components(run_loop=LearnsLate))
    ana = service.person()

    async def scenario():
        async with ana.connect() as session:
            ana.hold("tool_completed")
            ack = await session.ask()
            await eventually(lambda: ana.shown()["held"])
            await session.send(type="cancel", run_id=ack["run_id"])
            return await session.until(*ENDS)

    try:
        assert asyncio.run(scenario())[-1]["code"] == "cancelled"
    finally:
        service.stop()


def test_a_hold_steps_a_run_from_boundary_to_boundary(running):
    ana = running.person()
    boundaries = [
        ("agent_started", 1),
        ("agent_thinking", 1),
        ("tool_executing", 1),
        ("tool_completed", 1),
        ("agent_thinking", 2),
        ("agent_completed", 1),
    ]

    async def scenario():
        async with ana.connect() as session:
            ana.hold(*boundaries[0])
            ack = await session.ask()
            for here, following in itertools.zip_longest(boundaries, boundaries[1:]):
                await eventually(lambda: ana.shown()["held"])
                standing = {"run_id": ack["run_id"], "before": here[0], "nth": here[1]}
                assert ana.shown()["held"] == [standing]
                assert await session.fence() == []
                assert ana.release(*(following or ())) == 1
                assert (await session.get())["type"] == here[0]
            assert await session.fence() == []

    asyncio.run(scenario())


def test_many_people_at_once_each_get_their_own(running):
    people = [running.person() for _ in range(12)]

    async def one(person):
        async with person.connect() as session:
            await session.ask("Help me cut our cloud costs")
            events = await session.until(*ENDS)
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
            assert {event["user_id"] for event in events} == {person.id}
            return events[-1]["type"]

    async def scenario():
        return await asyncio.gather(*(one(person) for person in people))

    assert set(asyncio.run(scenario())) == {"agent_completed"}


def test_draining(tmp_path):
    service = Running(tmp_path, drain_seconds=0.5)
    ana = service.person()

    async def scenario():
        async with ana.connect() as held, ana.connect() as quick:
            ana.hold("tool_completed")
            await held.ask()
            await held.until("tool_executing")
            await quick.until("tool_executing")
            service.admin("POST", "/drain")
            refused = await quick.ask("More")
            assert (refused["code"], refused["retry_after"] > 0) == ("unavailable", True)
            with pytest.raises(websockets.InvalidStatus) as turned_away:
                await ana.connect().__aenter__()
            assert turned_away.value.response.status_code == 503
            status, body, _ = await asyncio.to_thread(service.http, "GET", "/ws/health")
            assert (status, body["status"]) == (503, "draining")
            events = await held.until(*ENDS)
            assert [event["type"] for event in events] == ["tool_completed", "agent_failed"]
            assert (events[0]["status"], events[1]["code"]) == ("cancelled", "interrupted")
            assert (await held.closed())[0] == 1001
            assert (await quick.closed())[0] == 1001

    asyncio.run(scenario())
    service.thread.join(10)
    assert not service.thread.is_alive()
