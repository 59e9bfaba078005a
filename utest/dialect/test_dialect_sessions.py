"""Sessions that speak a dialect, against a real WebSocket server on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http
import io
import json
import threading
import urllib.parse
from collections.abc import Iterator

import pytest
from AgentChatLibrary.dialect.building import load
from AgentChatLibrary.dialect.speaking import NotOffered
from AgentChatLibrary.engine.crowd import open_many, send_together
from AgentChatLibrary.engine.offer import Offer, Refused
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.outgoing import encoded
from AgentChatLibrary.redaction import issue, masked
from AgentChatLibrary.transcript import Owner
from AgentChatLibrary.transcript_lines import save
from dialect_shelf import VARIABLES
from websockets.sync.server import serve

TOKEN = "a-token-that-nobody-else-has"
HEAD = """\
dialect: 1
name: Peer
connect:
  path: /chat
  carriers:
    {carrier}
  nudge: {{do: anything}}
  refused:
    - {{http: 401, when: {{why: expired}}, status: 401, code: token_expired}}
    - {{http: 401, status: 401, code: invalid_token}}
    - {{close: 4001, status: 401, code: invalid_token}}
{greeting}
credential: {{got: key}}
reads:
  - when: {{event: welcome}}
    as: {{connection_established: {{user_id: user}}}}
  - when: {{event: denied}}
    refuses: {{status: 401, code: missing_credential, message: why}}
  - when: {{event: challenge}}
    ignore: Asks for the credential.
  - when: {{event: room}}
    ignore: Part of the greeting.
  - when: {{event: begun}}
    as:
      - ack: {{message_id: {{from: question}}, run_id: id}}
      - agent_started: {{run_id: id, agent_name: {{value: Peer}}}}
  - when: {{event: done}}
    as: {{agent_completed: {{run_id: id, response: text}}}}
  - when: {{event: pong}}
    as: {{pong: {{message_id: {{from: ping}}, sequence: {{from: ping}}}}}}
says:
  chat: {{do: ask, text: $content, room: $room}}
  ping: {{do: ping}}
