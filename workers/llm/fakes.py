"""Fake models for tests, benches and demos without one. They keep the `LanguageModel` contract."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from router.errors import BudgetError, ModelError
from workers.llm.pricing import split_tokens
from workers.ports import ModelCall, ModelReply

ScriptedAnswer = str | BudgetError | ModelError | Callable[[ModelCall], str]


class ScriptedModel:
    """Gives the scripted answers in order, then `default`; each takes `seconds`.

    An answer is a text, an error to raise, or a function of the call. Calls are kept in `calls`. A
    call with a schema and no scripted answer gets `smallest_instance`, so every structured route
    runs.
    """

    def __init__(
        self, answers: Iterable[ScriptedAnswer] = (), default: str = "ok", seconds: float = 0.0
    ) -> None:
        self._answers = deque(answers)
        self._default = default
        self._seconds = seconds
        self._lock = threading.Lock()
        self.calls: list[ModelCall] = []

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Returns the next answer; one with more words than `output_tokens` is cut off."""
        with self._lock:
            self.calls.append(call)
            answer = self._answers.popleft() if self._answers else None

        # A real wait, for benches that measure how calls overlap.
        if self._seconds:
            threading.Event().wait(self._seconds)

        if isinstance(answer, BudgetError | ModelError):
            raise answer

        if isinstance(answer, str):
            text = answer
        elif answer is not None:
            text = answer(call)
        elif call.schema is not None:
            text = json.dumps(smallest_instance(call.schema))
        else:
            text = self._default

        return _reply(call, text, self._seconds, on_text)


class ObedientModel:
    """The worst case for prompt injection: does whatever any text in its prompt tells it to.

    It repeats every line after `SAY:`, and where a schema has a field `action` it calls every tool
    that any text asks for with `CALL: name {json}`, over and over. What Beagle lets through must
    not depend on a model's good will.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: list[ModelCall] = []

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Obeys, in the shape of the schema if there is one."""
        with self._lock:
            self.calls.append(call)

        prompt = "\n".join(message["content"] for message in call.messages)
        orders = "\n".join(re.findall(r"SAY:\s*(.+)", prompt)) or prompt
        if call.schema is None:
            return _reply(call, orders, 0.0, on_text)

        value = smallest_instance(call.schema)
        _fill_texts(value, call.schema, orders)

        wanted = re.findall(r"CALL:\s*(\S+)\s*(\{[^{}\n]*\})?", prompt)
        if wanted and "action" in value:
            # Another tool at each call, so that a long prompt gets all its wishes in turn.
            name, arguments = wanted[len(self.calls) % len(wanted)]
            value["action"] = {"tool": name, "args": _json(arguments)}

        return _reply(call, json.dumps(value), 0.0, on_text)


def smallest_instance(schema: Mapping[str, Any]) -> Any:
    """Returns the smallest value that a JSON Schema allows; the first of an `enum`."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]

    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            return smallest_instance(schema[keyword][0])

    kind = schema.get("type", "string")
    if kind == "object":
        properties = schema.get("properties", {})
        required = schema.get("required", properties)
        return {name: smallest_instance(properties[name]) for name in required}

    if kind == "array":
        return [smallest_instance(schema["items"]) for _ in range(schema.get("minItems", 0))]

    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    if kind == "boolean":
        return False
    if kind == "null":
        return None

    return "x" * schema.get("minLength", 0)


def _fill_texts(value: Any, schema: Mapping[str, Any], text: str) -> None:
    """Puts `text` into every free-text field of `value`, as far as the schema allows."""
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


def _reply(
    call: ModelCall, text: str, seconds: float, on_text: Callable[[str], None] | None
) -> ModelReply:
    """Makes a reply of `text`, word by word; a word is a token here."""
    words = re.findall(r"\S+\s*|\s+", text)
    written = words[: call.output_tokens]
    finish_reason = "length" if len(words) > call.output_tokens else "stop"

    if on_text is not None:
        for word in written:
            on_text(word)

    prompt_tokens = sum(len(message["content"].split()) for message in call.messages)
    return ModelReply(
        text="".join(written),
        model=call.models[0] if call.models else "stand-in",
        tokens=split_tokens(prompt_tokens, len(written), 0, call.parts),
        usd=0.0,
        seconds=seconds,
        finish_reason=finish_reason,
    )
