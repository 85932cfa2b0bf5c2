"""What the stand-in model of a soak answers: texts of a usual length, shapes as asked, quotes."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from typing import Any

from workers.llm.fakes import smallest_instance

ANSWER = (
    "Here is what I would do first. Look at the part that changed most recently, compare it with "
    "the last state that worked, and tell the people who wait for it when they will hear from you "
    "again. If that does not help, go one step further back and ask the team that owns the part. "
    "Write down what you found, so that the next person finds it faster than you did."
)
"""A free-text answer: 70 words, as chat models write them."""
NUMBER = re.compile(r"\(no\. (\d{1,9})\)")
"""The mark by which a message's model calls are recognised."""
PASSAGE = re.compile(r"<passages>\n\[1\][^\n]{0,400}\n([^\n]{20,200})")
MAX_MESSAGES = 20_000
QUOTE_CHARACTERS = 80


def model_reply(body: dict[str, Any]) -> str:
    """Returns the answer to a chat completion: JSON where a schema is given, else a text."""
    shape = body.get("response_format", {}).get("json_schema")
    if shape is None:
        return ANSWER

    schema = shape["schema"]
    if "citations" in schema.get("properties", {}):
        return json.dumps(_cited_answer(str(body["messages"][-1]["content"])))

    return json.dumps(smallest_instance(schema))


def _cited_answer(prompt: str) -> dict[str, object]:
    """Returns an answer that quotes the first passage, or says that there is none."""
    passage = PASSAGE.search(prompt)
    if passage is None:
        return {"answered": False, "answer": "", "citations": []}

    quote = passage.group(1)[:QUOTE_CHARACTERS].strip()
    return {
        "answered": True,
        "answer": f"{quote} [1]",
        "citations": [{"number": 1, "quote": quote}],
    }


class ModelTimes:
    """How long the model has worked for each message, from the first call to the end of the last.

    Calls that overlap count once. Safe for many threads; the oldest messages are dropped.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: OrderedDict[int, list[tuple[float, float]]] = OrderedDict()

    def add(self, body: dict[str, Any], end: float, seconds: float) -> None:
        """Counts a call that ended at `end` (unix seconds) and took `seconds`."""
        numbers = NUMBER.findall(str(body["messages"]))
        if not numbers:
            return

        with self._lock:
            # The newest message is the last one; those before it are the thread's.
            self._seconds.setdefault(int(numbers[-1]), []).append((end - seconds, end))
            while len(self._seconds) > MAX_MESSAGES:
                self._seconds.popitem(last=False)

    def seconds(self, number: int, until: float) -> float:
        """Returns the seconds during which the model worked for the message before `until`."""
        with self._lock:
            spans = sorted(span for span in self._seconds.get(number, ()) if span[0] < until)

        total = 0.0
        latest = 0.0
        for start, end in spans:
            # A connection may be counted as busy a moment after its answer has arrived.
            end = min(end, until)
            total += max(0.0, end - max(start, latest))
            latest = max(latest, end)

        return total
