"""The engine against a real WebSocket server on loopback: what is recorded is what went over the wire."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from AgentChatLibrary.engine.crowd import close_many, open_many, send_together, try_many
from AgentChatLibrary.engine.offer import Offer, Refused
from AgentChatLibrary.engine.recording import RecordingConnection
from AgentChatLibrary.engine.session import Ended, Session
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.transcript import Owner
from websockets.sync.server import Server, ServerConnection, serve


class Peer:
    """A server that does what a test tells it to for each connection."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.received: list[str | bytes] = []
        self.script = self.echo
        self.gone = threading.Event()
        self.server: Server = serve(
            self.handle,
            "127.0.0.1",
            0,
            select_subprotocol=lambda _, offered: "agent-chat.v1" if "agent-chat.v1" in offered else None,
        )
        self.port = self.server.socket.getsockname()[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handle(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        self.requests.append({"path": request.path, **{k.lower(): v for k, v in request.headers.raw_items()}})
        try:
            self.script(connection)
        finally:
            self.gone.set()

    def echo(self, connection: ServerConnection) -> None:
        connection.send('{"type":"connection_established","last_seq":0}')
        for message in connection:
            self.received.append(message)
            connection.send(message)

    def offer(self, token: str | None = "t0ken", carrier: str = "header", **more: object) -> Offer:
        credentials = [(carrier, token)] if token is not None else []
        return Offer(f"ws://127.0.0.1:{self.port}/ws", credentials, **more)  # type: ignore[arg-type]


@pytest.fixture
def peer() -> Iterator[Peer]:
    started = Peer()
    yield started
    started.server.shutdown()


def opened(peer: Peer, alias: str = "Ana") -> Session:
    session = Session(alias, Owner(alias))
    session.open(peer.offer(), 5)
    assert session.wait(lambda t: next((f for f in t.frames if f.received), None), 5)
    return session


def test_what_was_sent_and_received_is_recorded_in_order_with_rising_times(peer):
    session = opened(peer)
    for number in range(50):
        session.send(json.dumps({"type": "ping", "sequence": number}))
    assert session.wait(lambda t: True if len(t.received("ping")) == 50 else None, 5)
    received = [e["sequence"] for e in session.transcript.received("ping")]
    sent = [e["sequence"] for e in session.transcript.sent("ping")]
    assert received == sent == list(range(50))
    times = [f.at for f in session.transcript.frames]
    assert times == sorted(times)
    assert session.transcript.opened_at <= times[0]
    session.close()


def test_a_burst_is_complete_though_nobody_reads_meanwhile(peer):
    count = 5_000

    def flood(connection: ServerConnection) -> None:
        for number in range(count):
            connection.send(json.dumps({"type": "pong", "sequence": number}))
        connection.recv()

    peer.script = flood
    session = Session("Ana", Owner("Ana"))
    session.open(peer.offer(), 5)
    assert session.wait(lambda t: True if len(t.frames) >= count else None, 20)
    assert [e["sequence"] for e in session.transcript.received("pong")] == list(range(count))
    session.send("done")


@pytest.mark.parametrize(
    ("carrier", "header", "expected"),
    [
        ("header", "authorization", "Bearer t0ken"),
        ("subprotocol", "sec-websocket-protocol", "agent-chat.v1, jwt.dDBrZW4"),
        ("bare_subprotocol", "sec-websocket-protocol", "jwt.dDBrZW4"),
        ("token_query", "path", "/ws?token=t0ken"),
        ("access_token_query", "path", "/ws?access_token=t0ken"),
    ],
)
def test_each_carrier_carries_the_token_in_its_own_way(peer, carrier, header, expected):
    session = Session("Ana", Owner("Ana"))
    session.open(peer.offer(carrier=carrier), 5)
    session.close()
    assert peer.gone.wait(5)
    assert peer.requests[-1][header] == expected


def test_compression_is_never_offered(peer):
    opened(peer).close()
    assert peer.gone.wait(5)
    assert "sec-websocket-extensions" not in peer.requests[-1]


def test_a_clean_close_is_recorded_on_both_sides(peer):
    session = opened(peer)
    session.close(1000, "bye")
    closes = [(f.direction, f.code) for f in session.transcript.frames if f.kind is Kind.CLOSE]
    assert closes == [(Direction.SENT, 1000), (Direction.RECEIVED, 1000)]
    assert not session.is_open


def test_a_close_by_the_server_is_recorded_with_code_and_reason(peer):
    peer.script = lambda connection: connection.close(1008, "token_expired")
    session = Session("Ana", Owner("Ana"))
    session.open(peer.offer(), 5)
    end = session.wait_end(5)
    assert end is not None
    assert (end.kind, end.code, end.data) == (Kind.CLOSE, 1008, "token_expired")
    with pytest.raises(Ended, match="token_expired"):
        session.send("too late")


def test_a_drop_by_the_server_is_recorded_as_a_drop(peer):
    peer.script = lambda connection: connection.socket.close()
    session = Session("Ana", Owner("Ana"))
    session.open(peer.offer(), 5)
    end = session.wait_end(5)
    assert end is not None
    assert end.kind is Kind.DROP


def test_a_drop_by_the_client_is_a_reset_without_a_close_frame(peer):
    seen: list[BaseException] = []

    def script(connection: ServerConnection) -> None:
        connection.send("{}")
        try:
            connection.recv()
        except BaseException as problem:
            seen.append(problem)
            raise

    peer.script = script
    session = opened(peer)
    session.drop()
    assert peer.gone.wait(5)
    assert "no close frame" in str(seen[0])
    end = session.transcript.end
    assert end is not None
    assert (end.kind, end.direction) == (Kind.DROP, Direction.SENT)
    assert not session.is_open


def test_reopening_adds_a_transcript_and_keeps_the_old_one(peer):
    session = opened(peer)
    session.drop()
    session.open(peer.offer(), 5)
    assert [t.connection for t in session.transcripts] == [1, 2]
    assert session.transcripts[0].end is not None
    session.close()


def test_a_message_in_fragments_is_one_message(peer):
    session = opened(peer)
    session.send_fragments(["{", '"a":1', "}"])
    assert session.wait(lambda t: True if len([f for f in t.frames if f.received]) >= 2 else None, 5)
    assert peer.received[-1] == '{"a":1}'
    session.close()


def test_fragments_from_the_server_are_one_frame_stamped_at_their_end(peer):
    peer.script = lambda connection: (connection.send(["ab", "cd", "é"]), connection.recv())
    session = Session("Ana", Owner("Ana"))
    session.open(peer.offer(), 5)
    frame = session.wait(lambda t: t.frames[0] if t.frames else None, 5)
    assert frame is not None
    assert (frame.kind, frame.data) == (Kind.TEXT, "abcdé")
    session.send("done")


def test_binary_frames_and_control_frames_are_recorded(peer):
    def script(connection: ServerConnection) -> None:
        connection.send(b"\x00\x01")
        connection.ping(b"are you there").wait(5)
        connection.recv()

    peer.script = script
    session = Session("Ana", Owner("Ana"))
    session.open(peer.offer(), 5)
    assert session.wait(lambda t: True if len(t.frames) >= 2 else None, 5)
    assert [(f.kind, f.data) for f in session.transcript.frames[:2]] == [
        (Kind.BINARY, b"\x00\x01"),
        (Kind.PING, b"are you there"),
    ]
    session.send("done")


def test_text_that_is_no_utf8_can_be_sent(peer):
    session = opened(peer)
    session.send_raw_text(b"\xff\xfe")
    end = session.wait_end(5)
    assert end is not None
    assert end.code == 1007


def test_a_refusal_carries_status_headers_and_body():
    def refuse(connection: ServerConnection, _: object) -> object:
        answer = connection.respond(401, '{"error":{"code":"invalid_token"}}')
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    with serve(lambda _: None, "127.0.0.1", 0, process_request=refuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        session = Session("Ana", Owner("Ana"))
        with pytest.raises(Refused) as refused:
            session.open(Offer(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws"), 5)
        server.shutdown()
    assert refused.value.status == 401
    assert refused.value.headers["www-authenticate"] == "Bearer"
    assert "invalid_token" in refused.value.body
    assert session.transcripts == []


def test_of_many_that_come_at_once_those_let_in_stay_and_the_others_are_told(free_port):
    turns = iter(range(6))

    def every_other(connection: ServerConnection, _: object) -> object:
        return connection.respond(429, "full") if next(turns) % 2 else None

    with serve(lambda c: c.recv(), "127.0.0.1", 0, process_request=every_other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sessions = [Session(f"P{n}", Owner(f"P{n}")) for n in range(7)]
        there = [Offer(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws")] * 6
        refused = try_many(sessions, [*there, Offer(f"ws://127.0.0.1:{free_port}/ws")], 5)
        assert sorted(refusal.status for refusal in refused) == [0, 429, 429, 429]
        assert sum(session.is_open for session in sessions) == 3
        close_many(sessions)
        server.shutdown()


def test_nobody_there_is_a_refusal_without_a_status(free_port):
    session = Session("Ana", Owner("Ana"))
    with pytest.raises(Refused) as refused:
        session.open(Offer(f"ws://127.0.0.1:{free_port}/ws"), 5)
    assert refused.value.status == 0


def test_whoever_is_reset_before_the_request_is_sent_is_refused_without_a_status(monkeypatch):
    handshake = RecordingConnection.handshake
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def reset_first(connection: RecordingConnection, *headers: object) -> None:
            """Makes the race certain: the reset has come when the request is to go out."""
            accepted, _ = listener.accept()
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            await asyncio.shield(connection.connection_lost_waiter)
            await handshake(connection, *headers)

        monkeypatch.setattr(RecordingConnection, "handshake", reset_first)
        with pytest.raises(Refused) as refused:
            Session("Ana", Owner("Ana")).open(Offer(f"ws://127.0.0.1:{listener.getsockname()[1]}/ws"), 5)
    assert refused.value.status == 0


def test_waiting_ends_at_once_when_the_connection_ends(peer):
    peer.script = lambda connection: connection.close(1001)
    session = Session("Ana", Owner("Ana"))
    session.open(peer.offer(), 5)
    before = time.monotonic()
    assert session.wait(lambda _: None, 30) is None
    assert time.monotonic() - before < 15


def test_waiting_ends_after_its_time(peer):
    session = opened(peer)
    assert session.wait(lambda _: None, 0.05) is None
    assert session.is_open
    session.close()


def test_many_sessions_open_send_and_close_together(peer):
    sessions = [Session(f"P{n}", Owner(f"P{n}")) for n in range(50)]
    open_many(sessions, [peer.offer() for _ in sessions], 10)
    send_together([(s, f'{{"type":"ping","sequence":{n}}}') for n, s in enumerate(sessions)])
    for number, session in enumerate(sessions):
        pong = session.wait(lambda t: next(iter(t.received("ping")), None), 5)
        assert pong is not None
        assert pong["sequence"] == number
    close_many(sessions)
    assert not any(s.is_open for s in sessions)


@pytest.mark.parametrize(
    ("carrier", "headers", "subprotocols"),
    [
        ("header", ["Bearer one", "Bearer two"], []),
        ("subprotocol", [], ["agent-chat.v1", "jwt.b25l", "jwt.dHdv"]),
    ],
)
def test_two_credentials_travel_in_the_same_place(carrier, headers, subprotocols):
    request = Offer("ws://somewhere/ws", [(carrier, "one"), (carrier, "two")]).request()
    assert [value for name, value in request.headers.raw_items() if name == "Authorization"] == headers
    assert request.subprotocols == subprotocols
