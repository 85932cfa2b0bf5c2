"""Totals since the store was made, for monitoring: the same whichever process is asked.

They only grow: what retention or *forget me* deletes was counted when it happened.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, RowMapping, select

from router.store.usage.usage_tables import usage_event, usage_total

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the latency buckets; one more holds what took longer."""
SUM = -1
"""The bucket of a plain sum."""

TIER = "tier_"
TIER_RESULTS = ("stood", "escalated", "unseen")

AmountKey: TypeAlias = tuple[str, str, str, int]
"""A metric, two labels and a bucket."""


@dataclass(frozen=True, slots=True)
class LatencyHistogram:
    """How many took at most each of `SECONDS`, how many in all, and their sum in seconds."""

    buckets: Sequence[int]
    count: int
    total: float


STAGES = ("decide", "model", "whole")
NO_LATENCY = LatencyHistogram([0] * len(SECONDS), 0, 0.0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts by label, USD by route, and latency by stage, route and model.

    `requests` counts how often a request came (`received`) and how often one ended, by its state.
    `answers` and `model_answers` count by route or model, and by `ok` or the kind of error. The
    stages are `decide`, `model` (serving the route) and `whole` (arrival to answer).
    `tier_answers` count by route, tier and whether they `stood`, were `escalated`, or `unseen`.
    """

    requests: Mapping[str, int]
    decisions: Mapping[tuple[str, str], int]
    errors: Mapping[str, int]
    usd: Mapping[str, float]
    seconds: Mapping[str, LatencyHistogram]
    answers: Mapping[tuple[str, str], int]
    route_seconds: Mapping[str, LatencyHistogram]
    model_answers: Mapping[tuple[str, str], int]
    model_seconds: Mapping[str, LatencyHistogram]
    tier_answers: Mapping[tuple[str, str, str], int]
    tier_usd: Mapping[tuple[str, str], float]


def amounts_of_event(event: Mapping[str, Any] | RowMapping) -> Iterator[tuple[AmountKey, float]]:
    """Yields each total that an event makes grow, and by how much."""
    first, second, third = event["first"], event["second"], event["third"]
    seconds = event["seconds"]

    if event["kind"] in ("received", "ended"):
        yield ("requests", first, "", SUM), 1
        yield from _latency("seconds", "whole", seconds)
    elif event["kind"] == "decision":
        yield ("decisions", first, second, SUM), 1
        yield from _latency("seconds", "decide", seconds)
    elif event["kind"] == "tier":
        yield (f"{TIER}{third}", first, second, SUM), 1
        yield (f"{TIER}usd", first, second, SUM), event["usd"]
    elif event["kind"] == "outcome":
        if third:
            yield ("errors", third, "", SUM), 1
        if not first:
            return  # no route served it

        yield ("usd", first, "", SUM), event["usd"]
        yield ("answers", first, third or "ok", SUM), 1
        yield from _latency("seconds", "model", seconds)
        yield from _latency("route_seconds", first, seconds)
        if second:
            yield ("model_answers", second, third or "ok", SUM), 1
            yield from _latency("model_seconds", second, seconds)


def _latency(metric: str, label: str, seconds: float | None) -> Iterator[tuple[AmountKey, float]]:
    if seconds is not None:
        yield (metric, label, "", SUM), seconds
        yield (metric, label, "", bisect_left(SECONDS, seconds)), 1


def read_totals(connection: Connection) -> Totals:
    """Returns the totals since the store was made, over all workspaces."""
    amounts: dict[AmountKey, float] = defaultdict(float)
    for row in connection.execute(select(usage_total)):
        amounts[row.metric, row.first, row.second, row.bucket] += row.amount

    # What happened since it was counted last: seconds ago, so these are few.
    for event in connection.execute(select(usage_event)).mappings():
        for key, amount in amounts_of_event(event):
            amounts[key] += amount

    by_metric: dict[str, dict[tuple[str, str, int], float]] = defaultdict(dict)
    for (metric, first, second, bucket), amount in sorted(amounts.items()):
        by_metric[metric][first, second, bucket] = amount

    def counts(metric: str) -> dict[tuple[str, str], int]:
        return {(key[0], key[1]): round(value) for key, value in by_metric[metric].items()}

    def by_label(metric: str) -> dict[str, int]:
        return {key[0]: count for key, count in counts(metric).items()}

    return Totals(
        requests=by_label("requests"),
        decisions=counts("decisions"),
        errors=by_label("errors"),
        usd={key[0]: value for key, value in by_metric["usd"].items()},
        seconds=dict.fromkeys(STAGES, NO_LATENCY) | _histograms(by_metric["seconds"]),
        answers=counts("answers"),
        route_seconds=_histograms(by_metric["route_seconds"]),
        model_answers=counts("model_answers"),
        model_seconds=_histograms(by_metric["model_seconds"]),
        tier_answers=_tier_answers(by_metric),
        tier_usd={(key[0], key[1]): usd for key, usd in by_metric[f"{TIER}usd"].items()},
    )


def _tier_answers(
    by_metric: Mapping[str, Mapping[tuple[str, str, int], float]],
) -> dict[tuple[str, str, str], int]:
    counts = {}
    for result in TIER_RESULTS:
        for (route, tier, _), amount in by_metric.get(f"{TIER}{result}", {}).items():
            counts[route, tier, result] = round(amount)

    return counts


def _histograms(amounts: Mapping[tuple[str, str, int], float]) -> dict[str, LatencyHistogram]:
    """Returns the histogram of each label."""
    histograms = {}
    for label in sorted({key[0] for key in amounts}):
        cumulative = []
        count = 0
        for bucket in range(len(SECONDS) + 1):
            count += round(amounts.get((label, "", bucket), 0))
            cumulative.append(count)

        total = amounts.get((label, "", SUM), 0.0)
        histograms[label] = LatencyHistogram(cumulative[:-1], count, total)

    return histograms
