"""A workspace's requests as mining takes them: masked, with what became of them, and vectors that are made once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.encoder.factory import Encoder
from router.store.mining.channel_messages import Remark
from router.store.mining.minable_requests import Asked, Minable
from workers.mining.pipeline import Encode
from workers.mining.rows import Row


def rows_of(asked: Sequence[Asked]) -> list[Row]:
    """The rows, in the same order. What was asked in private places or DMs counts and is never quoted."""
    return [
        Row(
            one.text,
            one.user,
            one.received_at,
            one.channel,
            one.channel_kind == "public",
            _record(one),
        )
        for one in asked
    ]


def remarks_of(said: Sequence[Remark]) -> list[Row]:
    """What was not said to Beagle, in the same order; nothing has answered it, and private places are never quoted."""
    return [
        Row(one.text, one.user, one.at, one.channel, one.channel_kind == "public") for one in said
    ]


def _record(one: Asked) -> dict[str, object]:
    if not one.route or one.error:
        return {}

    tokens = one.tokens or {}
    read = sum(tokens.get(name, 0) for name in ("system", "few_shot", "context", "query"))
    found: dict[str, object] = {
        "route": one.route,
        "kind": one.kind,
        "version": one.version,
        "data": one.data,
        "text": one.reply,
        "model": one.model,
        "usd": one.usd,
        "seconds": one.seconds,
        "input_tokens": read,
        "output_tokens": tokens.get("output", 0),
        "cached_tokens": tokens.get("cached", 0),
        "corrected": one.corrected or one.thumb == "down",
    }

    if one.tool:
        found["tool"] = {"name": one.tool, "arguments": one.args or {}}
    if one.corrected or one.thumb is not None:
        found["right"] = one.thumb != "down" and not one.corrected

    return found


def hashed(text: str) -> str:
    """What a text's vector is kept under: the text is masked and made plain before, as mining does."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Remembering:
    """An encoder that asks the store first: a text that any week has embedded is never embedded again."""

    encoder: Callable[[], Encoder]
    minable: Minable
    now: float

    def encode(self) -> Encode:
        """The encoding function; the model is loaded at the first text that is new."""
        inner = self.encoder()

        def encode(texts: Sequence[str]) -> NDArray[np.float32]:
            names = [hashed(text) for text in texts]
            known = self.minable.vectors(names, inner.model_id, self.now)

            new = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
            if new:
                made = np.ascontiguousarray(inner.encode(list(new.values())), dtype=np.float32)
                fresh = {name: row.tobytes() for name, row in zip(new, made, strict=True)}
                self.minable.keep(inner.model_id, fresh, self.now)
                known |= fresh

            return (
                np.stack([np.frombuffer(known[name], np.float32) for name in names])
                if names
                else inner.encode([])
            )

        return encode
