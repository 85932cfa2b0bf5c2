"""Says what is wrong with the documents behind failed answers: missing, stale, or not found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from router.encoder.protocol import Encoder
from router.index import Hit
from router.store.mining.week_requests import WeekRequest
from workers.knowledge.quotes.extractive_answer import select_quotes

Gap = Literal["missing", "stale", "not_found"]
MAX_QUESTIONS = 12
"""Questions of a group that are searched for again."""
DAY = 86_400.0
STALE_DAYS = 180.0
"""A document that nobody changed for so long, and that people object to, is taken for stale."""


def retrieval_gap(
    failed: Sequence[WeekRequest],
    search: Callable[[str], list[Hit]],
    now: float,
    encoder: Encoder | None = None,
) -> Gap:
    """Returns what most of the failed requests lacked, by searching for them again.

    `search` finds what every member of the workspace may read. Where nothing answers a question
    the document is missing. Where a document does, the answer quoted it and people objected, it is
    stale if it is old; in every other case the search did not find what is there.
    """
    gaps: Counter[Gap] = Counter()
    for request in failed[:MAX_QUESTIONS]:
        gaps[_gap(request, search(request.text), now, encoder)] += 1

    # By name where two are equal, so that the same week gives the same digest.
    return min(gaps, key=lambda gap: (-gaps[gap], gap)) if gaps else "missing"


def _gap(request: WeekRequest, hits: Sequence[Hit], now: float, encoder: Encoder | None) -> Gap:
    if request.answered is False:
        return "not_found" if select_quotes(request.text, hits, encoder) else "missing"

    cited = [hit for hit in hits if hit.url and hit.url in request.citations]
    if any(now - hit.updated_at > STALE_DAYS * DAY for hit in cited):
        return "stale"

    return "not_found" if select_quotes(request.text, hits, encoder) else "missing"
