"""Finding out whether a backend answers: one line that names the address and the reason, soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from AgentChatLibrary import deployment
from AgentChatLibrary.deployment import Deployment, Unreachable


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


def test_the_websocket_address_follows_the_http_address():
    assert Deployment("http://127.0.0.1:1").websocket_url == "ws://127.0.0.1:1/ws"
    assert Deployment("https://chat.example").websocket_url == "wss://chat.example/ws"