"""
FIRST = "first_message: {do: enter, token: $token}"


class Peer:
    """A server that lets in whoever shows the token, in any way, and answers questions."""

    def __init__(self) -> None:
        self.heard: list[dict] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.ask_first = self.wait_for_room = self.silent = self.close_strangers = False
        self.refuse: tuple[int, dict] | None = None
        self.server = serve(self.handle, "127.0.0.1", 0, process_request=self.look)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}/chat"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def look(self, connection, request):
        self.requests.append((request.path, dict(request.headers.raw_items())))
        if self.refuse is None:
            return None
        return connection.respond(http.HTTPStatus(self.refuse[0]), json.dumps(self.refuse[1]))

    def handle(self, connection) -> None:  # noqa: PLR0912 -- a branch for each thing that it may hear
        def say(**fields) -> None:
            connection.send(json.dumps(fields))

        if self.silent:
            for _ in connection:
                pass
            return
        if self.ask_first:
            say(event="challenge", nonce="n-1")
        elif TOKEN in json.dumps(self.requests[-1]) or encoded_token() in json.dumps(self.requests[-1]):
            say(event="welcome", user="u-1")
        for text in connection:
            try:
                message = json.loads(text)
            except ValueError:
                continue
            if not isinstance(message, dict):
                continue
            self.heard.append(message)
            match message.get("do"):
                case "enter" if message.get("token") == TOKEN or message.get("proof") == proof("n-1"):
                    say(event="welcome", user="u-1")
                case "enter" | "anything" if self.close_strangers:
                    connection.close(4001, "no")
                    return
                case "enter" | "anything":
                    say(event="denied", why="no token")
                case "room":
                    say(event="room", room="r-7")
                case "ask":
                    say(event="begun", id="run-a")
                    say(event="done", id="run-a", text=message["text"])
                case "ping":
                    say(event="pong")


def proof(nonce: str) -> str:
    return hmac.new(TOKEN.encode(), nonce.encode(), hashlib.sha256).hexdigest()


def encoded_token() -> str:
    return base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")


@pytest.fixture
def peer() -> Iterator[Peer]:
    one = Peer()
    yield one
    one.server.shutdown()


@pytest.fixture
def offer(peer, written):
    def make(carrier: str = FIRST, greeting: str = "", credentials=(("header", TOKEN),), **values) -> Offer:
        file = written(HEAD.format(carrier=carrier, greeting=greeting))
        dialect = load(str(file), VARIABLES, ("room", *values))
        return Offer(peer.url, credentials, {}, dialect, {"room": "r-0", **values})

    return make


@pytest.fixture
def ana() -> Iterator[Session]:
    session = Session("Ana", Owner("Ana", "u-1"))
    yield session
    session.close()


def types(session: Session) -> list[str]:
    return [event.type for event in session.transcript.received()]


def test_a_question_is_said_and_answered_in_the_backends_words(peer, offer, ana):
    ana.open(offer(), 5)
    ana.send(encoded("chat", "m-1", {"content": "What?"}))
    end = ana.wait(lambda t: next(iter(t.received("agent_completed")), None), 5)
    assert end["response"] == "What?"
    assert types(ana) == ["connection_established", "ack", "agent_started", "agent_completed"]
    assert peer.heard[-1] == {"do": "ask", "text": "What?", "room": "r-0"}
    run = ana.transcript.runs()["run-a"]
    assert (run.ack.message_id, run.question["content"]) == ("m-1", "What?")


@pytest.mark.parametrize(
    "carrier",
    [
        FIRST,
        "header: {name: X-Key, value: Key $token}",
        "query: {name: key}",
        "subprotocol: {offer: [chat, jwt.$token_base64url]}",
    ],
)
def test_the_usual_way_carries_the_credential(peer, offer, ana, carrier):
    ana.open(offer(carrier), 5)
    assert types(ana) == ["connection_established"]
    path, headers = peer.requests[-1]
    assert ("key=" in urllib.parse.urlsplit(path).query) == carrier.startswith("query")
    assert (headers.get("X-Key") == f"Key {TOKEN}") == carrier.startswith("header")


def test_a_challenge_is_answered_with_a_proof(peer, offer, ana):
    peer.ask_first = True
    way = "challenge: {when: {event: challenge}, nonce: nonce, say: {do: enter, proof: $proof}}"
    ana.open(offer(way), 5)
    assert types(ana) == ["connection_established"]
    assert TOKEN not in json.dumps(peer.heard)


def test_a_greeting_keeps_what_later_messages_need(peer, offer, ana):
    steps = "  greeting:\n    - say: {do: room}\n    - expect: {event: room}\n      remember: {room: room}"
    ana.open(offer(greeting=steps), 5)
    ana.send(encoded("chat", "m-1", {"content": "What?"}))
    ana.wait(lambda t: next(iter(t.received("agent_completed")), None), 5)
    assert peer.heard[-1]["room"] == "r-7"


def test_a_frame_refuses_as_the_contract_would_have(offer, ana):
    with pytest.raises(Refused) as refusal:
        ana.open(offer(credentials=[("header", "another")]), 5)
    assert refusal.value.status == 401
    assert json.loads(refusal.value.body) == {"error": {"code": "missing_credential", "message": "no token"}}
    assert not ana.is_open


def test_whoever_presents_nothing_is_nudged_until_it_is_refused(peer, offer, ana):
    with pytest.raises(Refused):
        ana.open(offer(credentials=()), 5)
    assert peer.heard == [{"do": "anything"}]


def test_a_close_refuses_too(peer, offer, ana):
    peer.close_strangers = True
    with pytest.raises(Refused) as refusal:
        ana.open(offer(credentials=()), 5)
    assert (refusal.value.status, json.loads(refusal.value.body)["error"]["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(("body", "code"), [({"why": "expired"}, "token_expired"), ({}, "invalid_token")])
def test_an_http_refusal_is_read_by_its_body(peer, offer, ana, body, code):
    peer.refuse = 401, body
    with pytest.raises(Refused) as refusal:
        ana.open(offer(), 5)
    assert json.loads(refusal.value.body)["error"]["code"] == code


def test_a_server_that_never_answers_is_no_welcome(peer, offer, ana):
    peer.silent = True
    with pytest.raises(Refused, match=r"no welcome came within 0\.2 s"):
        ana.open(offer(), 0.2)


def test_what_a_dialect_cannot_say_is_not_offered(offer, ana):
    ana.open(offer(), 5)
    with pytest.raises(NotOffered, match="no way to say 'cancel'"):
        ana.send(encoded("cancel", "m-1", {"run_id": "run-a"}))
    with pytest.raises(NotOffered, match="takes no credential as a subprotocol"):
        ana.open(offer(credentials=[("subprotocol", TOKEN)]), 5)


@pytest.mark.parametrize("text", ["nope", '{"type":"chat","type":"ping"}', '{"type":"dance"}', "[1]"])
def test_what_is_broken_on_purpose_goes_out_as_it_is(offer, ana, text):
    ana.open(offer(), 5)
    ana.send(text)
    assert ana.transcript.wire.frames[-1].data == text


def test_many_sessions_are_greeted_together(offer):
    crowd = [Session(f"Person {n}", Owner(f"Person {n}", f"u-{n}")) for n in range(8)]
    open_many(crowd, [offer() for _ in crowd], 5)
    send_together([(one, encoded("ping", f"m-{n}", {"sequence": n})) for n, one in enumerate(crowd)])
    for number, one in enumerate(crowd):
        pong = one.wait(lambda t: next(iter(t.received("pong")), None), 5)
        assert (pong.message_id, pong["sequence"]) == (f"m-{number}", number)
        one.close()


def test_what_is_kept_is_as_it_was_said_and_holds_no_credential(offer, ana):
    issue(TOKEN)
    ana.open(offer(), 5)
    assert TOKEN in ana.transcript.wire.frames[0].data
    kept = io.StringIO()
    save(masked(ana.transcripts), kept)
    lines = [json.loads(line) for line in kept.getvalue().splitlines()]
    assert json.loads(lines[1]["data"])["do"] == "enter"
    assert TOKEN not in kept.getvalue()
    assert TOKEN in ana.transcript.wire.frames[0].data  # rules still see what really went out
