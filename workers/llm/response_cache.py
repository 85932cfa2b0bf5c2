"""Answers an identical call from memory, where its route asked for that."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from router.types import Tokens
from workers.ports import Call, Reply

LARGEST = 1000
SECONDS_KEPT = 3600.0


class Replay:
    """The last replies to calls that allow it, for an hour at most, in this process only."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Reply]] = OrderedDict()

    def find(self, call: Call) -> Reply | None:
        """The earlier reply to the same question; it cost nothing this time."""
        if not call.cache:
            return None

        key = _key(call)
        with self._lock:
            at, reply = self._kept.get(key, (0.0, None))
            if reply is None or self._now() - at > SECONDS_KEPT:
                return None

            self._kept.move_to_end(key)

        return replace(reply, tokens=Tokens(), usd=0.0, seconds=0.0)

    def keep(self, call: Call, reply: Reply) -> None:
        """The reply may answer the same call again; a reply that was cut off may not."""
        if not call.cache or reply.stop == "length":
            return

        with self._lock:
            self._kept[_key(call)] = (self._now(), reply)
            while len(self._kept) > LARGEST:
                self._kept.popitem(last=False)


def _key(call: Call) -> str:
    # The workspace belongs to the key: one company's answer never serves another.
    team = call.payer.team if call.payer else ""
    asked = [team, list(call.models), [dict(m) for m in call.messages], call.schema, call.adapter]
    how = [call.output_tokens, call.temperature, call.seed]

    return hashlib.sha256(json.dumps([asked, how], sort_keys=True).encode()).hexdigest()
