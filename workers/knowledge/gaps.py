"""What the week says about knowledge: questions without an answer, answers that change, passages that serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select

from router.store import Store
from router.store.base.engine import reading
from router.store.base.tables import outcome, request

ALIKE = 0.85
"""Cosine from which two questions count as the same one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that the documents did not answer. `example` is empty where nobody else may see what was asked."""

    example: str
    asked: int
    people: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Volatile:
    """A question whose answer has changed: a sign to look it up each time, and never to learn it by heart."""

    example: str
    asked: int
    answers: int


@dataclass(frozen=True, slots=True)
class Signals:
    """The knowledge part of a digest; `served` counts answers by the link of the passage they cite."""

    gaps: Sequence[Gap]
    volatile: Sequence[Volatile]
    served: Sequence[tuple[str, int]]
    answered: int
    not_found: int


def knowledge_signals(
    store: Store, team: str, since: float, until: float, top: int = 10
) -> Signals:
    """What was asked of the documents in that time. Texts of private channels and DMs are counted, never shown."""
    rows = _rows(store, team, since, until)
    groups = _groups(rows)
    found = [row for row in rows if row.data["answered"]]
    served = Counter(one["url"] for row in found for one in row.citations if one["url"])
    gaps = [_gap([row for row in group if not row.data["answered"]]) for group in groups]
    volatile = [_volatile([row for row in group if row.data["answered"]]) for group in groups]

    return Signals(
        gaps=sorted((gap for gap in gaps if gap), key=lambda gap: (-gap.people, -gap.asked))[:top],
        volatile=sorted((one for one in volatile if one), key=lambda one: -one.answers)[:top],
        served=served.most_common(top),
        answered=len(found),
        not_found=len(rows) - len(found),
    )


def _rows(store: Store, team: str, since: float, until: float) -> list[Any]:
    query = (
        select(
            request.c.text,
            request.c.user,
            request.c.channel_kind,
            request.c.received_at,
            request.c.vector,
        )
        .add_columns(request.c.encoder, outcome.c.data, outcome.c.citations)
        .join(outcome, outcome.c.request == request.c.id)
        .where(
            request.c.team == team, request.c.received_at >= since, request.c.received_at < until
        )
        .where(outcome.c.kind == "rag")
        .order_by(request.c.received_at)
    )
    with reading(store.engine) as connection:
        rows = connection.execute(query).all()

    return [
        row
        for row in rows
        if isinstance(row.data, dict) and isinstance(row.data.get("answered"), bool)
    ]


def _groups(rows: Sequence[Any]) -> list[list[Any]]:
    """Questions that are the same one: near in meaning, or the same words where there is no vector."""
    groups: list[list[Any]] = []
    heads: list[tuple[str, str, Any]] = []

    for row in rows:
        words = " ".join(row.text.casefold().split())
        vector = np.frombuffer(row.vector, dtype=np.float32) if row.vector else None

        for group, (encoder, head_words, head) in zip(groups, heads, strict=True):
            near = (
                vector is not None
                and head is not None
                and encoder == row.encoder
                and len(head) == len(vector)
            )
            if words == head_words or (near and float(head @ vector) >= ALIKE):
                group.append(row)
                break
        else:
            groups.append([row])
            heads.append((row.encoder or "", words, vector))

    return groups


def _example(rows: Sequence[Any]) -> str:
    return next((str(row.text) for row in rows if row.channel_kind == "public"), "")


def _gap(rows: Sequence[Any]) -> Gap | None:
    if not rows:
        return None

    return Gap(
        _example(rows),
        len(rows),
        len({row.user for row in rows}),
        max(row.received_at for row in rows),
    )


def _volatile(rows: Sequence[Any]) -> Volatile | None:
    """Answers differ when they rest on other words; the same words from another place are the same answer."""
    answers = {frozenset(" ".join(one["quote"].split()) for one in row.citations) for row in rows}
    return Volatile(_example(rows), len(rows), len(answers)) if len(answers) > 1 else None
