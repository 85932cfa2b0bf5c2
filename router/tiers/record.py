"""The quality record of a tier for a region: its route's rows, then answers to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.tiers.choice import TierRecord
from router.tiers.quality import CHANGE_Z, Estimate, JudgedAnswer, estimate_quality, mean_of

ROUTE_WEIGHT = 40.0
"""What is known of the whole route counts like at most this many answers in each region."""
OTHER_WEIGHT = 5.0
"""The same in a region that differs clearly from the whole route."""
MIN_PRICED = 5
"""Answers from which their mean cost replaces the price that the author stated."""
RECENT = 50
"""Newest answers of a region that say how often the checks do not let one stand."""


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """A labelled row that a version has answered: `value` is how right it was, 0-1.

    `example` is the id of the row, `stood` whether the checks let the answer stand.
    """

    example: str
    value: float
    stood: bool
    usd: float


def measured_rows(body: Mapping[str, Any] | None) -> list[MeasuredRow]:
    """Returns the rows of a stored measurement; none where there is no measurement."""
    rows = (body or {}).get("rows", ())
    return [MeasuredRow(str(row[0]), float(row[1]), bool(row[2]), float(row[3])) for row in rows]


def tier_record(
    tier: TierRecord,
    answers: Sequence[JudgedAnswer],
    rows: Sequence[MeasuredRow],
    region: str,
    region_of: Mapping[str, str],
    now: float,
) -> TierRecord:
    """Returns the tier with its quality for the region.

    `answers` are of the whole route, as are the `rows`, whose regions are in `region_of` by the id
    of the example. No model is called.
    """
    here = [answer for answer in answers if answer.region == region]
    near = [row for row in rows if region_of.get(row.example) == region]
    return TierRecord(
        version=tier.version,
        name=tier.name,
        usd=tier.usd,
        raw=_estimate(answers, here, rows, near, now),
        standing=_estimate(_stood(answers), _stood(here), _stood(rows), _stood(near), now),
        escalated=_escalated(here, near or rows),
    )


def price_of(
    declared: float | None, answers_usd: Sequence[float], rows: Sequence[MeasuredRow]
) -> float | None:
    """Returns what an answer of a tier costs in USD, None where nobody knows.

    What was paid of late is surer than what was measured once, and that than what was stated.
    """
    if len(answers_usd) >= MIN_PRICED:
        return sum(answers_usd) / len(answers_usd)
    if rows:
        return sum(row.usd for row in rows) / len(rows)

    return declared


def _estimate(
    answers: Sequence[JudgedAnswer],
    here: Sequence[JudgedAnswer],
    rows: Sequence[MeasuredRow],
    near: Sequence[MeasuredRow],
    now: float,
) -> Estimate:
    """Returns the estimate for a region: its own rows and answers, and a little of the route's."""
    route = estimate_quality(answers, mean_of([row.value for row in rows]), now)
    measured = mean_of([row.value for row in near])
    alone = estimate_quality(here, measured, now)
    low, high = alone.interval(CHANGE_Z)
    weight = ROUTE_WEIGHT if low <= route.mean <= high else OTHER_WEIGHT
    return estimate_quality(here, measured.joined(route, weight), now)


def _escalated(here: Sequence[JudgedAnswer], rows: Sequence[MeasuredRow]) -> float:
    newest = sorted(here, key=lambda answer: -answer.at)[:RECENT]
    stood = [answer.stood for answer in newest] + [row.stood for row in rows]
    return 1 - sum(stood) / len(stood) if stood else 0.0


def _stood(judged: Iterable[Any]) -> list[Any]:
    return [one for one in judged if one.stood]
