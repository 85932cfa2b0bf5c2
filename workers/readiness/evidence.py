"""All that is known of a finding, in one JSON-safe record: what the store keeps and every page and card shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.config import Settings
from workers.llm.pricing import Price
from workers.mining.naming import EXAMPLES
from workers.mining.pipeline import Finding
from workers.mining.rows import Row
from workers.mining.trend import WEEK, WEEKS
from workers.readiness import thresholds as limits
from workers.readiness.gates import Evidence, Readiness, Trial, judge
from workers.readiness.roi import MONTH, Range, Roi, Way, months_until, work_out
from workers.readiness.structure import Structure, first_head, read_structure

PRUNED_TOKENS = 200
"""What is left of a prompt's instructions once the behaviour is in the weights; the message
comes on top."""
PROMPT_TOKENS = 1_500
"""What instructions and examples take where no prompt exists yet to be counted."""
ANSWER_TOKENS = 60
BYTES_PER_TOKEN = 4.0
VOLUME_DOUBT = 0.25
CHEAP_MODEL = "gpt-4o-mini"
"""The prompted model that stands for a cheap one, where no other is named."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Where prices come from: by a model's name, and the day its provider ends it, as an ISO date."""

    of: Callable[[str], Price | None]
    ends: Callable[[str], str | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Prompt:
    """The prompt that serves a finding now: its rules and words, None where there is none."""

    rules: int | None = None
    words: int | None = None


def evidence(
    finding: Finding,
    rows: Sequence[Row],
    vectors: NDArray[np.float32],
    settings: Settings,
    prices: Prices,
    now: float,
    prompt: Prompt | None = None,
) -> dict[str, Any]:
    """The record of one finding. `rows` and `vectors` are the finding's own, in one order; `now` in unix seconds.

    Texts in it are masked examples only; a finding that may not be shown has none.
    """
    structure = read_structure(rows, vectors, settings.ready_labels)
    monthly = _monthly(rows)
    money = _money(rows, monthly, settings, prices, now)
    judged = _judged(rows)
    served = prompt or Prompt()
    head = first_head(rows, vectors, settings.ready_labels)
    gates = judge(
        Evidence(
            protection=finding.protection,
            monthly_requests=round(monthly * WEEKS * WEEK / MONTH),
            structure=structure,
            prompt=None if judged is None else replace(judged, target=settings.ready_prompt_target),
            rules=served.rules,
            prompt_words=served.words,
            stable_weeks=_stable_weeks(rows),
            reviewed=0 if judged is None else round(judged.accuracy * judged.examples),
            head=None
            if head is None
            else Trial(head.accuracy, head.rows, target=settings.ready_prompt_target),
            roi=money,
        ),
        finding.s1,
        limits.bars(settings),
    )

    return {
        **_counts(finding),
        **_gates(gates),
        "money": None if money is None else _money_record(money),
        "structure": _structure(structure),
    }


def _counts(finding: Finding) -> dict[str, Any]:
    return {
        "count": len(finding.rows),
        "people": finding.people,
        "most_share": round(finding.protection.most_share, 4),
        "weekly": list(finding.trend.weekly),
        "change": round(finding.trend.change, 4),
        "s1": round(finding.s1, 4),
        "hidden": list(finding.protection.failed),
        "examples": list(finding.examples[:EXAMPLES]),
        "measured": {name: round(value, 5) for name, value in finding.measured.items()},
    }


def _gates(readiness: Readiness) -> dict[str, Any]:
    return {
        "gates": [asdict(gate) for gate in readiness.gates],
        "recommendation": readiness.recommendation,
        "reasons": list(readiness.reasons),
        "score": round(readiness.score, 4),
    }


def _structure(structure: Structure) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(structure).items()
    }


def _monthly(rows: Sequence[Row]) -> float:
    """Requests a month at the pace of these rows; those of less than four weeks count as four weeks' worth."""
    times = [row.at for row in rows]
    span = max(max(times) - min(times), WEEKS * WEEK) if times else WEEKS * WEEK
    return len(rows) * MONTH / span


def _judged(rows: Sequence[Row]) -> Trial | None:
    """How often people found the answers right, where they said so."""
    said = [bool(row.record["right"]) for row in rows if row.record.get("right") is not None]
    return Trial(sum(said) / len(said), len(said), optimised=False) if said else None


def _stable_weeks(rows: Sequence[Row]) -> int | None:
    """For how many of the last weeks in a row the version that answers has been the same; None without answers."""
    answered = [(row.at, row.record["version"]) for row in rows if row.record.get("version")]
    if not answered:
        return None

    newest = max(at for at, _ in answered)
    current = max(answered)[1]
    changed = max((at for at, version in answered if version != current), default=None)
    first = min(at for at, _ in answered)

    return min(WEEKS, int((newest - (first if changed is None else changed)) // WEEK) + 1)


def _money(
    rows: Sequence[Row], monthly: float, settings: Settings, prices: Prices, now: float
) -> Roi | None:
    """The money of tuning it, against what answers it now or a cheap prompted model; None where no price is known."""
    tuned_price = prices.of(settings.tuned_model)
    name = settings.reference_model or (
        CHEAP_MODEL if prices.of(settings.model) is None else settings.model
    )

    price = prices.of(name)
    if tuned_price is None or price is None:
        return None

    counted = [row.record for row in rows if row.record.get("input_tokens")]
    message = float(np.mean([len(row.text.encode()) for row in rows])) / BYTES_PER_TOKEN

    if counted:
        read = float(np.mean([record["input_tokens"] for record in counted]))
        written = float(np.mean([record["output_tokens"] for record in counted]))
        cached = sum(record.get("cached_tokens", 0) for record in counted) / max(
            read * len(counted), 1.0
        )
        seconds = float(np.median([record.get("seconds", 0.0) for record in counted]))
    else:
        read, written, cached, seconds = PROMPT_TOKENS + message, float(ANSWER_TOKENS), 0.0, 0.0

    one = Way(name, price, read, written, min(cached, 1.0), seconds)
    other = Way(settings.tuned_model, tuned_price, min(read, PRUNED_TOKENS + message), written)
    left = months_until(prices.ends(settings.tuned_model), now)
    calls = Range.of(monthly, VOLUME_DOUBT)

    return work_out([one], other, calls, limits.effort(settings), left, settings.ready_months)


def _money_record(roi: Roi) -> dict[str, Any]:
    """JSON has no infinity: a month that never comes is None."""
    record = asdict(roi)
    if roi.break_even_months is not None and roi.break_even_months.high == float("inf"):
        record["break_even_months"]["high"] = None

    return record
