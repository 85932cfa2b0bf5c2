"""What the route classifier reads of messages: the encoder's views of them, and their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Ints, Rows
from router.classifier.words import WordRows
from router.encoder.protocol import Encoder


@dataclass(frozen=True, slots=True)
class Messages:
    """Some messages: `rows` `(n, views * dim)` are their views, `words` their words."""

    rows: Rows
    words: WordRows

    @classmethod
    def read(cls, texts: Sequence[str], encoder: Encoder) -> Messages:
        """Returns the messages of these texts, which are read as they stand."""
        return cls(encoder.views(texts), WordRows.read(texts))

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, selected: Ints) -> Messages:
        """Returns the messages of these row numbers, in their order."""
        return Messages(self.rows[selected], self.words.take(selected))

    def followed_by(self, *others: Messages) -> Messages:
        """Returns these messages and the others behind them."""
        parts = (self, *others)
        rows = np.concatenate([part.rows for part in parts])
        ids = np.concatenate([part.words.ids for part in parts])
        lengths = np.concatenate([np.diff(part.words.starts) for part in parts])
        return Messages(rows, WordRows(ids, np.concatenate([[0], np.cumsum(lengths)])))
