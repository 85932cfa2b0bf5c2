"""Finds the passages for a request, as the people who will read its answer may see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from router.search import Hit, Vector
from router.store.lexical import words
from router.store.readers import Readers
from router.types import Request, Viewer
from workers.context import Context, Work
from workers.roster import ask_about

MENTION = re.compile(r"<[@#!][^>]*>")
FEW_WORDS = 3
"""A message with fewer telling words in a thread goes on from the message before it."""


def retrieve(context: Context, work: Work, top: int) -> list[Hit]:
    """The best passages for the request, best first; none where nothing has been ingested."""
    if context.search is None:
        return []
    query = question(work)
    vector = _vector(context, work.request) if query == _plain(work.request.text) else None
    found: list[Hit] = context.search.search(query, vector, viewer(context, work.request), top)
    return found


def viewer(context: Context, request: Request) -> Viewer:
    """Who will read the answer: in a channel everybody in it, so only what all of them may read; in a DM one person.

    Slack is asked first about whoever is unknown.
    """
    readers = Readers(context.store.engine)
    if context.directory is not None:
        ask_about(readers, context.directory, request, context.now())
    return readers.viewer(request.team, request.user, request.channel, request.channel_kind)


def question(work: Work) -> str:
    """What is asked, in words: the message, after the person's last one where it is too short to stand alone."""
    text = _plain(work.request.text)
    earlier = [turn["content"] for turn in work.history if turn["role"] == "user"]
    if earlier and len(words(text)) < FEW_WORDS:
        return f"{_plain(earlier[-1])} {text}"
    return text


def passages(hits: Sequence[Hit]) -> str:
    """The passages as a model reads them: numbered from 1, each with where it stands and its date."""
    parts = []
    for number, hit in enumerate(hits, 1):
        heading = hit.title.replace('"', "'").replace("\n", " ")
        parts.append(f'[{number}] "{heading}" (changed {day(hit.updated_at)})\n{hit.body}')
    return "\n\n".join(parts)


def day(at: float) -> str:
    """The date of a time, for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _plain(text: str) -> str:
    return MENTION.sub(" ", text).strip()


def _vector(context: Context, request: Request) -> Vector | None:
    """The vector that decide made of the message."""
    kept = context.store.requests.vector(request.id)
    return (kept[0], np.frombuffer(kept[1], dtype=np.float32)) if kept else None
