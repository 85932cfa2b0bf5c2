"""Builds a candidate's evidence: all that is known of a cluster, as the store keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.config import Settings
from workers.llm.pricing import Price
from workers.mining.naming import EXAMPLES
from workers.mining.pipeline import Cluster
from workers.mining.rows import Row
from workers.mining.trend import WEEK, WEEKS
from workers.readiness.gate_text import figure_text, limit_text, reasons
from workers.readiness.gates import Attempt, Readiness, ReadinessInput, assess_readiness
from workers.readiness.roi import MONTH, CostModel, Interval, Roi, estimate_roi, months_until
from workers.readiness.structure import HeadAttempt, cross_validate_head, measure_structure
from workers.readiness.thresholds import gate_thresholds, tuning_costs

PRUNED_TOKENS = 200
"""What is left of a prompt's instructions after tuning; the message is added to it."""
PROMPT_TOKENS = 1_500
"""Instructions and examples of a prompt that does not exist yet."""
ANSWER_TOKENS = 60
BYTES_PER_TOKEN = 4.0
VOLUME_DOUBT = 0.25
"""How far next month's requests may differ from this month's, either way."""
CHEAP_MODEL = "gpt-4o-mini"
"""The prompted model to compare with if the one in use has no price."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Looks up a model by its name: its price, and the ISO date on which its provider ends it."""

    price_of: Callable[[str], Price | None]
    end_date_of: Callable[[str], str | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class PromptStats:
    """The size of the prompt that serves a cluster now; None where there is no prompt."""

    rules: int | None = None
    words: int | None = None


def build_evidence(
    cluster: Cluster,
    rows: Sequence[Row],
    vectors: NDArray[np.float32],
    settings: Settings,
    prices: Prices,
    now: float,
    prompt: PromptStats | None = None,
) -> CandidateEvidence:
    """Returns the evidence of one cluster.

    `rows` and `vectors`, `(n, d)`, are its own, in one order. `now` is in unix seconds. The only
    texts in it are masked examples, none of a cluster that may not be shown.
    """
    monthly = _monthly_requests(rows)
    roi = _roi(rows, monthly, settings, prices, now)
    reviewed = _reviewed_answers(rows, settings.ready_prompt_target)
    served_by = prompt or PromptStats()
    head = cross_validate_head(rows, vectors, settings.ready_labels)
    known = ReadinessInput(
        protection=cluster.protection,
        # Months differ in length; the gate counts four weeks, as the digest does.
        monthly_requests=round(monthly * WEEKS * WEEK / MONTH),
        structure=measure_structure(rows, vectors, settings.ready_labels),
        prompt=reviewed,
        rules=served_by.rules,
        prompt_words=served_by.words,
        stable_weeks=_stable_weeks(rows),
        # Only answers that were found right can be trained on.
        reviewed=0 if reviewed is None else round(reviewed.accuracy * reviewed.examples),
        head=_head_attempt(head, settings.ready_prompt_target),
        roi=roi,
    )
    readiness = assess_readiness(known, cluster.request_probability, gate_thresholds(settings))
    return _record(cluster, known, readiness)


def _record(cluster: Cluster, known: ReadinessInput, readiness: Readiness) -> CandidateEvidence:
    """Returns the evidence as it is stored; figures are rounded so that records can be compared."""
    return CandidateEvidence(
        count=len(cluster.rows),
        people=cluster.people,
        largest_share=round(cluster.protection.max_person_share, 4),
        weekly=tuple(cluster.trend.weekly),
        change=round(cluster.trend.change, 4),
        request_probability=round(cluster.request_probability, 4),
        hidden=tuple(cluster.protection.failures),
        examples=tuple(cluster.examples[:EXAMPLES]),
        example_channels=tuple(cluster.example_channels[:EXAMPLES]),
        features={name: round(value, 5) for name, value in cluster.features.items()},
        gates=_gate_outcomes(readiness, known),
        recommendation=readiness.recommendation,
        reasons=tuple(reasons(readiness, known)),
        score=round(readiness.score, 4),
        money=None if known.roi is None else _roi_record(known.roi),
        structure=_rounded(asdict(known.structure)),
    )


def _gate_outcomes(readiness: Readiness, evidence: ReadinessInput) -> tuple[GateOutcome, ...]:
    return tuple(
        GateOutcome(
            name=gate.name,
            passed=gate.passed,
            figure=figure_text(gate, evidence),
            limit=limit_text(gate, evidence),
            figures=_rounded(gate.figures),
            limits=dict(gate.limits),
        )
        for gate in readiness.gates
    )


def _rounded(values: Mapping[str, object]) -> dict[str, object]:
    rounded: dict[str, object] = {}
    for name, value in values.items():
        rounded[name] = round(value, 4) if isinstance(value, float) else value

    return rounded


def _monthly_requests(rows: Sequence[Row]) -> float:
    """Returns requests a month at the pace of these rows, taken as those of four weeks at least."""
    times = [row.at for row in rows]
    seconds = WEEKS * WEEK
    if times:
        seconds = max(max(times) - min(times), seconds)

    return len(rows) * MONTH / seconds


def _reviewed_answers(rows: Sequence[Row], target: float) -> Attempt | None:
    """Returns how often people found the answers right, where they said so."""
    verdicts = [bool(row.record["right"]) for row in rows if row.record.get("right") is not None]
    if not verdicts:
        return None

    return Attempt(sum(verdicts) / len(verdicts), len(verdicts), target, optimised=False)


def _head_attempt(head: HeadAttempt | None, target: float) -> Attempt | None:
    return None if head is None else Attempt(head.accuracy, head.rows, target)


def _stable_weeks(rows: Sequence[Row]) -> int | None:
    """Returns for how many weeks, up to WEEKS, the version that answers has been the same.

    None without answers.
    """
    answered = [(row.at, row.record["version"]) for row in rows if row.record.get("version")]
    if not answered:
        return None

    newest = max(at for at, _ in answered)
    current = max(answered)[1]
    # Since the last answer of another version, or since the first answer.
    since = min(at for at, _ in answered)
    since = max((at for at, version in answered if version != current), default=since)

    return min(WEEKS, int((newest - since) // WEEK) + 1)


def _roi(
    rows: Sequence[Row], monthly: float, settings: Settings, prices: Prices, now: float
) -> Roi | None:
    """Compares tuning with the model in use, or with a cheap one; None without prices."""
    tuned_price = prices.price_of(settings.tuned_model)
    base_name = settings.reference_model
    if not base_name:
        has_price = prices.price_of(settings.model) is not None
        base_name = settings.model if has_price else CHEAP_MODEL

    base_price = prices.price_of(base_name)
    if tuned_price is None or base_price is None:
        return None

    # A tuned model still reads the message, and no more of a prompt than there is today.
    message_tokens = float(np.mean([len(row.text.encode()) for row in rows])) / BYTES_PER_TOKEN
    base = _base_model(rows, base_name, base_price, message_tokens)
    tuned = CostModel(
        settings.tuned_model,
        tuned_price,
        min(base.input_tokens, PRUNED_TOKENS + message_tokens),
        base.output_tokens,
    )
    return estimate_roi(
        [base],
        tuned,
        Interval.around(monthly, VOLUME_DOUBT),
        tuning_costs(settings),
        months_until(prices.end_date_of(settings.tuned_model), now),
        settings.ready_payback_months,
    )


def _base_model(rows: Sequence[Row], name: str, price: Price, message_tokens: float) -> CostModel:
    """Returns the prompted model's cost, from recorded tokens where there are any."""
    records = [row.record for row in rows if row.record.get("input_tokens")]
    if not records:
        return CostModel(name, price, PROMPT_TOKENS + message_tokens, float(ANSWER_TOKENS))

    # Costs add up, hence the mean. Of times the median: a call that hung must not count.
    input_tokens = float(np.mean([record["input_tokens"] for record in records]))
    output_tokens = float(np.mean([record["output_tokens"] for record in records]))
    cached_tokens = sum(record.get("cached_tokens", 0) for record in records)
    cached_share = cached_tokens / max(input_tokens * len(records), 1.0)
    seconds = float(np.median([record.get("seconds", 0.0) for record in records]))
    return CostModel(name, price, input_tokens, output_tokens, min(cached_share, 1.0), seconds)


def _roi_record(roi: Roi) -> dict[str, Any]:
    """Returns the JSON-safe form. JSON has no infinity: a month that never comes is None."""
    record = asdict(roi)
    if roi.break_even_months is not None and roi.break_even_months.high == float("inf"):
        record["break_even_months"]["high"] = None

    return record
