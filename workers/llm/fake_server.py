"""A stand-in model server on loopback: OpenAI's protocol, a fixed delay, and every fault a real one has."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, get_args

from workers.llm.fakes import smallest

Fault = Literal[
    "none",
    "slow",
    "429",
    "500",
    "401",
    "garbage",
    "wrong_shape",
    "truncated",
    "cut",
    "dies",
    "drip",
]
TOGETHER_SECONDS = 60.0
FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass
class ModelServer:
    """What the server does, changeable while it runs. `seconds` is how long an answer takes, `requests` what came.

    No answer goes out before `together` requests have been inside at once; `most` is how many ever
    were. Faults: `slow` never answers, `429`/`500`/`401` refuse, `garbage` sends no JSON,
    `wrong_shape` sends other JSON, `truncated` stops at the token limit, `cut` closes in the middle
    of the body or stream, `dies` closes at once, `drip` sends a byte of the headers now and then
    and never ends.
    """

    text: str = "ok"
    seconds: float = 0.0
    fault: Fault = "none"
    url: str = ""
    adapters: dict[str, int] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    together: int = 1
    most: int = 0
    inside: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def want(self, adapter: str) -> bool:
        """It trains nothing: only what it was given can be asked for."""
        return adapter in self.adapters


@contextmanager
def model_server(**how: Any) -> Iterator[ModelServer]:
    """A server that runs for as long as the block does; its `url` ends in /v1."""
    state = ModelServer(**how)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()

    try:
        yield state
    finally:
        state.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle is what the faults are for; nothing is printed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ModelServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
        """Nothing is printed for each request."""

    def do_POST(self) -> None:
        """One chat completion, with the fault of the moment."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))

        state = self.state
        with state.changed:
            state.requests.append(asked)
            state.inside += 1
            state.most = max(state.most, state.inside)
            state.changed.notify_all()

        try:
            self._serve(asked)
        finally:
            with state.changed:
                state.inside -= 1

    def _serve(self, asked: dict[str, Any]) -> None:
        state = self.state
        if state.fault in ("slow", "drip"):
            self._never(dripping=state.fault == "drip")
        elif state.fault == "dies":
            self.close_connection = True
            self.connection.close()
        elif state.fault in ("429", "500", "401"):
            self._send(int(state.fault), b'{"error": {"message": "refused by the stand-in"}}')
        elif state.fault == "garbage":
            self._send(200, b"<html>this is no model</html>")
        elif state.fault == "wrong_shape":
            self._send(200, b'{"object": "list", "data": []}')
        else:
            with state.changed:
                state.changed.wait_for(lambda: state.most >= state.together, TOGETHER_SECONDS)

            state.stopped.wait(state.seconds)
            self._answer(asked)

    def _answer(self, asked: dict[str, Any]) -> None:
        shape = asked.get("response_format", {}).get("json_schema")
        text = (
            self.state.text
            if shape is None or self.state.text != "ok"
            else json.dumps(smallest(shape["schema"]))
        )

        stop = "length" if self.state.fault == "truncated" else "stop"
        text = text[: len(text) // 2] if self.state.fault == "truncated" else text
        read = sum(len(message["content"].split()) for message in asked["messages"])
        usage = {
            "prompt_tokens": read,
            "completion_tokens": len(text.split()),
            "total_tokens": read + len(text.split()),
        }

        if asked.get("stream"):
            self._stream(text, stop, usage)
            return

        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": stop, "message": message}
        body = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }

        self._send(200, json.dumps(body).encode(), cut=self.state.fault == "cut")

    def _stream(self, text: str, stop: str, usage: dict[str, int]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

        words = text.split(" ")
        for number, word in enumerate(words):
            if self.state.fault == "cut" and number >= len(words) // 2:
                return

            self._event(
                [
                    {
                        "index": 0,
                        "delta": {"content": word if number == 0 else f" {word}"},
                        "finish_reason": None,
                    }
                ]
            )

        self._event([{"index": 0, "delta": {}, "finish_reason": stop}])
        self._event([], usage)
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> None:
        body = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "m",
            "choices": choices,
        }

        self.wfile.write(
            f"data: {json.dumps(body | ({'usage': usage} if usage else {}))}\n\n".encode()
        )
        self.wfile.flush()

    def _never(self, *, dripping: bool) -> None:
        self.close_connection = True
        if dripping:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nx-drip: ")

        while dripping and not self.state.stopped.wait(0.1):
            self.wfile.write(b"a")
            self.wfile.flush()

        self.state.stopped.wait()

    def _send(self, status: int, body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

        if cut:
            self.close_connection = True
