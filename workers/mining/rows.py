"""What people asked, masked, without their exact repeats, and in an order that does not depend on how it came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from router.text.normalise import normalise
from router.text.redact import redact

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Row:
    """One message. `at` is in unix seconds. `shown` is false for private places: such rows count but are never quoted.

    `record` is what else is known once Beagle has answered it: `route`, `kind`, `data` (the
    structured answer), `text` (the reply), `tool`, `corrected`, `usd`, `seconds`, `model`,
    `input_tokens`, `output_tokens`, `cached_tokens`.
    """

    text: str
    user: str
    at: float
    channel: str = ""
    shown: bool = True
    record: Mapping[str, Any] = field(default_factory=dict)


def prepare(rows: Sequence[Row]) -> tuple[list[int], list[str]]:
    """The positions of the rows that are mined, in canonical order, and their texts normalised.

    Of one person's identical messages within an hour one stays. The order follows what a row says,
    never its place, so that the same rows in another order give the same result. Rows without a
    word are left out.
    """
    said = [normalise(row.text) for row in rows]
    first: dict[tuple[str, str, int], int] = {}

    for place in sorted(range(len(rows)), key=lambda i: _key(rows[i])):
        row, plain = rows[place], said[place].lower()
        if any(letter.isalpha() for letter in plain):
            first.setdefault((plain, row.user, int(row.at // HOUR)), place)

    places = list(first.values())
    return places, [said[place] for place in places]


def mask(rows: Sequence[Row], names: Iterable[str] = ()) -> list[Row]:
    """The same rows with personal data and secrets masked; what leaves this function may be embedded and kept."""
    known = frozenset(names)
    return [replace(row, text=redact(row.text, known)) for row in rows]


def _key(row: Row) -> tuple[bytes, str, float, str]:
    digest = hashlib.blake2b(row.text.encode("utf-8", "replace"), digest_size=8).digest()
    return digest, row.user, row.at, row.channel
