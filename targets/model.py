"""A scripted model: an endpoint that speaks OpenAI's chat completions, for agents that want one.

It follows a script and no weights: where the agent offers a tool and has no result yet, it calls the first
tool with the words of the question; then it answers with what was asked and what the tool found.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class ScriptedModel:
    """The endpoint, on a free loopback port while the block lasts.

    Attributes:
        url: Where it is, ``/v1`` included.
    """

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def script(request: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """What the model does next: says something, or calls a tool.

    Args:
        request: The body of a chat completion.

    Returns:
        The text that it says, and the tool call that it makes instead, if it makes one.
    """
    messages: Sequence[Mapping[str, Any]] = request.get("messages", [])
    last = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=-1)
    question = _words(messages[last].get("content")) if last >= 0 else ""
    results = [_words(m.get("content")) for m in messages[last + 1 :] if m.get("role") == "tool"]
    tools = request.get("tools") or []
    if tools and not results:
        function = tools[0]["function"]
        wanted = function.get("parameters", {}).get("properties", {})
        return "", {"name": function["name"], "arguments": json.dumps(dict.fromkeys(wanted, question))}
    found = f" {results[-1]}" if results else ""
    return f"You asked: {question}.{found}", None


def _words(content: object) -> str:
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answers a chat completion, streamed or not."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            request = json.loads(body)
        except ValueError:
            self.send_error(400)
            return
        if not self.path.endswith("/chat/completions"):
            self.send_error(404)
            return
        text, call = script(request)
        if request.get("stream"):
            self._stream(request, text, call)
        else:
            self._whole(request, text, call)

    def _stream(self, request: Mapping[str, Any], text: str, call: dict[str, Any] | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in _pieces(text, call):
            self._chunk(f"data: {json.dumps(_envelope(request, 'chat.completion.chunk', **piece))}\n\n")
        self._chunk("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _whole(self, request: Mapping[str, Any], text: str, call: dict[str, Any] | None) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": text or None}
        if call is not None:
            message["tool_calls"] = [{"id": _id("call"), "type": "function", "function": call}]
        reason = "tool_calls" if call is not None else "stop"
        data = json.dumps(
            _envelope(request, "chat.completion", message=message, finish_reason=reason)
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the parent's name
        """Says nothing: questions are nobody's business."""


def _pieces(text: str, call: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if call is not None:
        calls = [{"index": 0, "id": _id("call"), "type": "function", "function": call}]
        yield {"delta": {"role": "assistant", "content": None, "tool_calls": calls}, "finish_reason": None}
        yield {"delta": {}, "finish_reason": "tool_calls"}
        return
    yield {"delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    for word in text.split(" "):
        yield {"delta": {"content": word + " "}, "finish_reason": None}
    yield {"delta": {}, "finish_reason": "stop"}


def _envelope(request: Mapping[str, Any], kind: str, **choice: object) -> dict[str, Any]:
    return {
        "id": _id("chatcmpl"),
        "object": kind,
        "created": int(time.time()),
        "model": request.get("model", "scripted"),
        "choices": [{"index": 0, **choice}],
    }


def _id(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex}"
