"""Self-consistency: a majority vote of several sampled answers on one field."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


class MajorityVote:
    """Counts answers (JSON objects) by their value of one field; the first of equals wins."""

    def __init__(self, field: str, samples: int) -> None:
        self._field = field
        self._samples = samples
        self._first: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()

    def add(self, answer: Any) -> None:
        """Counts one more sample."""
        key = json.dumps(answer.get(self._field), sort_keys=True)
        # Ties are won by the value seen first, so the order of the samples decides and no chance.
        self._first.setdefault(key, answer)
        self._counts[key] += 1

    @property
    def is_decided(self) -> bool:
        """Whether the samples that are missing cannot change the winner."""
        # Only the two leading values matter.
        counts = [count for _, count in self._counts.most_common(2)]
        lead = counts[0] if counts else 0
        if len(counts) == 2:
            lead -= counts[1]

        return lead > self._samples - self._counts.total()

    @property
    def share(self) -> float:
        """The winner's share of the samples so far, 0-1."""
        counts = self._counts.most_common(1)
        return counts[0][1] / self._counts.total() if counts else 0.0

    def winner(self) -> Any:
        """Returns the first answer that has the winning value."""
        key, _ = self._counts.most_common(1)[0]
        return self._first[key]
