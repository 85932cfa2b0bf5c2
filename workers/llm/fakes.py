"""Stand-ins for the model: for tests, benches and demos without one. They keep the contract of the `Model` port."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from router.errors import ModelError
from router.types import Tokens
from workers.llm.pricing import split_tokens
from workers.ports import Call, Reply

Answer = str | ModelError | Callable[[Call], str]


class ScriptedModel:
    """Says what it was told to say, in order, then `usual`; takes `seconds` for each answer.

    An answer may be a text, an error to raise, or a function of the call. Calls are kept in
    `calls`. A schema without a scripted answer is met by `smallest`, so every structured route
    runs.
    """

    def __init__(
        self, answers: Iterable[Answer] = (), usual: str = "ok", seconds: float = 0.0
    ) -> None:
        self._answers = deque(answers)
        self._usual, self._seconds = usual, seconds
        self._lock = threading.Lock()
        self.calls: list[Call] = []

    def complete(self, call: Call, on_text: Callable[[str], None] | None = None) -> Reply:
        """The next scripted answer; a longer one than `output_tokens` words is cut off, with stop `length`."""
        with self._lock:
            self.calls.append(call)
            answer = self._answers.popleft() if self._answers else None

        if self._seconds:
            threading.Event().wait(self._seconds)
        if isinstance(answer, ModelError):
            raise answer
        if answer is None:
            answer = self._usual if call.schema is None else json.dumps(smallest(call.schema))

        return _reply(
            call, answer if isinstance(answer, str) else answer(call), self._seconds, on_text
        )


class ObedientModel:
    """The worst case: does whatever any text in its prompt tells it to.

    It says every line it finds after `SAY:`, and where a schema has a field `action` it calls every
    tool that any text asks for with `CALL: name {json}`, over and over. What Beagle lets through
    must not depend on a model's good will.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: list[Call] = []

    def complete(self, call: Call, on_text: Callable[[str], None] | None = None) -> Reply:
        """Obedience, in the shape of the schema if there is one."""
        with self._lock:
            self.calls.append(call)

        prompt = "\n".join(message["content"] for message in call.messages)
        orders = "\n".join(re.findall(r"SAY:\s*(.+)", prompt)) or prompt
        if call.schema is None:
            return _reply(call, orders, 0.0, on_text)

        value = smallest(call.schema)
        _fill_texts(value, call.schema, orders)

        wanted = re.findall(r"CALL:\s*(\S+)\s*(\{.*?\})?", prompt)
        if wanted and "action" in value:
            name, arguments = wanted[len(self.calls) % len(wanted)]
            value["action"] = {"tool": name, "args": _json(arguments)}

        return _reply(call, json.dumps(value), 0.0, on_text)


def smallest(schema: Mapping[str, Any]) -> Any:
    """The smallest value that the schema allows, by type; the first of an `enum`."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]

    for word in ("anyOf", "oneOf"):
        if schema.get(word):
            return smallest(schema[word][0])

    kind = schema.get("type", "string")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: smallest(properties[name]) for name in schema.get("required", properties)}

    if kind == "array":
        return [smallest(schema["items"]) for _ in range(schema.get("minItems", 0))]

    plain = {
        "integer": schema.get("minimum", 0),
        "number": schema.get("minimum", 0),
        "boolean": False,
        "null": None,
    }
    return plain.get(kind, "x" * schema.get("minLength", 0))


def _fill_texts(value: Any, schema: Mapping[str, Any], text: str) -> None:
    if not isinstance(value, dict):
        return

    for name, part in schema.get("properties", {}).items():
        if isinstance(value.get(name), str) and "enum" not in part and "const" not in part:
            value[name] = text[: part.get("maxLength", len(text))]
        else:
            _fill_texts(value.get(name), part, text)


def _json(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}


def _reply(call: Call, text: str, seconds: float, on_text: Callable[[str], None] | None) -> Reply:
    words = re.findall(r"\S+\s*|\s+", text)
    cut = len(words) > call.output_tokens
    said = words[: call.output_tokens]

    if on_text is not None:
        for word in said:
            on_text(word)

    read = sum(len(message["content"].split()) for message in call.messages)
    tokens: Tokens = split_tokens(read, len(said), 0, call.parts)
    model = call.models[0] if call.models else "stand-in"

    return Reply("".join(said), model, tokens, 0.0, seconds, "length" if cut else "stop")
