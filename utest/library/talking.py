"""A chat server that says what a test tells it to, in the contract's frames, and the kit of its customers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from AgentChatLibrary.chat import Chat
from AgentChatLibrary.contract import DEFAULT_FOLDER
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.environment import DEFAULT_TIMEOUTS, Environment
from AgentChatLibrary.identity import Organisation, Person
from AgentChatLibrary.kit import Kit
from AgentChatLibrary.service import Service
from websockets.sync.server import ServerConnection, serve

PEOPLE = {"Ana": "u_" + "a" * 32, "Boris": "u_" + "b" * 32}
TIMEOUTS = {**DEFAULT_TIMEOUTS, "reply": 1.0, "answer": 5.0}

Script = Callable[["Line", Mapping[str, Any]], None]
"""What is said on a line to a message."""


def frame(kind: str, **fields: Any) -> str:
    """The contract's own example of a server frame, of now, with other fields."""
    schema = json.loads((DEFAULT_FOLDER / "schemas" / "server" / f"{kind}.json").read_text("utf-8"))
    return json.dumps({**schema["examples"][0], "timestamp": time.time(), **fields})


class Line:
    """One connection, seen from the server."""

    def __init__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.connection = connection
        self.who = connection.request.headers["Authorization"].removeprefix("Bearer token of ")
        self.seq = 0

    def say(self, kind: str, **fields: Any) -> None:
        self.connection.send(frame(kind, **fields))

    def end(self, run: str, whose: str = "", **fields: Any) -> None:
        """Says that a run has been answered: the person's own, or somebody else's."""
        self.seq += 1
        free = {"result": {"findings": []}, "response": "Nothing."}
        self.say(
            "agent_completed", seq=self.seq, run_id=run, user_id=PEOPLE[whose or self.who], **free, **fields
        )


def run_of(frame: Mapping[str, Any]) -> str:
    """The run that a question becomes, made of its id."""
    return "r_" + str(frame["message_id"]).encode().hex()[:32].ljust(32, "0")


def answer(line: Line, asked: Mapping[str, Any]) -> None:
    """Accepts a question and answers it."""
    line.say("ack", message_id=asked["message_id"], run_id=run_of(asked))
    line.end(run_of(asked))


class Talker:
    """The server. Each line is welcomed; what comes before and after that is up to the test, and what follows
    to the scripts, by the type of the message."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {"chat": answer}
        self.before: Callable[[Line], None] = lambda _: None
        self.welcomed: Callable[[Line], None] = lambda _: None
        self.server = serve(self._serve, "127.0.0.1", 0)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _serve(self, connection: ServerConnection) -> None:
        line = Line(connection)
        self.before(line)
        line.say("connection_established", user_id=PEOPLE[line.who])
        self.welcomed(line)
        for message in connection:
            said = json.loads(message)
            if said["type"] in self.scripts:
                self.scripts[said["type"]](line, said)
            elif said["type"] == "ping":
                line.say("pong", message_id=said["message_id"], **_echoed(said))

    def stop(self) -> None:
        self.server.shutdown()


def _echoed(ping: Mapping[str, Any]) -> dict[str, Any]:
    return {name: ping[name] for name in ("sequence", "data") if name in ping}


def kit_of(talker: Talker, *capabilities: str) -> Kit:
    """The kit of a test in which everybody is a customer of this server."""
    kit = Kit()
    kit._environment = Environment(
        "here",
        Path(),
        None,
        capabilities=frozenset({"ping", "one_queue", *capabilities}),
        timeouts=dict(TIMEOUTS),
        budgets={"connect": 5.0, "connect p50": 5.0},
    )
    service = Service(Deployment(f"http://127.0.0.1:{talker.server.socket.getsockname()[1]}"))
    for name, user_id in PEOPLE.items():
        home = Organisation(f"{name}'s company", "o_" + "0" * 32)
        person = Person(name, f"{name}@example", "secret", user_id, home, "free", (), service)
        person.access_token = f"token of {name}"
        kit.world.scope.people[name] = person
    return kit


def chat_of(kit: Kit, name: str = "Ana") -> Chat:
    """A person's open session, which the test has."""
    person = kit.world.person(name)
    chat = Chat(Session(name, person.owner), person, kit.environment)
    kit.world.add_chat(chat)
    connect(kit, chat)
    return chat


def connect(kit: Kit, chat: Chat) -> None:
    """Connects a session, or connects it again."""
    offer = kit.offer(chat.person.service.deployment, [("header", kit.token(chat.person))])
    chat.session.open(offer, 5)
    assert chat.session.wait(lambda t: t.established, 5)
