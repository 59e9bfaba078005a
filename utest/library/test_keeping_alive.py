import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from AgentChatLibrary import keeping_alive
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.service import Service


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.ports.append(self.client_address[1])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        """Nothing is written."""


@pytest.fixture
def server():
    answering = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    answering.ports, answering.daemon_threads = [], True
    thread = threading.Thread(target=answering.serve_forever)
    thread.start()
    yield answering
    answering.shutdown()
    thread.join()
    answering.server_close()


def _asked(server, times):
    service = Service(Deployment(f"http://127.0.0.1:{server.server_address[1]}"))
    for _ in range(times):
        assert service.request("GET", "/").status == 200
    service.hang_up()
    return len(set(server.ports))


def test_a_connection_that_was_just_used_is_used_again(server, monkeypatch):
    monkeypatch.setattr(keeping_alive, "IDLE_SECONDS", math.inf)
    assert _asked(server, 3) == 1


def test_a_connection_that_was_not_used_for_long_is_given_up(server, monkeypatch):
    monkeypatch.setattr(keeping_alive, "IDLE_SECONDS", 0.0)
    assert _asked(server, 3) == 3
