"""The relay passes on what nobody tampers with, byte for byte, and breaks exactly what a fault says."""

import asyncio
import contextlib
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from backend.components import Components
from backend.faults import all_faults
from backend.faults._relay import listen_behind
from backend.faults._wire import Tampering, WireFrame, read_frames

PATIENCE = 5.0
TOKEN = "jwt.ZXlKaGJHY2lPaUpJ"


class ReadsAll(Tampering):
    reads_client = True
    reads_service = True


def echo(connection: ServerConnection) -> None:
    """Sends back what it gets; a few words have a meaning of their own."""
    with contextlib.suppress(ConnectionClosed):
        for message in connection:
            if message == "close":
                connection.close(1008, "logged_out")
            else:
                connection.send(message)


def refuse(connection, request):
    """Refuses one address with a Retry-After, and notes nothing else."""
    if request.path == "/busy":
        response = connection.respond(503, "busy\n")
        response.headers["Retry-After"] = "1"
        return response
    if request.headers.get("Origin"):
        return connection.respond(403, "foreign\n")
    return None


@contextlib.contextmanager
def service(listen, **options):
    """An echo service behind what ``listen`` puts in front of it."""
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with serve(echo, sock=listener, process_request=refuse, compression=None, **options) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"ws://127.0.0.1:{port}"
            finally:
                server.shutdown()
                thread.join()


@contextlib.contextmanager
def with_fault(name, **options):
    with service(all_faults()[name].apply(Components()).listen, **options) as url:
        yield url


def call(url, **options) -> ClientConnection:
    return connect(url, proxy=None, compression=None, open_timeout=PATIENCE, **options)


