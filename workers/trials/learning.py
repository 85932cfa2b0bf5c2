"""Collects what small learners of a candidate may learn from, and what earlier reports say."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from router.catalog.version import Version
from router.kinds import ADAPTER_KINDS
from router.lifecycle_evidence import EvaluatedEvidence
from workers.context import Context
from workers.datasets.labelled import LabelledRows
from workers.mining.rows import Row
from workers.readiness.learners import LabelledTexts

MAX_LIKED = 800
"""Liked answers to learn from, the newest ones: more take time and tell little more."""


def labelled_texts(
    context: Context,
    live: Version,
    labelled: LabelledRows,
    rows: Sequence[Row],
    vectors: NDArray[np.float32],
) -> LabelledTexts | None:
    """Returns the labelled rows, then the logged answers that people liked.

    `vectors` are those of the logged `rows`, `(n, d)`. None where answers are free text, or where
    no encoder is configured.
    """
    if live.output is None or not context.encoder.is_configured:
        return None

    own = [*labelled.train, *labelled.dev, *labelled.test]
    if not own:
        return None

    liked = [
        index
        for index, row in enumerate(rows)
        if row.record.get("right") and row.record.get("data") is not None
    ]
    liked = sorted(liked, key=lambda index: rows[index].at)[-MAX_LIKED:]
    own_vectors = np.asarray(context.encoder.encode([row.text for row in own]), np.float32)

    return LabelledTexts(
        texts=[*(row.text for row in own), *(rows[index].text for index in liked)],
        answers=[
            *(answer_text(row.answer) for row in own),
            *(answer_text(rows[index].record["data"]) for index in liked),
        ],
        vectors=np.concatenate([own_vectors, vectors[liked].astype(np.float32)]),
        scored=len(own),
    )


def answer_text(answer: object) -> str:
    """Returns an answer as text: equal answers, equal texts."""
    return json.dumps(answer, sort_keys=True, ensure_ascii=False, default=str)


def earlier_tuned_gains(context: Context, team: str) -> list[float]:
    """Returns how much better than a head each earlier tuned version of the workspace was."""
    store = context.store
    gains = []
    for candidate in store.candidates.for_team(team):
        for edge in store.candidates.history(candidate.id):
            evidence = edge.evidence
            if not isinstance(evidence, EvaluatedEvidence) or evidence.subject_version is None:
                continue

            route = str(candidate.route or candidate.evidence.route)
            report = store.datasets.newest_report(team, route, evidence.subject_version)
            if report is None or report.body["kinds"].get("new") not in ADAPTER_KINDS:
                continue

            figures = report.body["figures"]
            if "head" in figures:
                gains.append(figures["new"]["accuracy"] - figures["head"]["accuracy"])

    return gains
