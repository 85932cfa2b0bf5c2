"""Messages as mining reads them: masked, without exact repeats, in an order of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from router.text.normalise import normalise
from router.text.redact import redact

HOUR = 3600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message.

    Attributes:
        at: When it was sent, in unix seconds.
        quotable: False for private places; such rows count but are never quoted.
        record: What is known once Beagle has answered: `route`, `kind`, `version`, `data` (the
            structured answer), `text` (the reply), `tool`, `corrected`, `right`, `usd`, `seconds`,
            `model`, `input_tokens`, `output_tokens`, `cached_tokens`. Empty without an answer.
    """

    text: str
    user: str
    at: float
    channel: str = ""
    quotable: bool = True
    record: Mapping[str, Any] = field(default_factory=dict)


def canonicalise(rows: Sequence[Row]) -> tuple[list[int], list[str]]:
    """Returns the positions of the rows to mine, in canonical order, and their normalised texts.

    Identical messages of one person within an hour are mined once. The order follows from a hash
    of each row's content, so that the same rows in another order give the same result. Rows without
    a letter are left out.
    """
    texts = [normalise(row.text) for row in rows]
    first_position: dict[tuple[str, str, int], int] = {}

    for position in sorted(range(len(rows)), key=lambda i: _sort_key(rows[i])):
        row = rows[position]
        text = texts[position].lower()
        if any(letter.isalpha() for letter in text):
            hour = int(row.at // HOUR)
            first_position.setdefault((text, row.user, hour), position)

    positions = list(first_position.values())
    return positions, [texts[position] for position in positions]


def mask_rows(rows: Sequence[Row], names: Iterable[str] = ()) -> list[Row]:
    """Returns the rows with personal data and secrets masked, and these names of people.

    Only masked rows may be embedded or stored.
    """
    known_names = frozenset(names)
    return [replace(row, text=redact(row.text, known_names)) for row in rows]


def _sort_key(row: Row) -> tuple[bytes, str, float, str]:
    # Sorting by the hash mixes texts. An alphabetical order would put similar rows side by side,
    # and even samples are taken along this order.
    digest = hashlib.blake2b(row.text.encode("utf-8", "replace"), digest_size=8).digest()
    return digest, row.user, row.at, row.channel
