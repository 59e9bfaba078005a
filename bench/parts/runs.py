"""People who ask again as soon as they have their answer: how many questions a second are answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from websockets.asyncio.client import connect

from . import _told

QUESTION: Final = "Where can we cut our cloud bill?"


def main(told: Mapping[str, Any]) -> dict[str, Any]:
    """Asks for some seconds.

    Args:
        told: ``url``, a token for each person as ``tokens``, and ``seconds``.
    """
    return {"per_second": _told.run(_ask(told["url"], told["tokens"], told["seconds"]))}


async def _ask(url: str, tokens: list[str], seconds: float) -> float:
    begun = time.perf_counter()
    answers = await asyncio.gather(*(_one(url, token, begun + seconds) for token in tokens))
    return sum(answers) / (time.perf_counter() - begun)


async def _one(url: str, token: str, until: float) -> int:
    answers = 0
    credential = {"Authorization": f"Bearer {token}"}
    async with connect(url, additional_headers=credential, compression=None, proxy=None) as connection:
        while time.perf_counter() < until:
            await connection.send(json.dumps({"type": "chat", "content": QUESTION}))
            async for text in connection:
                kind = json.loads(text)["type"]
                if kind in {"error", "agent_failed"}:
                    raise RuntimeError(f"A question was not answered: {text!r}")
                if kind == "agent_completed":
                    break
            answers += 1
    return answers
