"""Calls the local model server directly and measures the CPU time of each answer."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from router.config import Settings
from workers.llm.local.gguf_header import is_adapter
from workers.llm.local.launch import LocalServerOptions
from workers.llm.local.server import LocalModelServer
from workers.llm.model_client import ServerAddress
from workers.ports import Message

ADAPTER = "it"
"""The name under which the measured adapter is loaded."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way of asking: the messages before the request, and whether the adapter is on."""

    name: str
    before: Sequence[Message]
    tuned: bool
    schema: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """The JSON schema of an answer and its maximum number of tokens."""

    schema: Mapping[str, Any] | None
    output_tokens: int


@dataclass(frozen=True, slots=True)
class ServedAnswer:
    """One answer; None if it was no JSON object. `cpu_seconds` are the server's own."""

    answer: dict[str, Any] | None
    prompt_tokens: int
    output_tokens: int
    cpu_seconds: float
    wall_seconds: float


@contextmanager
def serving(
    settings: Settings, adapter: Path | None, folder: str = "measure", slots: int = 1
) -> Iterator[LocalModelServer]:
    """Yields a server of the included model with the adapter, and ends it.

    Where `adapter` is a model all of whose weights were trained, it is that model's server.
    `folder` is where in the data folder it keeps its files; `slots` are requests served at once.
    """
    model = adapter if adapter is not None and not is_adapter(adapter) else None
    adapters = {ADAPTER: adapter} if adapter is not None and model is None else {}
    options = LocalServerOptions(settings.local_threads, slots)
    server = LocalModelServer.start(settings.data / folder, adapters, options, model=model)
    try:
        yield server
    finally:
        server.stop()


def ask_server(
    model: LocalModelServer, contender: Contender, shape: Shape, text: str, *, use_cache: bool
) -> ServedAnswer:
    """Returns the server's answer; with `use_cache` it may reuse the last prompt's prefix."""
    body: dict[str, Any] = {
        "messages": [*contender.before, {"role": "user", "content": text}],
        "temperature": 0,
        "max_tokens": shape.output_tokens,
        "cache_prompt": use_cache,
        "lora": [
            {"id": number, "scale": float(contender.tuned)} for number in model.adapters.values()
        ],
    }

    if contender.schema:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": shape.schema}}

    cpu, wall = cpu_seconds(model.pid), time.monotonic()
    reply = _post(model.address(), body)
    cpu, wall = cpu_seconds(model.pid) - cpu, time.monotonic() - wall
    usage = reply["usage"]
    text = reply["choices"][0]["message"]["content"]

    return ServedAnswer(
        _parse_object(text), usage["prompt_tokens"], usage["completion_tokens"], cpu, wall
    )


def cpu_seconds(pid: int) -> float:
    """Returns a process's CPU seconds so far, user and system (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compact(answer: Any) -> str:
    """Returns JSON without spaces, which saves a third of the output tokens."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def _post(server: ServerAddress, body: Mapping[str, Any]) -> Any:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    connection.request(
        "POST",
        "/v1/chat/completions",
        json.dumps(body),
        {"Content-Type": "application/json", "Authorization": f"Bearer {server.key}"},
    )
    reply = json.loads(connection.getresponse().read())
    connection.close()

    return reply


def _parse_object(text: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(text)
    except ValueError:
        return None

    return parsed if isinstance(parsed, dict) else None
