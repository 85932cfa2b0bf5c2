"""Counts the votes of several samples for one field."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


class Vote:
    """Values that agree in `field` vote for each other; of equals, the one seen first wins."""

    def __init__(self, field: str, samples: int) -> None:
        self._field, self._samples = field, samples
        self._first: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()

    def add(self, value: Any) -> None:
        """One more sample has voted."""
        key = json.dumps(value.get(self._field), sort_keys=True)
        self._first.setdefault(key, value)
        self._counts[key] += 1

    @property
    def decided(self) -> bool:
        """Whether the samples that are still out cannot change the winner."""
        ranked = [count for _, count in self._counts.most_common(2)] + [0, 0]
        return ranked[0] - ranked[1] > self._samples - self._counts.total()

    def winner(self) -> Any:
        """The first sample with the most votes."""
        key, _ = self._counts.most_common(1)[0]
        return self._first[key]
