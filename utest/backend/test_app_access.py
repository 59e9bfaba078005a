"""Who gets in, who stays, and what is left of those who have gone."""

import asyncio
import base64
import json
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import websockets
from serving import ADMIN, ENDS, KEY, PASSWORD, Running, Session, eventually


@pytest.fixture(scope="module")
def running(either_url_for_all, tmp_path_factory):
    service = Running(tmp_path_factory.mktemp("data"), database_url=either_url_for_all)
    yield service
    service.stop()


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def minted(person, seconds, **changes):
    now = int(time.time())
    body = {**claims(person.access), "iat": now, "exp": now + seconds, "jti": f"j{seconds}", **changes}
    return jwt.encode(body, KEY, "HS256")


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


def log_in_at_once(running, email, passwords):
    bodies = [{"email": email, "password": password} for password in passwords]
    with ThreadPoolExecutor(len(bodies)) as pool:
        return Counter(pool.map(lambda body: running.http("POST", "/auth/login", body)[0], bodies))


def test_right_logins_at_once_are_never_taken_for_guesses(running):
    ana = running.person()
    assert log_in_at_once(running, ana.user["email"], [PASSWORD] * 12) == {200: 12}


def test_of_wrong_logins_at_once_five_are_looked_at(running):
    ana, boris = running.person(), running.person()
    assert log_in_at_once(running, ana.user["email"], ["wrong wrong wrong"] * 12) == {401: 5, 429: 7}
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
            # The ping is answered at once, the tokens are looked up: so they are waited for.
            await one.send(type="refresh_token", token=short)
            assert [(await one.get())["type"] for _ in range(2)] == ["token_refreshed", "token_expiring"]
            await one.send(type="refresh_token", token=short)
            assert (await one.get())["type"] == "token_refreshed"
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


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/threads/%00/messages", (404, "not_found")),
        ("/usage/summary?team=%00", (400, "invalid_request")),
        ("/usage/summary?team=a&group_by=%00", (400, "invalid_request")),
    ],
)
def test_what_no_database_can_hold_is_nowhere(running, path, told):
    ana = running.person()
    status, body, _ = running.http("GET", path, token=ana.access)
    assert (status, body["error"]["code"]) == told


def test_what_no_database_can_hold_is_no_id(running):
    for method, path in (("GET", "/people/%00"), ("PUT", "/organisations/%00/records")):
        status, body, _ = running.http(method, "/admin" + path, {}, ADMIN)
        assert (status, body["error"]["code"]) == (404, "not_found")
