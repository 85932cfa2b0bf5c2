"""Finds the passages for a request, as the people who will read its answer may see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from router.index import Hit, Vector
from router.store import Store
from router.store.knowledge.access import Readers
from router.store.knowledge.lexical import words
from router.types import Request, Viewer
from workers.context import Context, Work
from workers.knowledge.membership import ask_about

MENTION = re.compile(r"<[@#!][^>]*>")
READ_AGAIN = 20
"""Passages that a reranker is handed: each costs it a pass of a transformer."""
FEW_WORDS = 3
"""A message with fewer telling words in a thread goes on from the message before it."""


def retrieve(context: Context, work: Work, top: int) -> list[Hit]:
    """The best passages for the request, best first; none where nothing has been ingested."""
    if context.search is None:
        return []

    query = question(work)
    alone = query == _plain(work.request.text)
    vector = (
        stored_vector(context.store, work.request) if alone else _both(context.store, work.request)
    )

    return found(context, query, vector, work.request, top)


def retrieve_on(context: Context, work: Work, top: int) -> list[Hit]:
    """The best passages for the request as it goes on from the question before it; none where it does not."""
    query = followed(work)
    if context.search is None or query is None:
        return []

    vector = _both(context.store, work.request)
    return found(context, query, vector, work.request, top)


def found(
    context: Context, query: str, vector: Vector | None, request: Request, top: int
) -> list[Hit]:
    """The index's best passages for whoever reads the answer to `request`; with a reranker in the order that it gives.

    The reranker is handed only what the viewer may read. Without a word from it the index's order
    stands.
    """
    asked = top if context.reranker is None else max(top, READ_AGAIN)
    hits: list[Hit] = context.search.search(query, vector, viewer(context, request), asked)

    scores = (
        context.reranker.scores(query, [f"{hit.title}\n{hit.body}" for hit in hits])
        if context.reranker
        else None
    )
    if scores is not None:
        hits = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        hits.sort(key=lambda hit: -hit.score)

    return hits[:top]


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
    earlier = _before(work)
    return f"{earlier} {text}" if earlier and len(words(text)) < FEW_WORDS else text


def followed(work: Work) -> str | None:
    """The message behind the person's last one, None where there is none or `question` has it already."""
    text, earlier = _plain(work.request.text), _before(work)
    return f"{earlier} {text}" if earlier and question(work) == text else None


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


def _before(work: Work) -> str:
    """What the person had asked before in the thread, empty when nothing."""
    return next(
        (_plain(turn["content"]) for turn in reversed(work.history) if turn["role"] == "user"), ""
    )


def stored_vector(store: Store, request: Request) -> Vector | None:
    """The vector that decide made of the message."""
    kept = store.requests.vector(request.id)
    return (kept[0], np.frombuffer(kept[1], dtype=np.float32)) if kept else None


def _both(store: Store, request: Request) -> Vector | None:
    """The direction between the message and the one before it in the thread; None where one has no vector."""
    earlier = store.requests.thread(request, 1)
    pair = [stored_vector(store, one) for one in (*earlier, request)]
    if len(pair) < 2 or pair[0] is None or pair[1] is None or pair[0][0] != pair[1][0]:
        return None

    middle = pair[0][1] + pair[1][1]
    length = float(np.linalg.norm(middle))
    return (pair[1][0], middle / length) if length > 0 else None
