"""Where a repeated request is asked, how soon people answer it, and what that takes of their time.

People who answer are counted and never named or put in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from workers.mining.exports import Answer
from workers.mining.rows import Row
from workers.readiness.evidence import monthly_requests

MAX_CHANNELS = 3
PRIVATE = "private places"
MINUTES = 60.0
MIN_ANSWERERS = 5
"""Where fewer people answer, it is not said how many answers came from one of them."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Where and how one request is asked.

    Attributes:
        channels: The channels that ask most with their counts; private places under one name.
        answered: How many of the requests somebody else answered in the thread.
        answerers: How many people did.
        most_answers: How many answers came from one person at most; 0 where few people answer.
        median_seconds: The median time until the first answer; None without one.
        monthly_hours: What people spend on it a month, at the set minutes for each request.
        monthly_usd: The same in money, at the set rate.
    """

    channels: Sequence[tuple[str, int]]
    answered: int
    answerers: int
    most_answers: int
    median_seconds: float | None
    monthly_hours: float
    monthly_usd: float


def describe_asked(
    rows: Sequence[Row],
    answers: Mapping[tuple[str, float], Answer],
    minutes: float,
    usd_per_hour: float,
) -> Demand:
    """Returns where these requests are asked, who answers them, and what that costs.

    `answers` are by the request's channel and time. A person needs `minutes` for each, at
    `usd_per_hour`.
    """
    channels = Counter(row.channel if row.quotable else PRIVATE for row in rows if row.channel)
    found = [answers[row.channel, row.at] for row in rows if (row.channel, row.at) in answers]
    by_person = Counter(answer.user for answer in found)
    hours = monthly_requests(rows) * minutes / MINUTES

    return Demand(
        channels=channels.most_common(MAX_CHANNELS),
        answered=len(found),
        answerers=len(by_person),
        most_answers=max(by_person.values()) if len(by_person) >= MIN_ANSWERERS else 0,
        median_seconds=median(answer.seconds for answer in found) if found else None,
        monthly_hours=hours,
        monthly_usd=hours * usd_per_hour,
    )
