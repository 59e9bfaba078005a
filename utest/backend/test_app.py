"""The whole service over a real socket: runs, delivery, resume, cancel, holds, draining."""

import asyncio
import base64
import itertools
import json
import socket
import time

import jwt
import pytest
import websockets
from serving import DURABLE, ENDS, KEY, PASSWORD, Running, Session, eventually


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    service = Running(tmp_path_factory.mktemp("data"))
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


def test_both_credential_carriers(running):
    ana = running.person()
    encoded = base64.urlsafe_b64encode(ana.access.encode()).decode().rstrip("=")

    async def scenario():
        url = running.url.replace("http", "ws") + "/ws"
        async with websockets.connect(
            url, subprotocols=["agent-chat.v1", f"jwt.{encoded}"], proxy=None
        ) as socket:
            assert socket.subprotocol == "agent-chat.v1"
            assert json.loads(await socket.recv())["user_id"] == ana.id
        async with ana.connect(subprotocols=["other", "agent-chat.v1"]) as session:
            assert session.socket.subprotocol == "agent-chat.v1"
        async with ana.connect() as session:
            assert session.socket.subprotocol is None
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, subprotocols=[f"jwt.{encoded}"], proxy=None)
        assert refused.value.response.status_code == 401

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("headers", "query", "status", "code", "challenge"),
    [
        ({}, "", 401, "missing_credential", 'Bearer realm="agent-chat"'),
        ({"Authorization": "Bearer "}, "", 401, "missing_credential", 'Bearer realm="agent-chat"'),
        ({"Authorization": "Basic eDp5"}, "", 401, "missing_credential", 'Bearer realm="agent-chat"'),
        ({"Authorization": "Bearer x.y.z"}, "", 401, "invalid_token", "invalid_token"),
        ("good", "?token=x", 401, "invalid_token", "invalid_token"),
        ("good", "?access_token=", 401, "invalid_token", "invalid_token"),
        ({"Origin": "https://evil.example"}, "", 403, "forbidden", None),
        ({"Origin": "null"}, "", 403, "forbidden", None),
    ],
)
def test_refusals_come_before_the_upgrade(running, headers, query, status, code, challenge):
    ana = running.person()
    if headers == "good":
        headers = {"Authorization": f"Bearer {ana.access}"}

    async def scenario():
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(
                running.url.replace("http", "ws") + "/ws" + query, additional_headers=headers, proxy=None
            )
        return refused.value.response

    before = running.metrics().get(f'agent_chat_refusals_total{{code="{code}",status="{status}"}}', 0)
    response = asyncio.run(scenario())
    assert response.status_code == status
    assert json.loads(response.body)["error"]["code"] == code
    assert ("WWW-Authenticate" in response.headers) == (challenge is not None)
    if challenge is not None:
        assert challenge in response.headers["WWW-Authenticate"]
        assert ("error=" in response.headers["WWW-Authenticate"]) == (code != "missing_credential")
    after = running.metrics()[f'agent_chat_refusals_total{{code="{code}",status="{status}"}}']
    assert after == before + 1


def test_one_connection_too_many_is_refused_and_a_closed_one_makes_room(running):
    ana = running.person(tier="free")

    async def scenario():
        async with ana.connect(), ana.connect():
            async with ana.connect():
                with pytest.raises(websockets.InvalidStatus) as refused:
                    await ana.connect().__aenter__()
                assert refused.value.response.status_code == 429
                assert int(refused.value.response.headers["Retry-After"]) >= 1
            await eventually(lambda: ana.shown()["connections"] == 2)
            async with ana.connect():
                assert ana.shown()["connections"] == 3

    asyncio.run(scenario())


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


def test_signing_up_in_on_and_out(running):
    account = {"email": "new@people.example", "password": PASSWORD, "name": "New"}
    status, body, _ = running.http("POST", "/auth/register", account)
    assert (status, body["user"]["tier"], body["user"]["organisation"]) == (201, "free", "New's organisation")
    assert running.http("POST", "/auth/register", {**account, "email": "NEW@people.example"})[0] == 409
    for bad, field in (
        ({"password": "short"}, "password"),
        ({"email": "nobody"}, "email"),
        ({"name": 3}, "name"),
        ({"name": ""}, "name"),
    ):
        status, body, _ = running.http("POST", "/auth/register", {**account, "email": "b@c.de", **bad})
        assert (status, body["error"]["code"], body["error"]["field"]) == (400, "invalid_request", field)
    status, login, _ = running.http("POST", "/auth/login", account)
    assert (status, login["token_type"], login["expires_in"]) == (200, "Bearer", 900)
    status, fresh, _ = running.http("POST", "/auth/refresh", {"refresh_token": login["refresh_token"]})
    assert status == 200
    person = type("P", (), {"running": running})()

    async def scenario():
        headers = {"Authorization": f"Bearer {fresh['access_token']}"}
        async with Session(person, headers, {}) as session:
            body = {"refresh_token": login["refresh_token"]}
            status, answer, _ = await asyncio.to_thread(running.http, "POST", "/auth/refresh", body)
            assert (status, answer["error"]["code"]) == (401, "invalid_token")
            return await session.closed()

    assert asyncio.run(scenario()) == (1008, "logged_out")
    status, body, _ = running.http("GET", "/threads", token=fresh["access_token"])
    assert (status, body["error"]["code"]) == (401, "invalid_token")


