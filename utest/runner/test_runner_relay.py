"""The address in front of several backends: what goes through it, and to whom."""

import asyncio
import contextlib
import socket
import struct

import pytest

from runner.relay import Relay


class Backend:
    """Something that listens: it tells its health as a backend does, and hands over what else comes."""

    def __init__(self, name, healthy=True):
        self.name, self.healthy = name, healthy
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.came = asyncio.Queue()
        self.asked = asyncio.Event()

    async def start(self):
        self.server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.address = self.server.sockets[0].getsockname()[:2]
        return self

    async def _accepted(self, reader, writer):
        head = await reader.read(4)
        if head == b"GET ":
            await reader.readuntil(b"\r\n\r\n")
            status = "200 OK" if self.healthy else "503 Service Unavailable"
            self.asked.set()
            await self.may_answer.wait()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            writer.close()
        else:
            await self.came.put((head, reader, writer))


@contextlib.asynccontextmanager
async def relayed(*backends):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    async with Relay(listener, [backend.address for backend in backends]):
        for backend in backends:
            if hasattr(backend, "asked"):
                await backend.asked.wait()
        await asyncio.sleep(0.05)
        yield listener.getsockname()
    listener.close()


def run(scenario):
    async def limited():
        async with asyncio.timeout(20):
            await scenario()

    asyncio.run(limited())


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def test_bytes_go_through_unchanged_both_ways_and_each_end_by_itself():
    async def scenario():
        one = await Backend("one").start()
        async with relayed(one) as address:
            reader, writer = await asyncio.open_connection(*address)
            payload = bytes(range(256)) * 20_000
            writer.write(payload)
            writer.write_eof()
            head, its_reader, its_writer = await one.came.get()
            assert head + await its_reader.read() == payload
            its_writer.write(payload[::-1])
            await its_writer.drain()
            its_writer.close()
            assert await reader.read() == payload[::-1]

    run(scenario)


@pytest.mark.parametrize("who", ["client", "backend"])
def test_a_reset_goes_on_as_a_reset(who):
    async def scenario():
        one = await Backend("one").start()
        async with relayed(one) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"ping")
            _, its_reader, its_writer = await one.came.get()
            reset(writer if who == "client" else its_writer)
            with pytest.raises(ConnectionResetError):
                assert await (its_reader if who == "client" else reader).read() is None

    run(scenario)


def test_a_close_goes_on_as_a_close():
    async def scenario():
        one = await Backend("one").start()
        async with relayed(one) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"ping")
            _, _, its_writer = await one.came.get()
            its_writer.write(b"bye")
            its_writer.close()
            assert await reader.read() == b"bye"

    run(scenario)


async def served_by(address, backends, times=6):
    for _ in range(times):
        _, writer = await asyncio.open_connection(*address)
        writer.write(b"ping")
        await asyncio.sleep(0.02)
        writer.close()
    await asyncio.sleep(0.1)
    return {backend.name: backend.came.qsize() for backend in backends}


def test_each_in_its_turn_and_none_that_is_not_well():
    async def scenario():
        one, two = await Backend("one").start(), await Backend("two").start()
        async with relayed(one, two) as address:
            assert await served_by(address, (one, two)) == {"one": 3, "two": 3}
        sick = await Backend("sick", healthy=False).start()
        async with relayed(one, sick) as address:
            assert (await served_by(address, (sick,)))["sick"] == 0

    run(scenario)


def test_where_none_is_well_somebody_says_so_himself():
    async def scenario():
        sick = await Backend("sick", healthy=False).start()
        gone = await Backend("gone").start()
        gone.server.close()
        del gone.asked
        async with relayed(sick, gone) as address:
            assert (await served_by(address, (sick,)))["sick"] == 6

    run(scenario)


def test_where_nobody_listens_the_connection_is_reset():
    async def scenario():
        gone = await Backend("gone").start()
        gone.server.close()
        del gone.asked
        async with relayed(gone) as address:
            reader, _ = await asyncio.open_connection(*address)
            with pytest.raises(ConnectionResetError):
                await reader.read()

    run(scenario)


def test_whoever_does_not_read_is_not_read_for():
    """Otherwise the relay would hide a slow reader from the backend, and keep what it leaves unread."""

    async def scenario():
        one = await Backend("one").start()
        async with relayed(one) as address:
            reader, writer = await asyncio.open_connection(*address, limit=1024)
            writer.write(b"ping")
            _, _, its_writer = await one.came.get()
            sent = 0
            with pytest.raises(TimeoutError):
                while sent < 64 << 20:
                    its_writer.write(b"x" * 65536)
                    sent += 65536
                    async with asyncio.timeout(1):
                        await its_writer.drain()
            received = len(await reader.readexactly(sent - 65536))  # and now everything comes after all
            assert received == sent - 65536

    run(scenario)


def test_who_has_just_hung_up_comes_after_the_others():
    one, two = ("127.0.0.1", 1), ("127.0.0.1", 2)
    with socket.socket() as listener:
        relay = Relay(listener, [one, two])
        relay.doubt(one)
        assert [relay.choices()[0] for _ in range(4)] == [two] * 4
        relay.doubt(two)
        assert {relay.choices()[0] for _ in range(4)} == {one, two}


def test_an_answer_says_nothing_about_a_hang_up_after_its_question():
    async def scenario():
        one, two = await Backend("one").start(), await Backend("two").start()
        with socket.socket() as listener:
            relay = Relay(listener, [one.address, two.address])
            one.may_answer.clear()
            looking = asyncio.create_task(relay.look_at(one.address))
            await one.asked.wait()
            relay.doubt(one.address)
            assert relay.choices()[0] == two.address
            one.may_answer.set()
            await looking
            assert [relay.choices()[0] for _ in range(4)] == [two.address] * 4
            await relay.look_at(one.address)
            assert {relay.choices()[0] for _ in range(4)} == {one.address, two.address}

    run(scenario)


def test_an_answer_that_is_late_does_not_count_against_a_later_one():
    async def scenario():
        one = await Backend("one", healthy=False).start()
        with socket.socket() as listener:
            relay = Relay(listener, [one.address, ("127.0.0.1", 1)])
            one.may_answer.clear()
            late = asyncio.create_task(relay.look_at(one.address))
            await one.asked.wait()
            asked_before, one.may_answer, one.healthy = one.may_answer, asyncio.Event(), True
            one.may_answer.set()
            await relay.look_at(one.address)
            asked_before.set()
            await late
            await relay.look_at(("127.0.0.1", 1))
            assert [relay.choices()[0] for _ in range(4)] == [one.address] * 4

    run(scenario)


def test_where_the_best_is_in_doubt_it_is_asked_before_anybody_is_sent_there():
    async def scenario():
        one, two = await Backend("one").start(), await Backend("two").start()
        async with relayed(one, two) as address:
            two.came = one.came
            for _ in range(2):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(b"ping")
                _, _, its_writer = await one.came.get()
                two.healthy = False
                its_writer.close()
                assert await reader.read() == b""
                writer.close()
            two.came = asyncio.Queue()
            assert await served_by(address, (one, two), times=4) == {"one": 4, "two": 0}

    run(scenario)
