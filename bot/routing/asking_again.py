"""Asking again is feedback: who rephrases a request, or objects to its answer, was not helped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder
from router.store import Store
from router.store.versions.quality import Judgement, JudgementSource
from router.text.normalise import normalise
from router.types import Request

WITHIN_SECONDS = 600.0
"""Asking again so long after an answer is about that answer."""
REPHRASED = 0.65
"""Cosine from which a message says the same as the one before. With the fast encoder, rephrased
requests are mostly above it, and follow-up questions about the same thing below."""
REPHRASED_AFTER_COMPLAINT = 0.45
"""The same for somebody who has just pressed thumbs down: they are likely to try again."""


class AskingAgain:
    """Finds the answer that did not help the person who asks now, and stores that it did not."""

    def __init__(self, store: Store, encoder: Encoder, now: Callable[[], float]) -> None:
        self._store = store
        self._encoder = encoder
        self._now = now

    def failed_version(
        self, request: Request, route: str, vector: NDArray[np.float32]
    ) -> str | None:
        """Returns the version whose answer this person asks for once more, if there is one.

        That is the last request of the same person in the channel within ten minutes, answered by
        the same route, which says nearly the same. It counts against that version.
        """
        last = self._store.quality.last_answer(request, route, request.received_at - WITHIN_SECONDS)
        if last is None:
            return None

        least = REPHRASED_AFTER_COMPLAINT if last.is_objected else REPHRASED
        before = self._encoder.encode([normalise(last.text)])[0]
        if float(before @ vector) < least or _numbers_differ(last.text, request.text):
            return None

        self._judge(last.request, last.revision, last.version, "asked_again", 0.0)
        return last.version

    def judge_answer(self, request: Request, source: JudgementSource, value: float) -> str | None:
        """Stores an opinion (0-1) of the newest answer; returns the version that gave it.

        None where there is no answer. It counts for versions that are tiers of a route alone.
        """
        progress = self._store.decisions.progress(request.id)
        if progress is None or progress.outcome is None or progress.outcome.error is not None:
            return None

        version = progress.outcome.version
        if progress.outcome.tier and version is not None:
            self._judge(request.id, progress.decision.revision, version, source, value)

        return version

    def _judge(
        self, request: str, revision: int, version: str, source: JudgementSource, value: float
    ) -> None:
        self._store.quality.judge(Judgement(request, revision, version, source, value, self._now()))


def _numbers_differ(first: str, second: str) -> bool:
    """Returns whether both messages have numbers, and not the same ones: two different sums."""
    one, other = (
        {word.strip(".,;:!?") for word in text.split() if any(map(str.isdigit, word))}
        for text in (first, second)
    )
    return bool(one) and bool(other) and one != other
