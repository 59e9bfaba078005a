"""What people may do, how much of it, and what they may see."""

import asyncio
import itertools
import json

import pytest
from serving import ENDS, Running


@pytest.fixture(scope="module")
def running(either_url_for_all, tmp_path_factory):
    service = Running(tmp_path_factory.mktemp("data"), database_url=either_url_for_all)
    yield service
    service.stop()


def test_rights_are_read_anew_for_each_message(running):
    ana = running.person(tier="free", limits={"questions_per_day": 1})

    async def scenario():
        async with ana.connect() as session:
            await session.ask("How can we save?")
            first = await session.until(*ENDS)
            refused = await session.ask("How can we save?")
            running.admin("PATCH", f"/people/{ana.id}", {"tier": "pro", "limits": {}})
            await session.ask("How can we save?")
            second = await session.until(*ENDS)
            running.admin("PATCH", f"/people/{ana.id}", {"permissions": ["chat:read"]})
            forbidden = await session.ask("How can we save?")
            return first, refused, second, forbidden

    first, refused, second, forbidden = asyncio.run(scenario())
    offer = first[-1]["upgrade_offer"]
    assert offer["withheld"] == ["rightsize_resources", "compare_models"]
    assert (refused["code"], refused["upgrade_offer"]) == (
        "quota_exceeded",
        {**offer, "message": refused["upgrade_offer"]["message"]},
    )
    assert 86_300 < refused["retry_after"] <= 86_400
    tools = {event["tool_name"] for event in second if event["type"] == "tool_executing"}
    assert "compare_models" in tools
    assert "upgrade_offer" not in second[-1]
    assert forbidden["code"] == "forbidden"


def test_too_many_runs(running):
    ana = running.person(tier="free")

    async def scenario():
        async with ana.connect() as session:
            ana.hold("agent_started")
            for _ in range(2):
                assert (await session.ask())["type"] == "ack"
            assert (await session.ask())["code"] == "too_many_runs"
            ana.release()
            ended = 0
            while ended < 2:
                ended += len([one for one in await session.until(*ENDS) if one["type"] in ENDS])
            assert (await session.ask())["type"] == "ack"
            await session.until(*ENDS)

    asyncio.run(scenario())


def test_the_rate_is_limited_exactly_and_per_person(running):
    ana = running.person(limits={"messages_per_minute": 60, "burst": 3})
    boris = running.person()

    async def scenario():
        async with ana.connect() as one, ana.connect() as two, boris.connect() as other:
            await one.send("no json")
            await one.send(type="nonsense")
            await two.send(type="cancel", run_id="r_x")
            for session in (one, two):
                frames = [await session.get() for _ in range(2 if session is one else 1)]
                assert all(frame["code"] != "rate_limited" for frame in frames)
            await two.send(type="cancel", run_id="r_x", message_id="m")
            refused = await two.get()
            assert (refused["code"], refused["message_id"]) == ("rate_limited", "m")
            assert 0.5 < refused["retry_after"] <= 1.0
            assert await two.fence() == []
            assert (await other.ask())["type"] == "ack"
            await asyncio.sleep(refused["retry_after"] / 2)
            await one.send(type="cancel", run_id="r_x")
            half = await one.get()
            assert half["code"] == "rate_limited"
            await asyncio.sleep(half["retry_after"])
            await one.send(type="cancel", run_id="r_x")
            assert (await one.get())["code"] == "not_found"

    asyncio.run(scenario())


def test_a_thousand_pings_come_back_in_order(running):
    ana = running.person()

    async def scenario():
        async with ana.connect() as session:

            async def send():
                for number in range(1000):
                    await session.send(type="ping", sequence=number, data="x" * 100)

            sending = asyncio.create_task(send())
            frames = [await session.get() for _ in range(1000)]
            await sending
            return frames

    frames = asyncio.run(scenario())
    assert [frame["sequence"] for frame in frames] == list(range(1000))


def test_sizes(running):
    ana = running.person()

    def message(size, fill="x"):
        empty = len(json.dumps({"type": "ping", "data": ""}, ensure_ascii=False))
        count, rest = divmod(size - empty, len(fill.encode()))
        text = json.dumps({"type": "ping", "data": fill * count + "y" * rest}, ensure_ascii=False)
        assert len(text.encode()) == size
        return text

    async def scenario():
        async with ana.connect() as session:
            for fill in ("x", "é", "\U0001f4b0"):
                await session.send(message(8192, fill))
                assert (await session.get())["type"] == "pong"
                await session.send(message(8193, fill))
                assert (await session.get())["code"] == "message_too_large"
            await session.send(message(65_536))
            assert (await session.get())["code"] == "message_too_large"
            await session.send([message(65_536)[:40_000], message(65_536)[40_000:]])
            assert (await session.get())["code"] == "message_too_large"
            await session.send(b"{}")
            assert (await session.get())["code"] == "invalid_message"
            assert (await session.ask())["type"] == "ack"
            await session.until(*ENDS)
        for _ in range(20):
            async with ana.connect() as session:
                await session.send(message(65_537))
                assert (await session.closed())[0] == 1009
        async with ana.connect() as session:
            await session.socket.send(b"\xff\xfe", text=True)
            assert (await session.closed())[0] == 1007

    asyncio.run(scenario())