def test_failed_logins_are_throttled_per_account(running):
    ana, boris = running.person(), running.person()
    bad = {"email": ana.user["email"], "password": "wrong wrong wrong"}
    unknown = {"email": "nobody@people.example", "password": "wrong wrong wrong"}
    for body in (bad, unknown):
        answers = [running.http("POST", "/auth/login", body)[:2] for _ in range(5)]
        assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
        assert answers[0][0] == 401
        status, _, headers = running.http("POST", "/auth/login", body)
        assert (status, int(headers["Retry-After"]) > 0) == (429, True)
    good = {"email": ana.user["email"], "password": PASSWORD}
    assert running.http("POST", "/auth/login", good)[0] == 429
    boris.login()


@pytest.mark.parametrize("how", ["logout", "revoke", "revoke one", "disable"])
def test_whoever_may_not_stay_is_closed(running, how):
    ana = running.person()

    async def scenario():
        async with ana.connect() as session:
            if how == "logout":
                status = (await asyncio.to_thread(running.http, "POST", "/auth/logout", None, ana.access))[0]
                assert status == 204
            elif how == "disable":
                running.admin("PATCH", f"/people/{ana.id}", {"disabled": True})
            else:
                body = {} if how == "revoke" else {"sid": claims(ana.access)["sid"]}
                running.admin("POST", f"/people/{ana.id}/revoke", body)
            return await session.closed()

    assert asyncio.run(scenario()) == (1008, "disabled" if how == "disable" else "logged_out")
    assert running.http("GET", "/threads", token=ana.access)[0] == 401


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def minted(person, seconds, **changes):
    now = int(time.time())
    body = {**claims(person.access), "iat": now, "exp": now + seconds, "jti": f"j{seconds}", **changes}
    return jwt.encode(body, KEY, "HS256")


def test_a_token_runs_out_on_a_live_connection_unless_refreshed(running):
    ana = running.person()
    old = minted(ana, 2)

    async def scenario():
        async with ana.connect(old) as stale, ana.connect(minted(ana, 2, jti="other")) as fresh:
            expiring = await stale.get()
            assert (expiring["type"], expiring["expires_at"]) == ("token_expiring", claims(old)["exp"])
            assert (await fresh.get())["type"] == "token_expiring"
            for token, code in (
                ("nonsense", "forbidden"),
                (minted(ana, -5), "token_expired"),
                (running.person().access, "forbidden"),
            ):
                await fresh.send(type="refresh_token", token=token, message_id="t")
                refused = await fresh.get()
                assert (refused["code"], refused["message_id"]) == (code, "t")
            await fresh.send(type="refresh_token", token=ana.access, message_id="t")
            renewed = await fresh.get()
            assert (renewed["type"], renewed["expires_at"]) == ("token_refreshed", claims(ana.access)["exp"])
            assert await stale.closed() == (1008, "token_expired")
            late = time.time() - claims(old)["exp"]
            assert 0 <= late < 2
            assert await fresh.fence() == []
        with pytest.raises(websockets.InvalidStatus):
            await ana.connect(minted(ana, 60, jti="other")).__aenter__()

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


def test_nothing_is_left_of_closed_connections(running):
    ana = running.person(tier="free")
    names = ("agent_chat_connections", "agent_chat_managers", "agent_chat_tasks", "agent_chat_runs")

    def found():
        metrics = running.metrics()
        return {name: metrics[name] for name in names}

    async def scenario():
        await eventually(lambda: found()["agent_chat_connections"] == 0)
        before = found()
        for number in range(15):
            async with ana.connect() as session:
                await session.fence()
                if number % 2:
                    session.socket.transport.abort()
        await eventually(lambda: found() == before)

    asyncio.run(scenario())


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


def test_a_refresh_on_one_device_leaves_the_other_alone_and_is_announced_once(running):
    ana = running.person()
    first = ana.access
    ana.login()

    async def scenario():
        async with ana.connect(first) as one, ana.connect(first) as two:
            for _ in range(2):
                await one.send(type="refresh_token", token=ana.access)
                assert (await one.get())["type"] == "token_refreshed"
            assert (await two.ask())["type"] == "ack"
            await two.until(*ENDS)
            await one.until(*ENDS)
            short = minted(ana, 30, jti="short")
            for _ in range(2):
                await one.send(type="refresh_token", token=short)
            # The ping is answered at once, the tokens are looked up: so they are waited for.
            kinds = [(await one.get())["type"] for _ in range(3)]
            assert kinds == ["token_refreshed", "token_expiring", "token_refreshed"]
            assert await one.fence() == []

    asyncio.run(scenario())


def test_a_token_is_announced_a_minute_before_it_expires(running):
    ana = running.person()
    token = minted(ana, 62, jti="minute")

    async def scenario():
        async with ana.connect(token) as session:
            assert await session.fence() == []
            assert (await session.get())["type"] == "token_expiring"
            left = claims(token)["exp"] - time.time()
            assert 59 < left <= 60

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /ws HTTP/1.1", b"431"),
        (b"GET /ws?" + b"x" * 10_000 + b" HTTP/1.1", b"414"),
        (b"POST /ws HTTP/1.1", b"405"),
    ],
)
def test_an_upgrade_request_that_cannot_be_read_is_answered(running, request_line, status):
    header = b"X-Long: " + b"x" * 10_000 + b"\r\n" if status == b"431" else b""
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as peer:
        peer.sendall(
            request_line + b"\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + header + b"\r\n"
        )
        assert peer.recv(100).startswith(b"HTTP/1.1 " + status)


def test_a_peer_that_ends_its_side_without_a_close_is_let_go(running):
    ana = running.person()

    async def scenario():
        async with ana.connect() as session:
            session.socket.transport.write_eof()
            await eventually(lambda: ana.shown()["connections"] == 0)

    asyncio.run(scenario())
