"""Waits against a real WebSocket and HTTP peer: each ends as soon as nothing can come, and not before."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from AgentChatLibrary.chat import Chat, Unexpected
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.engine.offer import Offer
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.environment import DEFAULT_TIMEOUTS, Environment
from AgentChatLibrary.identity import Organisation, Person
from AgentChatLibrary.prospects import ASK_SECONDS
from AgentChatLibrary.service import NoAnswer, Service
from AgentChatLibrary.waits import EventMissing
from websockets.sync.server import ServerConnection, serve

RUN, THREAD = "r_" + "1" * 32, "t_" + "1" * 32
SOON = 1.0
"""Seconds that a decision may take on top of what it needs, on a busy machine: less than any timeout here."""
TIMEOUTS = {**DEFAULT_TIMEOUTS, "reply": 0.1, "life": 1.8, "silence": 1.8, "delivery": 1.5, "answer": 8.0}
NOTHING_OPEN = {"runs_open": 0, "last_seq": 0, "held": []}

Script = Callable[["Backend", ServerConnection, Mapping[str, Any]], None]


class Backend:
    """A chat server and its administration, both real, which say what a test tells them to say."""

    def __init__(self) -> None:
        self.view: Mapping[str, Any] | None = NOTHING_OPEN
        self.asked = 0
        self.when_asked: Callable[[], object] = lambda: None
        self.stopped = threading.Event()
        self.scripts: dict[str, Script] = {}
        self.chat = serve(self._serve, "127.0.0.1", 0)
        backend = self

        class Administration(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                backend.asked += 1
                backend.when_asked()
                if backend.view is None:
                    backend.stopped.wait()
                    return
                body = json.dumps(backend.view).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Administration)
        self.web.daemon_threads = True
        threading.Thread(target=self.chat.serve_forever, daemon=True).start()
        threading.Thread(target=self.web.serve_forever, args=[0.02], daemon=True).start()

    def _serve(self, connection: ServerConnection) -> None:
        connection.send(json.dumps({"type": "connection_established", "last_seq": 0}))
        for message in connection:
            frame = json.loads(message)
            script = self.scripts.get(frame["type"])
            if script is not None:
                script(self, connection, frame)
            elif frame["type"] == "ping":
                connection.send(json.dumps({**frame, "type": "pong"}))

    def stop(self) -> None:
        self.stopped.set()
        self.chat.shutdown()
        self.web.shutdown()
        self.web.server_close()


def event(kind: str, seq: int) -> str:
    return json.dumps({"type": kind, "seq": seq, "run_id": RUN, "thread_id": THREAD, "user_id": "u_1"})


def acknowledge(_: Backend, connection: ServerConnection, frame: Mapping[str, Any]) -> None:
    ack = {"type": "ack", "message_id": frame["message_id"], "run_id": RUN, "thread_id": THREAD}
    connection.send(json.dumps(ack))


@pytest.fixture
def backend() -> Iterator[Backend]:
    started = Backend()
    yield started
    started.stop()


@pytest.fixture
def ana(backend: Backend) -> Iterator[Chat]:
    service = Service(Deployment(f"http://127.0.0.1:{backend.web.server_address[1]}", "an-admin-token"))
    person = Person("Ana", "a@example", "secret", "u_1", Organisation("Northwind", "o_1"), "pro", (), service)
    session = Session("Ana", person.owner)
    port = backend.chat.socket.getsockname()[1]
    session.open(Offer(f"ws://127.0.0.1:{port}/ws"), 5)
    environment = Environment(
        "here", Path(), None, capabilities=frozenset({"admin", "ping", "one_queue"}), timeouts=TIMEOUTS
    )
    yield Chat(session, person, environment)
    session.close()


def missed(act: Callable[[], object]) -> tuple[str, float]:
    """The story of a wait that ends in vain, and how long it took."""
    begun = time.monotonic()
    with pytest.raises(EventMissing) as caught:
        act()
    return str(caught.value), time.monotonic() - begun


# -- replies ----------------------------------------------------------------------------------------------


def test_a_reply_that_never_comes_is_decided_by_the_pong_behind_it(backend, ana):
    backend.scripts["chat"] = lambda *_: None
    story, took = missed(lambda: ana.ask("What did we spend?"))
    assert took < TIMEOUTS["reply"] + SOON
    assert "Ana did not receive ack or error for its chat 'What did we spend?'" in story
    assert "The connection is alive: a ping was answered in" in story
    assert "sent chat" in story
    assert "sent ping" not in story


def test_a_reply_that_is_slow_is_waited_for_behind_the_ping(backend, ana):
    def slowly(*about: Any) -> None:
        time.sleep(TIMEOUTS["reply"] * 5)
        acknowledge(*about)

    backend.scripts["chat"] = slowly
    assert ana.ask("What did we spend?").run_id == RUN
    assert len(ana.waits.pings) == 1


def test_a_reply_that_comes_at_once_sends_no_ping(backend, ana):
    backend.scripts["chat"] = acknowledge
    ana.ask("What did we spend?")
    assert not ana.waits.pings


def test_the_reply_to_a_message_that_is_sent_again_is_the_one_to_the_latest(backend, ana):
    def full(_: Backend, connection: ServerConnection, frame: Mapping[str, Any]) -> None:
        error = {
            "type": "error",
            "message_id": frame["message_id"],
            "code": "too_many_runs",
            "message": "Full.",
        }
        connection.send(json.dumps(error))
        backend.scripts["chat"] = acknowledge

    backend.scripts["chat"] = full
    with pytest.raises(Unexpected, match="refused with too_many_runs: Full"):
        ana.ask("What did we spend?", message_id="once")
    assert ana.ask("What did we spend?", message_id="once").run_id == RUN


def test_an_error_about_a_message_that_was_not_read_is_its_refusal(backend, ana):
    backend.scripts["chat"] = lambda _, connection, __: connection.send(
        json.dumps({"type": "error", "code": "message_too_large", "message": "Too large."})
    )
    with pytest.raises(Unexpected, match="refused with message_too_large: Too large"):
        ana.ask("x" * 100)


def test_a_connection_that_ends_instead_of_replying_is_told(backend, ana):
    backend.scripts["chat"] = lambda _, connection, __: connection.close(1011, "broken")
    story, took = missed(lambda: ana.ask("What did we spend?"))
    assert took < TIMEOUTS["reply"] + SOON
    assert "The connection has ended: close 1011 broken." in story


def test_a_backend_that_answers_nothing_is_given_up_after_the_silence(backend, ana):
    backend.scripts["chat"] = backend.scripts["ping"] = lambda *_: None
    story, took = missed(lambda: ana.ask("What did we spend?"))
    assert TIMEOUTS["silence"] <= took < TIMEOUTS["silence"] + SOON
    assert "no sign of life: a ping has had no answer for 1.8 s" in story


# -- events of runs -----------------------------------------------------------------------------------------


def asked(backend: Backend, ana: Chat, *events: str) -> None:
    def run(backend: Backend, connection: ServerConnection, frame: Mapping[str, Any]) -> None:
        acknowledge(backend, connection, frame)
        for text in events:
            connection.send(text)

    backend.scripts["chat"] = run
    ana.ask("What did we spend?")


def test_nothing_is_waited_for_when_no_run_is_open_and_all_that_is_stored_has_come(backend, ana):
    backend.view = {"runs_open": 0, "last_seq": 1, "held": []}
    asked(backend, ana, event("agent_started", 1))
    story, took = missed(ana.wait_for_end)
    assert took < TIMEOUTS["delivery"]
    assert "Ana did not receive agent_completed of the run r_11111111, nor any other end of it" in story
    assert "Ana has no open run, and all that is stored has come" in story


def test_what_is_stored_and_still_on_its_way_is_waited_for(backend, ana):
    """As with several processes: the run is over there before its end has come here."""
    backend.view = {"runs_open": 0, "last_seq": 2, "held": []}
    late: list[ServerConnection] = []
    backend.when_asked = lambda: late[0].send(event("agent_completed", 2)) if backend.asked == 2 else None

    def run(backend: Backend, connection: ServerConnection, frame: Mapping[str, Any]) -> None:
        late.append(connection)
        acknowledge(backend, connection, frame)
        connection.send(event("agent_started", 1))

    backend.scripts["chat"] = run
    ana.ask("What did we spend?")
    assert ana.wait_for_end().type == "agent_completed"
    assert backend.asked == 2  # at first it said that nothing is open, and that was not believed alone


def test_what_is_stored_after_a_long_silence_has_its_time_to_come_too(backend, ana):
    backend.view = {"runs_open": 1, "last_seq": 1, "held": []}
    peers: list[ServerConnection] = []

    def stored_late() -> None:
        if backend.asked == 3:
            backend.view = {"runs_open": 0, "last_seq": 2, "held": []}
        if backend.asked == 5:
            peers[0].send(event("agent_completed", 2))

    def run(backend: Backend, connection: ServerConnection, frame: Mapping[str, Any]) -> None:
        peers.append(connection)
        acknowledge(backend, connection, frame)
        connection.send(event("agent_started", 1))

    backend.when_asked, backend.scripts["chat"] = stored_late, run
    ana.ask("What did we spend?")
    assert ana.wait_for_end().type == "agent_completed"


def test_what_is_stored_and_never_comes_is_given_up_after_the_delivery_time(backend, ana):
    backend.view = {"runs_open": 0, "last_seq": 4, "held": []}
    asked(backend, ana, event("agent_started", 1))
    story, took = missed(ana.wait_for_end)
    assert TIMEOUTS["delivery"] <= took < TIMEOUTS["delivery"] + SOON
    assert "The backend has stored 3 event(s) that have not come here" in story


def test_a_run_that_stands_held_sends_nothing_but_may_end(backend, ana):
    stop = {"run_id": RUN, "before": "tool_completed", "nth": 1}
    backend.view = {"runs_open": 1, "last_seq": 1, "held": [stop]}
    asked(backend, ana, event("agent_started", 1))
    story, took = missed(lambda: ana.wait_for_event("tool_executing"))
    assert took < TIMEOUTS["delivery"]
    assert "Every open run of Ana's stands where it is held, before tool_completed: `Ana's runs" in story
    story, took = missed(ana.wait_for_end)
    assert "`Ana's runs go on` releases them." in story
    assert took >= TIMEOUTS["silence"]
    for kind, waits in (("tool_executing", False), ("agent_failed", True)):
        _, took = missed(lambda kind=kind: ana.waits.for_frame(kind, lambda _: None, f"the frame {kind}"))
        assert (took >= TIMEOUTS["silence"]) == waits


def test_a_run_that_is_open_may_be_silent_for_a_while(backend, ana):
    backend.view = {"runs_open": 1, "last_seq": 1, "held": []}
    asked(backend, ana, event("agent_started", 1))
    story, took = missed(ana.wait_for_end)
    assert TIMEOUTS["silence"] <= took < TIMEOUTS["silence"] + SOON
    assert "a run of Ana's is still open" in story


def test_an_administration_that_hangs_holds_up_no_wait(backend, ana):
    backend.view = None
    asked(backend, ana, event("agent_started", 1))
    _, took = missed(ana.wait_for_end)
    assert took < TIMEOUTS["silence"] + 2 * ASK_SECONDS + SOON


def test_a_run_that_has_ended_otherwise_is_told_at_once(backend, ana):
    asked(backend, ana, event("agent_started", 1), event("agent_failed", 2))
    story, took = missed(lambda: ana.wait_for_event("tool_executing"))
    assert took < SOON
    assert "The run has ended without it" in story


# -- ends, and what comes by itself -------------------------------------------------------------------------


def test_a_connection_that_stays_open_is_told_with_a_sign_of_life(ana):
    story, took = missed(lambda: ana.waits.for_end(" with 1008 logged_out", 0.2))
    assert took < 0.2 + SOON
    assert story.startswith("Ana's connection did not end with 1008 logged_out.")
    assert "It was still open 0.2 s later. The connection is alive" in story


def test_a_message_that_does_not_end_the_connection_is_decided_by_the_pong_behind_it(backend, ana):
    backend.scripts["chat"] = lambda *_: None
    ana.send("chat", {"content": "x" * 100})
    story, took = missed(lambda: ana.waits.for_end_by_message(" with 1009"))
    assert took < TIMEOUTS["reply"] + SOON
    assert story.startswith("Ana's connection did not end with 1009 after that message.")
    assert "a ping was answered" in story


def test_a_message_that_ends_the_connection_late_does_end_it(backend, ana):
    def slowly(_: Backend, connection: ServerConnection, __: Mapping[str, Any]) -> None:
        time.sleep(TIMEOUTS["reply"] * 5)
        connection.close(1009, "")

    backend.scripts["chat"] = slowly
    ana.send("chat", {"content": "x" * 100})
    assert ana.waits.for_end_by_message(" with 1009").code == 1009


def test_nothing_is_sent_while_something_comes_by_itself(ana):
    with pytest.raises(EventMissing, match=r"heartbeat number 1[\s\S]*0\.3 s have passed"):
        ana.waits.for_something(lambda _: None, "heartbeat number 1", 0.3)
    pings = ana.transcript.sent("ping")
    assert len(pings) == 1
    assert pings[0].at - ana.transcript.opened_at >= 0.3


def test_a_request_that_nobody_answers_is_told_in_words(backend):
    service = Service(Deployment(f"http://127.0.0.1:{backend.web.server_address[1]}", "an-admin-token"))
    backend.view = None
    with pytest.raises(NoAnswer, match=r"GET /ws/health was not answered within 0\.2 s"):
        service.request("GET", "/ws/health", seconds=0.2)
    nobody = Service(Deployment("http://127.0.0.1:9", "an-admin-token"))
    with pytest.raises(NoAnswer, match="nobody listens"):
        nobody.request("GET", "/ws/health")
