"""Turns stored requests and messages into rows, and caches their embeddings in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder
from router.store.mining.channel_messages import ChannelMessage
from router.store.mining.embeddings import StoredEmbeddings
from router.store.mining.minable_requests import MinableRequest
from workers.knowledge.membership import ReadingRights
from workers.mining.pipeline import Encode
from workers.mining.rows import Row

MAX_CHANNELS = 200
"""Channels of one workspace of which Slack is asked whether they are public today."""
INPUT_TOKENS = ("system", "few_shot", "context", "query")


def to_rows(requests: Sequence[MinableRequest]) -> list[Row]:
    """Returns the requests as rows, in the same order; those in private places are not quotable."""
    return [
        Row(
            text=request.text,
            user=request.user,
            at=request.received_at,
            channel=request.channel,
            quotable=request.channel_kind == "public",
            record=_record(request),
        )
        for request in requests
    ]


def messages_to_rows(messages: Sequence[ChannelMessage]) -> list[Row]:
    """Returns messages that were not addressed to Beagle as rows, in the same order."""
    return [
        Row(
            text=message.text,
            user=message.user,
            at=message.at,
            channel=message.channel,
            quotable=message.channel_kind == "public",
        )
        for message in messages
    ]


def quotable_today(rows: Sequence[Row], team: str, rights: ReadingRights) -> list[Row]:
    """Returns the rows; quotable are only those of channels that Slack calls public today."""
    channels = {row.channel for row in rows if row.quotable}
    public = rights.public_channels(team, channels, MAX_CHANNELS)
    return [replace(row, quotable=row.quotable and row.channel in public) for row in rows]


def without_answers(
    messages: Sequence[ChannelMessage], requests: Sequence[MinableRequest]
) -> list[ChannelMessage]:
    """Returns the messages without those that answer somebody else in their thread.

    An answer asks for nothing. Many of one form would otherwise look like a request of those who
    answer.
    """
    author_of = {(one.channel, one.ts): one.user for one in messages}
    for request in requests:
        author_of[request.channel, request.ts] = request.user

    kept = []
    for message in messages:
        asker = author_of.get((message.channel, message.thread_ts))
        if asker in (None, message.user):
            kept.append(message)

    return kept


def _record(request: MinableRequest) -> dict[str, object]:
    """Returns what is known of the answer; nothing where none was given."""
    if not request.route or request.error:
        return {}

    tokens = request.tokens or {}
    rejected = request.corrected or request.thumb == "down"
    record: dict[str, object] = {
        "route": request.route,
        "kind": request.kind,
        "version": request.version,
        "data": request.data,
        "text": request.reply,
        "model": request.model,
        "usd": request.usd,
        "seconds": request.seconds,
        "input_tokens": sum(tokens.get(name, 0) for name in INPUT_TOKENS),
        "output_tokens": tokens.get("output", 0),
        "cached_tokens": tokens.get("cached", 0),
        # A wrong answer says how good the version is; only a wrong route says that the task is not
        # settled.
        "corrected": request.corrected,
    }

    if request.tool:
        record["tool"] = {"name": request.tool, "arguments": request.args or {}}

    # Only an explicit reaction says whether the answer was right; silence says nothing.
    if request.corrected or request.thumb is not None:
        record["right"] = not rejected

    return record


def text_hash(text: str) -> str:
    """Returns the key of a text's stored embedding; the text must be masked and normalised."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class CachedEmbedding:
    """Embeds a workspace's texts, none of them twice; `now` is in unix seconds."""

    encoder: Encoder
    cache: StoredEmbeddings
    team: str
    now: float

    def encode(self) -> Encode:
        """Returns the encoding function; the model is loaded at the first text that is new."""
        return self._encode

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return self.encoder.encode([])

        keys = [text_hash(text) for text in texts]
        stored = self.cache.get(self.team, keys, self.encoder.model_id, self.now)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in stored}

        if missing:
            vectors = self.encoder.encode(list(missing.values()))
            contiguous = np.ascontiguousarray(vectors, dtype=np.float32)
            new = {key: row.tobytes() for key, row in zip(missing, contiguous, strict=True)}
            self.cache.insert(self.team, self.encoder.model_id, new, self.now)
            stored |= new

        return np.stack([np.frombuffer(stored[key], np.float32) for key in keys])
