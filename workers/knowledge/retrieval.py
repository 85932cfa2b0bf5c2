"""Retrieves the passages for a request, limited to what everybody who sees its answer may read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from router.index import Hit, Vector
from router.store import Store
from router.text.scripts import words_of
from router.text.terms import extract_terms, stem
from router.types import Request, Viewer
from workers.context import Context, Work
from workers.knowledge.earlier_turns import earlier_turns
from workers.knowledge.membership import ReadingRights
from workers.knowledge.relevance.ranking import RANKED, rank_passages

MENTION = re.compile(r"<[@#!][^<>]*>")
RERANK_LIMIT = 20
"""Passages for the reranker: each costs a forward pass of a transformer."""
MIN_QUERY_TERMS = 3
"""A message in a thread with fewer index terms continues the message before it."""


def retrieve(context: Context, work: Work, top: int) -> list[Hit]:
    """Returns the best passages for the request, best first; empty without documents."""
    return search(context, search_query(work), query_vector(context.store, work), work, top)


def retrieve_follow_up(context: Context, work: Work, top: int) -> list[Hit]:
    """Returns the best passages for the request as a continuation of the person's last question.

    Empty where it does not continue one.
    """
    query = follow_up_query(work)
    if query is None:
        return []

    vector = follow_up_vector(context.store, work.request)
    return search(context, query, vector, work, top)


def search(context: Context, query: str, vector: Vector | None, work: Work, top: int) -> list[Hit]:
    """Returns the best passages for whoever sees the answer, best first, and notes whose they are.

    The shipped ranking orders what the index found, then a reranker, if there is one. Both only get
    what the viewer may read. If the reranker fails, the order of the ranking stays.
    """
    hits = _ranked(context, query, vector, work, top)
    work.acls.update(hit.acl for hit in hits)
    return hits


def _ranked(context: Context, query: str, vector: Vector | None, work: Work, top: int) -> list[Hit]:
    reranker = context.reranker

    def find(viewer: Viewer) -> list[Hit]:
        return context.index.search(query, vector, viewer, max(top, RANKED))

    hits = rank_passages(query, reading_rights(context).search(work.request, find))
    if reranker is None:
        return hits[:top]

    candidates = hits[: max(top, RERANK_LIMIT)]
    scores = reranker.scores(query, [f"{hit.title}\n{hit.body}" for hit in candidates])
    if scores is not None:
        hits = [replace(hit, score=score) for hit, score in zip(candidates, scores, strict=True)]
        hits.sort(key=lambda hit: -hit.score)

    return hits[:top]


def reading_rights(context: Context) -> ReadingRights:
    """Returns who may read what, by the process's store and directory."""
    max_age = context.settings.rights_max_age_seconds
    return ReadingRights(context.store.access, context.directory, context.now, max_age)


def search_query(work: Work) -> str:
    """Returns the text to search for: the message, without mentions.

    A message that is too short to be searched for follows the person's previous message.
    """
    text = _plain_text(work.request.text)
    previous = _previous_message(work)
    if previous and len(extract_terms(text)) < MIN_QUERY_TERMS:
        return f"{previous} {text}"

    return text


def follow_up_query(work: Work) -> str | None:
    """Returns the previous message and this one, as one query.

    None if there is no previous message, or if `search_query` contains it already.
    """
    text = _plain_text(work.request.text)
    previous = _previous_message(work)
    if not previous or search_query(work) != text:
        return None

    return f"{previous} {text}"


def goes_on_with(work: Work, query: str) -> bool:
    """Returns whether the query is more than the message: also the one before it."""
    return query != _plain_text(work.request.text)


def new_words(work: Work) -> str:
    """Returns the words of the message that the person's previous one does not have."""
    known = set(map(stem, words_of(_previous_message(work))))
    words = words_of(_plain_text(work.request.text))
    return " ".join(word for word in words if stem(word) not in known)


def format_passages(hits: Sequence[Hit]) -> str:
    """Returns the passages for a model's prompt: numbered from 1, with heading and date."""
    parts = []
    for number, hit in enumerate(hits, 1):
        # The heading is quoted: it must not be able to end its line or its quotes.
        heading = hit.title.replace('"', "'").replace("\n", " ")
        parts.append(f'[{number}] "{heading}" (changed {format_date(hit.updated_at)})\n{hit.body}')

    return "\n\n".join(parts)


def format_date(at: float) -> str:
    """Returns the UTC date of a time in unix seconds, as YYYY-MM-DD."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def query_vector(store: Store, work: Work) -> Vector | None:
    """Returns the vector of `search_query`, None if there is none."""
    if search_query(work) == _plain_text(work.request.text):
        return stored_vector(store, work.request)

    return follow_up_vector(store, work.request)


def stored_vector(store: Store, request: Request) -> Vector | None:
    """Returns the message's vector that routing stored, None if there is none."""
    stored = store.requests.vector(request.id)
    if stored is None:
        return None

    encoder, data = stored
    return encoder, np.frombuffer(data, dtype=np.float32)


def _plain_text(text: str) -> str:
    return MENTION.sub(" ", text).strip()


def _previous_message(work: Work) -> str:
    """Returns the person's last message before this one in the thread, empty without one."""
    for turn in reversed(work.history):
        if turn["role"] == "user":
            return _plain_text(turn["content"])

    return ""


def follow_up_vector(store: Store, request: Request) -> Vector | None:
    """Returns the normalised mean of the vectors of the message and the one before it.

    None where either has no vector, or where they come from different encoders.
    """
    pair = []
    for message in (*earlier_turns(store, request, 1), request):
        vector = stored_vector(store, message)
        if vector is not None:
            pair.append(vector)

    if len(pair) < 2 or pair[0][0] != pair[1][0]:
        return None

    # Both have unit length, so their sum points in the direction of the mean.
    combined = pair[0][1] + pair[1][1]
    length = float(np.linalg.norm(combined))
    if length == 0:
        return None

    return pair[1][0], combined / length
