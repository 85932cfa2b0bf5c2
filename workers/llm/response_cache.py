"""An in-memory LRU cache of replies, for routes that allow identical calls to share an answer."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from router.types import Tokens
from workers.ports import ModelCall, ModelReply

MAX_ENTRIES = 1000
TTL_SECONDS = 3600.0


class ResponseCache:
    """The last 1000 replies to calls that allow caching, for an hour, in this process only."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[float, ModelReply]] = OrderedDict()

    def get(self, call: ModelCall) -> ModelReply | None:
        """Returns the reply to an identical call, without tokens, cost and time; else None."""
        if not call.cache:
            return None

        key = _key(call)
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None

            stored_at, reply = entry
            if self._now() - stored_at > TTL_SECONDS:
                return None

            # The first entry is always the one that was not used for longest.
            self._entries.move_to_end(key)

        return replace(reply, tokens=Tokens(), usd=0.0, seconds=0.0)

    def put(self, call: ModelCall, reply: ModelReply) -> None:
        """Stores the reply if the call allows it; a reply that was cut off is not stored."""
        if not call.cache or reply.finish_reason == "length":
            return

        with self._lock:
            self._entries[_key(call)] = (self._now(), reply)
            while len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)


def _key(call: ModelCall) -> str:
    """Returns a digest of all that determines the answer, and of the workspace."""
    # The workspace belongs to the key: one company's answer never serves another.
    team = call.payer.team if call.payer else ""
    messages = [dict(message) for message in call.messages]
    question = [team, list(call.models), messages, call.schema, call.adapter]
    options = [call.output_tokens, call.temperature, call.seed, call.picture_hashes]

    return hashlib.sha256(json.dumps([question, options], sort_keys=True).encode()).hexdigest()
