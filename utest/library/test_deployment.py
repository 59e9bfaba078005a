"""Finding out whether a backend answers: one line that names the address and the reason, soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from AgentChatLibrary import deployment
from AgentChatLibrary.deployment import Deployment, Unreachable
from AgentChatLibrary.environment import DEFAULT_TIMEOUTS, Environment, EnvironmentProblem


class Page(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def page() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Other", (Page,), {}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_nobody_there_is_told_with_address_and_reason_within_five_seconds(free_port):
    before = time.monotonic()
    with pytest.raises(Unreachable, match=rf"http://127.0.0.1:{free_port}: Connection refused"):
        deployment.check(f"http://127.0.0.1:{free_port}")
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("status", [200, 503])
def test_a_healthy_and_an_unhealthy_backend_both_answer(page, status):
    page.RequestHandlerClass.status = status
    deployment.check(address(page))


def test_another_service_is_told_as_such(page):
    page.RequestHandlerClass.status = 404
    with pytest.raises(Unreachable, match="is no agent-chat backend: GET /ws/health gave 404"):
        deployment.check(address(page))


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://x", "http://"])
def test_what_is_no_address_is_told_as_such(url):
    with pytest.raises(Unreachable, match="is no HTTP address"):
        deployment.check(url)


@pytest.mark.parametrize("count", [0, 1])
def test_several_processes_without_their_addresses_are_told_before_any_test(page, count):
    there = Environment(
        "staging",
        Path("staging.py"),
        address(page),
        capabilities=frozenset({"several_processes"}),
        backends=("http://127.0.0.1:1",) * count,
        timeouts=DEFAULT_TIMEOUTS,
    )
    with pytest.raises(EnvironmentProblem, match=rf"BACKENDS are {count}\. .* out of CAPABILITIES in st"):
        deployment.attach(there)
    both = replace(there, backends=("http://127.0.0.1:1", "http://127.0.0.1:2"))
    assert deployment.attach(both).backends == both.backends


def test_the_websocket_address_follows_the_http_address():
    assert Deployment("http://127.0.0.1:1").websocket_url == "ws://127.0.0.1:1/ws"
    assert Deployment("https://chat.example").websocket_url == "wss://chat.example/ws"
