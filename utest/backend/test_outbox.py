"""The FIFO of a connection: order, room, and wakes that are of no use while nothing can be read."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from backend.ws.outbox import ROOM_ITEMS, End, Outbox, Replay, Reply, Wake

texts = st.text(max_size=20)
items = st.lists(
    st.one_of(
        st.builds(Wake, st.integers(1, 99), st.integers(0, 999)),
        st.builds(Reply, st.just("pong"), texts),
        st.builds(Replay, st.integers(0, 9), st.none()),
        st.builds(End, st.just(1001), st.just("going_away")),
    ),
    max_size=20,
)


@given(items)
def test_without_its_wakes_everything_else_keeps_its_place_and_its_bytes(given_items):
    async def scenario():
        outbox = Outbox()
        for item in given_items:
            outbox.put(item)
        outbox.forget_wakes()
        others = [item for item in given_items if not isinstance(item, Wake)]
        assert outbox.bytes == sum(item.size for item in others)
        assert [await outbox.take() for _ in others] == others

    asyncio.run(scenario())


def test_forgotten_wakes_make_room():
    async def scenario():
        outbox = Outbox()
        for bound in range(ROOM_ITEMS + 1):
            outbox.put(Wake(bound, 1))
        waiting = asyncio.create_task(outbox.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        outbox.forget_wakes()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(scenario())
