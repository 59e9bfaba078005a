"""Looking after all connections: those that wait to be let in are not taken for lost."""

import asyncio
import threading
from dataclasses import replace

from serving import Running, eventually

from backend.components import Components
from backend.ws.handshake import Handshake
from backend.ws.watch import Watch


def test_whoever_waits_for_their_turn_is_not_counted_before_it(tmp_path):
    made, entering = [], threading.Event()

    class Seen(Watch):
        def __init__(self, *parts):
            super().__init__(*parts)
            made.append(self)

    class Told(Handshake):
        async def counted(self, connection_id, identity):
            entering.set()
            await super().counted(connection_id, identity)

    components = replace(Components(), watch=Seen, handshake=Told)
    service = Running(tmp_path, components, lease_seconds=5.0)
    ana, ben = service.person(limits={"connections": 1}), service.person()
    busy, free = threading.Event(), threading.Event()

    def hold(_deadline):
        busy.set()
        free.wait()

    async def scenario():
        lane = service.service.ground.database._writers
        async with ben.connect():  # so that there is something to look after
            held = asyncio.run_coroutine_threadsafe(lane.run(hold), service.loop)
            assert await asyncio.to_thread(busy.wait, 10)
            entering.clear()
            # She waits behind the one that is busy; the watch, which looks meanwhile, comes before her.
            coming = asyncio.create_task(ana.connect().__aenter__())
            assert await asyncio.to_thread(entering.wait, 10)
            looking = asyncio.run_coroutine_threadsafe(made[0].renew_presence(), service.loop)
            await eventually(lambda: len(lane._waiting) >= 2)
            free.set()
            session = await coming
            await asyncio.to_thread(looking.result, 10)
            await asyncio.to_thread(held.result, 10)
            await session.__aexit__(None, None, None)

    try:
        asyncio.run(scenario())
    finally:
        free.set()
        service.stop()
