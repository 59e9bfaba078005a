"""Requests at the same moment, against a server that waits until all of them have come."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from AgentChatLibrary.service import NoAnswer
from AgentChatLibrary.volley import volley

COUNT = 16


@pytest.fixture
def server():
    gate = threading.Barrier(COUNT, timeout=10)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            gate.wait()
            self.send_response(200 + said["number"])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/below"
        serving.shutdown()


def test_all_requests_are_on_their_way_before_the_first_is_answered(server):
    statuses = volley(server, "/auth/login", [{"number": number} for number in range(COUNT)])
    assert statuses == [200 + number for number in range(COUNT)]


def test_nobody_who_listens_is_told(free_port):
    with pytest.raises(
        NoAnswer, match=r"^One of 1 POST /auth/login was not answered: ConnectionRefusedError"
    ):
        volley(f"http://127.0.0.1:{free_port}", "/auth/login", [{}])