def test_unknown_types_are_named_safely(running):
    ana = running.person()

    async def scenario():
        async with ana.connect() as session:
            await session.send(type="<b>\u0007\n" + "x" * 100, message_id="m")
            return await session.get()

    error = asyncio.run(scenario())
    assert (error["code"], error["message_id"]) == ("unknown_type", "m")
    assert "<b>\\u0007\\n" in error["message"] or "<b>\\u0007\\u000a" in error["message"]
    assert "x" * 59 in error["message"]
    assert "x" * 60 not in error["message"]


def test_usage_is_the_same_function_as_the_tool(running):
    records = {
        "spend": [
            {
                "month": f"2026-0{month}",
                "service": service,
                "team": "platform",
                "provider": "aws",
                "region": "eu-west-1",
                "amount_cents": month * cents,
            }
            for month, (service, cents) in itertools.product((7, 8), (("compute", 100), ("queue", 33)))
        ]
    }
    ana = running.person(running.organisation("Planted", records))
    status, body, _ = running.http("GET", "/usage/summary?group_by=service&month=2026-08", token=ana.access)
    assert status == 200
    assert body == {
        "organisation_id": ana.user["organisation_id"],
        "currency": "USD",
        "group_by": "service",
        "filters": {"month": "2026-08"},
        "total_cents": 1064,
        "rows": [{"key": "compute", "amount_cents": 800}, {"key": "queue", "amount_cents": 264}],
    }
    assert running.http("GET", "/usage/summary?group_by=colour", token=ana.access)[0] == 400
    assert running.http("GET", "/usage/summary?colour=red", token=ana.access)[0] == 400


def test_health_metrics_and_the_plain_address(running):
    status, body, _ = running.http("GET", "/ws/health")
    assert (status, body["status"]) == (200, "healthy")
    assert "websocket" in body["service"]
    assert running.http("GET", "/ws")[0] == 426
    assert running.http("GET", "/metrics")[0] == 401
    assert running.http("GET", "/metrics", token="x" * 40)[0] == 401
    assert running.http("GET", "/nothing")[0] == 404
    assert "agent_chat_connections" in running.metrics()


def test_foreign_runs_and_threads_are_as_unknown_as_absent_ones(running):
    ana, boris = running.person(), running.person()

    async def scenario():
        async with ana.connect() as owner, boris.connect() as stranger:
            ana.hold("agent_completed")
            ack = await owner.ask()
            errors = []
            for run in (ack["run_id"], "r_" + "0" * 32):
                await stranger.send(type="cancel", run_id=run)
                errors.append((await stranger.until("error"))[-1])
            threads = (ack["thread_id"], "t_" + "0" * 32)
            errors += [await stranger.ask("Continue", thread_id=thread) for thread in threads]
            ana.release()
            assert (await owner.until(*ENDS))[-1]["type"] == "agent_completed"
            assert await stranger.fence() == []
            return errors

    errors = asyncio.run(scenario())
    assert {error["code"] for error in errors} == {"not_found"}
    assert errors[0]["message"] == errors[1]["message"]
    assert errors[2]["message"] == errors[3]["message"]


def test_shared_threads_stay_within_the_organisation(running):
    northwind, contoso = running.organisation("Northwind"), running.organisation("Contoso")
    ana, boris, mallory = running.person(northwind), running.person(northwind), running.person(contoso)
    free = running.person(northwind, tier="free")

    async def scenario():
        async with ana.connect() as owner, boris.connect() as colleague, mallory.connect() as stranger:
            ack = await owner.ask("What did we spend?", share=True)
            await owner.until(*ENDS)
            assert await colleague.fence() == []
            assert (await stranger.ask("And?", thread_id=ack["thread_id"]))["code"] == "not_found"
            assert (await colleague.ask("And by team?", thread_id=ack["thread_id"]))["type"] == "ack"
            await colleague.until(*ENDS)
            assert await owner.fence() == []
            async with free.connect() as poor:
                assert (await poor.ask("Mine", share=True))["code"] == "forbidden"
            return ack["thread_id"]

    thread = asyncio.run(scenario())
    assert running.http("GET", f"/threads/{thread}/messages", token=boris.access)[0] == 200
    assert running.http("GET", f"/threads/{thread}/messages", token=mallory.access)[0] == 404
    assert running.http("GET", "/threads", token=mallory.access)[1] == {"threads": []}
