"""A fake model server on loopback: OpenAI's protocol, a fixed delay, and injected faults."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, get_args

from workers.llm.fakes import smallest_instance
from workers.llm.model_client import ServerAddress

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
    "endless",
    "lies",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
GATHER_SECONDS = 60.0
"""How long answers are held back until enough requests are in flight."""
TOKENS_PER_PICTURE = 800
Choice = dict[str, object]


@dataclass
class FakeServer:
    """The server's behaviour, which may be changed while it runs, and the requests it got.

    An answer takes `seconds`. No answer is sent before `min_concurrent` requests have been in
    flight at once; `max_in_flight` is how many ever were. `connections` counts those that clients
    have opened. Faults: `slow` never answers,
    `429`/`500`/`401` refuse, `garbage` sends no JSON, `wrong_shape` sends other JSON, `truncated`
    stops at the token limit, `cut` closes in the middle of the body or stream, `dies` closes at
    once, `drip` sends a byte of the headers now and then and never ends, `endless` talks on until
    the client leaves, `lies` sends a number for a text and counts that cannot be.

    `reply` makes the text of an answer from the request's body, where `text` is not enough. Each
    further word of a stream takes `word_seconds`. Only the last `max_requests` are kept; None for
    all of them. `served` is called after each answer with the request's body and the seconds
    that it took.

    As real servers do, it refuses pictures unless it `sees`, a name that is not in `models` unless
    that is empty, and a wrong `key` unless that is empty.
    """

    text: str = "ok"
    seconds: float = 0.0
    fault: Fault = "none"
    sees: bool = False
    models: frozenset[str] = frozenset()
    key: str = ""
    url: str = ""
    adapters: dict[str, int] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    min_concurrent: int = 1
    max_in_flight: int = 0
    in_flight: int = 0
    connections: int = 0
    reply: Callable[[dict[str, Any]], str] | None = None
    word_seconds: float = 0.0
    max_requests: int | None = None
    served: Callable[[dict[str, Any], float], None] | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def address(self) -> ServerAddress:
        """Returns where it answers, with the key that it wants as a local server."""
        return ServerAddress(self.url, "none")

    def load_adapter(self, adapter: str) -> bool:
        """Loads nothing: returns whether the adapter was there from the start."""
        return adapter in self.adapters

    def own_model(self, name: str) -> ServerAddress | None:
        """Returns None: nothing but adapters was trained for it."""


@contextmanager
def fake_model_server(
    *,
    text: str = "ok",
    seconds: float = 0.0,
    fault: Fault = "none",
    adapters: Mapping[str, int] | None = None,
    min_concurrent: int = 1,
) -> Iterator[FakeServer]:
    """Runs a server while the block does; its `url` ends in /v1."""
    state = FakeServer(
        text=text,
        seconds=seconds,
        fault=fault,
        adapters=dict(adapters or {}),
        min_concurrent=min_concurrent,
    )
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


def count_pictures(message: Mapping[str, Any]) -> int:
    """Returns how many pictures a message holds; its content is a text or a list of parts."""
    content = message["content"]
    if isinstance(content, str):
        return 0

    return sum(part["type"] == "image_url" for part in content)


def _count_tokens(message: Mapping[str, Any]) -> int:
    content = message["content"]
    if isinstance(content, str):
        return len(content.split())

    words = sum(len(part.get("text", "").split()) for part in content)
    return words + TOKENS_PER_PICTURE * count_pictures(message)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A handler that hangs on purpose must not keep the server from closing.
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Prints nothing: clients that leave in the middle are what the faults are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: FakeServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Prints nothing for a request."""

    def setup(self) -> None:
        """Counts the connection."""
        super().setup()
        with self.state.changed:
            self.state.connections += 1

    def do_POST(self) -> None:
        """Answers one chat completion, with the current fault."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))

        state = self.state
        with state.changed:
            state.requests.append(body)
            if state.max_requests is not None:
                del state.requests[: -state.max_requests]

            state.in_flight += 1
            state.max_in_flight = max(state.max_in_flight, state.in_flight)
            state.changed.notify_all()

        start = time.monotonic()
        try:
            self._serve(body)
        finally:
            with state.changed:
                state.in_flight -= 1

            if state.served is not None:
                state.served(body, time.monotonic() - start)

    def _serve(self, body: dict[str, Any]) -> None:
        state = self.state
        if state.fault in ("slow", "drip"):
            self._hang(dripping=state.fault == "drip")
        elif state.fault == "dies":
            self.close_connection = True
            self.connection.close()
        elif state.fault in ("429", "500", "401"):
            self._send(int(state.fault), b'{"error": {"message": "refused by the stand-in"}}')
        elif (refusal := self._refusal(body)) is not None:
            status, error = refusal
            self._send(status, json.dumps({"error": error}).encode())
        elif state.fault == "garbage":
            self._send(200, b"<html>this is no model</html>")
        elif state.fault == "wrong_shape":
            self._send(200, b'{"object": "list", "data": []}')
        else:
            with state.changed:
                state.changed.wait_for(
                    lambda: state.max_in_flight >= state.min_concurrent, GATHER_SECONDS
                )

            # Waits on the event instead of sleeping, so that the server stops at once.
            state.stopped.wait(state.seconds)
            self._answer(body)

    def _refusal(self, body: dict[str, Any]) -> tuple[int, dict[str, str]] | None:
        """Returns status and error of a request that a real server of this kind refuses."""
        state = self.state
        kind = "invalid_request_error"
        if state.key and self.headers.get("authorization") != f"Bearer {state.key}":
            message = "Incorrect API key provided. You can find your key in the console."
            return 401, {"message": message, "type": kind, "code": "invalid_api_key"}

        if state.models and body.get("model") not in state.models:
            message = f"The model `{body.get('model')}` does not exist or you lack access to it."
            return 404, {"message": message, "type": kind, "code": "model_not_found"}

        if not state.sees and any(count_pictures(turn) for turn in body.get("messages", ())):
            message = "Invalid content type. image_url is only supported by certain models."
            return 400, {"message": message, "type": kind, "code": "unsupported_content"}

        return None

    def do_GET(self) -> None:
        """Lists the models, which costs nothing."""
        names = sorted(self.state.models) or ["m"]
        refusal = self._refusal({"model": names[0]})
        if refusal is not None:
            self._send(refusal[0], json.dumps({"error": refusal[1]}).encode())
        elif not self.path.endswith("/models"):
            self._send(404, b'{"error": {"message": "not found"}}')
        else:
            entries = [{"id": name, "object": "model"} for name in names]
            self._send(200, json.dumps({"object": "list", "data": entries}).encode())

    def _answer(self, body: dict[str, Any]) -> None:
        text = self.state.text if self.state.reply is None else self.state.reply(body)
        shape = body.get("response_format", {}).get("json_schema")
        if shape is not None and text == "ok":
            text = json.dumps(smallest_instance(shape["schema"]))

        finish_reason = "stop"
        # As real servers do: the answer breaks off where the tokens end, even inside of JSON.
        if self.state.fault == "truncated":
            finish_reason = "length"
            text = text[: len(text) // 2]
        if self.state.fault == "endless":
            self._talk_on(streaming=bool(body.get("stream")))
            return

        # A word is a token here.
        prompt_tokens = sum(map(_count_tokens, body["messages"]))
        output_tokens = len(text.split())
        usage = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": prompt_tokens + output_tokens,
        }
        if self.state.fault == "lies":
            self._lie(streaming=bool(body.get("stream")))
            return

        if body.get("stream"):
            self._stream(text, finish_reason, usage)
            return

        completion = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish_reason,
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": usage,
        }
        self._send(200, json.dumps(completion).encode(), cut=self.state.fault == "cut")

    def _stream(self, text: str, finish_reason: str, usage: dict[str, int]) -> None:
        """Sends the words one by one as server-sent events, in chunks on a lasting connection."""
        self._begin_stream()

        words = text.split(" ")
        for number, word in enumerate(words):
            # The connection closes without the last event: the client cannot know the rest.
            if self.state.fault == "cut" and number >= len(words) // 2:
                self.close_connection = True
                return

            if number and self.state.word_seconds:
                self.state.stopped.wait(self.state.word_seconds)

            piece = word if number == 0 else f" {word}"
            self._event([{"index": 0, "delta": {"content": piece}, "finish_reason": None}])

        self._event([{"index": 0, "delta": {}, "finish_reason": finish_reason}])
        self._event([], usage)
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _talk_on(self, *, streaming: bool) -> None:
        """Sends words until the client closes the connection, with no end of a line or answer."""
        self.close_connection = True
        self._begin_stream()
        if not streaming:
            self._chunk(b'{"choices": [{"message": {"content": "')

        words = "and on " * 1_000
        while not self.state.stopped.wait(0.001):
            try:
                if streaming:
                    delta = {"content": words}
                    self._event([{"index": 0, "delta": delta, "finish_reason": None}])
                else:
                    self._chunk(words.encode())
            except OSError:
                return

    def _lie(self, *, streaming: bool) -> None:
        """Sends a number for a text."""
        usage = {"prompt_tokens": -5, "completion_tokens": 10**30}
        if streaming:
            self._begin_stream()
            self._event([{"index": 0, "delta": {"content": 7}, "finish_reason": None}])
            self._event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
            self._event([], usage)
            self._chunk(b"data: [DONE]\n\n")
            self._chunk(b"")
            return

        message = {"role": "assistant", "content": 7}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self._send(200, json.dumps({"choices": [choice], "usage": usage}).encode())

    def _event(self, choices: list[Choice], usage: dict[str, int] | None = None) -> None:
        chunk: dict[str, object] = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "m",
            "choices": choices,
        }
        if usage:
            chunk["usage"] = usage

        self._chunk(f"data: {json.dumps(chunk)}\n\n".encode())

    def _chunk(self, content: bytes) -> None:
        """Sends a chunk of a body of unknown length; an empty one ends it."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))
        self.wfile.flush()

    def _hang(self, *, dripping: bool) -> None:
        """Never answers; with `dripping` the headers never end."""
        self.close_connection = True
        if dripping:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nx-drip: ")

        while dripping and not self.state.stopped.wait(0.1):
            self.wfile.write(b"a")
            self.wfile.flush()

        self.state.stopped.wait()

    def _send(self, status: int, body: bytes, *, cut: bool = False) -> None:
        """Sends a whole response, or with `cut` only half of the length that it announces."""
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()

        if cut:
            body = body[: len(body) // 2]
            self.close_connection = True

        self.wfile.write(body)
