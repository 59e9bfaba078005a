"""``run.py probe`` as a command: bad input gets a clear error, and nothing is written then."""

from __future__ import annotations

import http
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from runner.project import ROOT, VARIABLES

NAME = "probed_by_a_unit_test"


def probe(url: str, *options: str, credential: str = "") -> subprocess.CompletedProcess[str]:
    env = {n: v for n, v in os.environ.items() if not n.startswith("AGENT_CHAT_")}
    if credential:
        env["AGENT_CHAT_CREDENTIAL"] = credential
    command = [sys.executable, "-m", "runner", "probe", url, "--name", NAME, "--quiet", "0.2", *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=env)


@pytest.fixture
def server() -> Iterator[Server]:
    """A WebSocket server that lets in whoever has the key, and never answers."""

    def look(connection: ServerConnection, request):
        if request.path == "/page":
            return connection.respond(http.HTTPStatus.OK, "a page")
        if "Bearer the-key" in request.headers.get("Authorization", ""):
            return None
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "who are you?")

    def listen(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    with serve(listen, "127.0.0.1", 0, process_request=look) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield one
        one.shutdown()


@pytest.fixture(autouse=True)
def nothing_is_written() -> Iterator[None]:
    yield
    assert not list(VARIABLES.rglob(f"{NAME}.*"))
    (ROOT / "results" / "probe" / f"{NAME}.jsonl").unlink(missing_ok=True)


def at(server: Server, path: str) -> str:
    return f"ws://127.0.0.1:{server.socket.getsockname()[1]}{path}"


def refused(done: subprocess.CompletedProcess[str], problem: str) -> None:
    assert problem in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 2)


def test_an_address_that_is_none(free_port):
    refused(probe("hello"), "'hello' is no address of a WebSocket")
    refused(probe(f"ws://127.0.0.1:{free_port}/ws"), "speaks WebSocket: ConnectionRefusedError")


def test_an_address_that_is_no_websocket(server):
    refused(
        probe(at(server, "/page")),
        "is no WebSocket: a request to upgrade was answered with HTTP 200",
    )


def test_a_credential_that_is_missing_or_refused(server):
    refused(probe(at(server, "/ws")), "asks for a credential")
    refused(probe(at(server, "/ws"), credential="another"), "is refused, whichever way it travels")


def test_a_server_that_never_answers(server):
    done = probe(at(server, "/ws"), "--ask", '{"text": "$content"}', credential="the-key")
    refused(done, "No question was answered. Nothing came at all.")


def test_a_question_without_a_place_for_it(server):
    refused(probe(at(server, "/ws"), "--ask", '{"text": "hello"}'), "--ask has no place for the question")
    refused(probe(at(server, "/ws"), "--ask", "{"), "--ask or --value is wrong")