@contextlib.contextmanager
def raw_service(listen, answer):
    """A TCP service behind a relay; ``answer`` gets its socket."""
    with listen("127.0.0.1", 0) as listener:

        def accept():
            there, _ = listener.accept()
            with there:
                there.settimeout(PATIENCE)
                answer(there)

        thread = threading.Thread(target=accept)
        thread.start()
        with socket.create_connection(listener.getsockname()[:2], PATIENCE) as here:
            yield here
            thread.join(PATIENCE)
        assert not thread.is_alive()


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("tampering", [Tampering, ReadsAll])
def test_messages_of_every_size_go_through_untouched(tampering):
    with service(listen_behind(tampering), max_size=None) as url, call(url, max_size=None) as connection:
        for size in (0, 1, 125, 126, 65_535, 65_536, 300_000):
            connection.send("ż" * (size // 2))
            assert connection.recv(PATIENCE) == "ż" * (size // 2)
        connection.send(["in ", "three ", "parts"])
        assert connection.recv(PATIENCE) == "in three parts"
        connection.send(b"\x00\xff")
        assert connection.recv(PATIENCE) == b"\x00\xff"
        connection.ping().wait(PATIENCE)


@pytest.mark.parametrize("tampering", [Tampering, ReadsAll])
def test_a_close_goes_through_with_its_code_and_reason(tampering):
    with service(listen_behind(tampering)) as url, call(url) as connection:
        connection.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(PATIENCE)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "logged_out")


def test_plain_http_goes_through_byte_for_byte_in_both_directions():
    seen = []
    request = b"POST /auth/login HTTP/1.1\r\nhost: x\r\n\r\n" + bytes(range(256)) * 300
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + bytes(range(255, -1, -1)) * 300

    def serve_once(there):
        seen.append(read_all(there))
        there.sendall(answer)

    with raw_service(listen_behind(ReadsAll), serve_once) as here:
        here.sendall(request)
        here.shutdown(socket.SHUT_WR)  # half closed: the answer still comes
        assert read_all(here) == answer
    assert seen == [request]


def test_half_a_frame_and_then_a_reset_arrive_as_such():
    seen = []
    upgrade = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"
    half = Frame(Opcode.TEXT, b"x" * 1000).serialize(mask=True)[:500]
    upgraded = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"

    def serve_once(there):
        there.sendall(upgraded)
        try:
            seen.append(read_all(there))
        except ConnectionResetError:
            seen.append("reset")

    with raw_service(listen_behind(ReadsAll), serve_once) as here:
        here.sendall(upgrade)
        assert here.recv(1 << 16) == upgraded
        here.sendall(half)
        here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        here.close()
    assert seen == ["reset"]


def test_the_service_calls_the_relays_address_its_own_and_frees_it_at_its_end():
    with listen_behind(Tampering)("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        assert socket.socket.getsockname(listener) != address
    with pytest.raises(ConnectionRefusedError), socket.create_connection(address, PATIENCE):
        pass


@given(
    frames=st.lists(
        st.tuples(
            st.sampled_from([0, 1, 2, 8, 9, 10, 11]),
            st.booleans(),
            st.booleans(),
            st.binary(max_size=125) | st.binary(min_size=126, max_size=400),
        ),
        max_size=6,
    ),
    cut=st.integers(0, 3000),
    step=st.integers(1, 700),
)
def test_frames_are_read_however_they_arrive_and_the_rest_is_kept(frames, cut, step):
    wire = b"".join(_bytes_of(*frame) for frame in frames)[: cut or None]

    async def read():
        reader = asyncio.StreamReader()
        for start in range(0, len(wire), step):
            reader.feed_data(wire[start : start + step])
        reader.feed_eof()
        seen: list[WireFrame] = []

        def note(frame: WireFrame) -> bytes:
            seen.append(frame)
            return frame.raw

        return b"".join([piece async for piece in read_frames(reader, note) if piece]), seen

    passed_on, seen = asyncio.run(read())
    assert passed_on == wire
    told = [(frame.opcode, frame.final, frame.masked, frame.payload) for frame in seen]
    assert told == frames[: len(told)]


def _bytes_of(opcode, final, masked, payload):
    size = len(payload)
    sizes = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    mask = b"\x01\x02\x03\x04" if masked else b""
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if masked else payload
    return bytes([opcode | final << 7, sizes[0] | masked << 7]) + sizes[1:] + mask + body


def test_heartbeats_come_masked_and_nothing_else():
    with with_fault("server-frames-masked", ping_interval=0.3) as url, call(url) as connection:
        connection.send("x" * 5000)
        assert connection.recv(PATIENCE) == "x" * 5000
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(PATIENCE)
        assert closed.value.sent.code == 1002


def test_broken_text_is_mended_on_the_way():
    with with_fault("invalid-utf-8-accepted") as url, call(url) as connection:
        connection.send(b"\xff\xfe", text=True)
        assert connection.recv(PATIENCE) == "\ufffd\ufffd"
        connection.send("good ż")
        assert connection.recv(PATIENCE) == "good ż"
        connection.send(b"\xff\xfe")
        assert connection.recv(PATIENCE) == b"\xff\xfe"


@pytest.mark.parametrize(
    ("name", "message"),
    [("invalid-utf-8-without-1007", b"\xff\xfe"), ("giant-message-without-1009", b"x" * 2000)],
)
def test_the_connection_breaks_instead_of_closing(name, message):
    with with_fault(name, max_size=1000) as url, call(url) as connection:
        connection.send(message, text=True)
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(PATIENCE)
        assert closed.value.rcvd is None


def test_a_close_loses_its_reason_and_keeps_its_code():
    with with_fault("close-reason-lost") as url, call(url) as connection:
        connection.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(PATIENCE)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "")


def test_each_fragment_becomes_a_message():
    with with_fault("fragments-taken-apart") as url, call(url) as connection:
        connection.send(["one", "two"])
        assert [connection.recv(PATIENCE), connection.recv(PATIENCE)] == ["one", "two"]
        connection.send("whole")
        assert connection.recv(PATIENCE) == ""  # what ended the fragments
        assert connection.recv(PATIENCE) == "whole"


def test_a_heartbeat_is_not_heard():
    with (
        with_fault("heartbeat-swallowed", ping_interval=0.1, ping_timeout=0.2) as url,
        call(url) as connection,
    ):
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(PATIENCE)
        assert closed.value.rcvd.code == 1011


@pytest.mark.parametrize(
    ("name", "selected"),
    [("subprotocol-not-echoed", None), ("token-selected-as-subprotocol", TOKEN)],
)
def test_the_selected_subprotocol_is_another(name, selected):
    offered = ["agent-chat.v1", TOKEN]
    with (
        with_fault(name, subprotocols=["agent-chat.v1"]) as url,
        call(url, subprotocols=offered) as connection,
    ):
        assert connection.subprotocol == selected
        connection.send("x")
        assert connection.recv(PATIENCE) == "x"


def test_a_header_is_lost_on_its_way():
    with with_fault("origin-header-lost") as url, call(url, origin="https://not-ours.example") as connection:
        connection.send("x")
        assert connection.recv(PATIENCE) == "x"


@pytest.mark.parametrize(("name", "kept"), [("origin-header-lost", "1"), ("retry-after-header-lost", None)])
def test_a_header_of_a_refusal_is_lost_on_its_way(name, kept):
    with with_fault(name) as url, pytest.raises(Exception, match="503") as refused:
        call(f"{url}/busy")
    response = refused.value.response
    assert response.headers.get("Retry-After") == kept
    assert response.body == b"busy\n"
