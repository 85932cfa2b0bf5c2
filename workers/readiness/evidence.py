"""Builds a candidate's evidence: all that is known of a cluster, as the store keeps it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.config import Settings
from router.statistics import share_interval
from workers.llm.model_prices import LOCAL
from workers.mining.naming import EXAMPLES
from workers.mining.pipeline import Cluster
from workers.mining.rows import Row
from workers.mining.trend import WEEK, WEEKS
from workers.readiness.gate_text import figure_text, limit_text, reasons
from workers.readiness.gates import Readiness, assess_readiness
from workers.readiness.prices import Prices
from workers.readiness.prompt_choice import LiveRecord, PromptChoice, choose_prompt
from workers.readiness.prompt_stats import PromptStats
from workers.readiness.readiness_input import Attempt, ReadinessInput, TuningEstimate
from workers.readiness.roi import MONTH, CostModel, Interval, Roi, estimate_roi, months_until
from workers.readiness.structure import measure_structure
from workers.readiness.thresholds import gate_thresholds, tuning_costs
from workers.readiness.trial_results import DocumentsResult, Trials
from workers.readiness.tuning_estimate import estimate_tuning

PRUNED_TOKENS = 200
"""What is left of a prompt's instructions after tuning; the message is added to it."""
PROMPT_TOKENS = 1_500
"""Instructions and examples of a prompt that does not exist yet."""
ANSWER_TOKENS = 60
BYTES_PER_TOKEN = 4.0
CHEAP_MODEL = "gpt-5.6-luna"
"""What answers nobody has got yet are priced at where the included model would give them: it costs
nothing, and the question is whether to pay for one that is good."""
VOLUME_DOUBT = 0.25
"""How far next month's requests may differ from this month's, either way."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A cluster with its own rows and their vectors, `(n, d)`, in one order.

    `prompt` is the size of the prompt that serves it, `approved_by` the admin who approved it.
    """

    cluster: Cluster
    rows: Sequence[Row]
    vectors: NDArray[np.float32] = field(repr=False)
    prompt: PromptStats = field(default_factory=PromptStats)
    approved_by: str = ""


def build_evidence(
    subject: Subject, trials: Trials, settings: Settings, prices: Prices, now: float
) -> CandidateEvidence:
    """Returns the evidence of one cluster, with what the weekly trials found.

    `now` is in unix seconds. The only texts in it are masked examples, none of a cluster that may
    not be shown.
    """
    rows = subject.rows
    monthly = monthly_requests(rows)
    judged = _judged(rows)
    liked = sum(judged)
    live = LiveRecord(
        judged=len(judged),
        accuracy=liked / len(judged) if judged else 0.0,
        cost=_live_cost(rows, settings, prices),
    )
    choice = choose_prompt(live, trials, prices, monthly, settings)
    # Only answers that a person wrote or found right can be trained on.
    reviewed = liked + trials.reviewed
    tuned = estimate_tuning(trials, reviewed)
    documents = trials.documents or DocumentsResult()

    known = ReadinessInput(
        protection=subject.cluster.protection,
        # Months differ in length; the gate counts four weeks, as the digest does.
        monthly_requests=round(monthly * WEEKS * WEEK / MONTH),
        structure=measure_structure(rows, subject.vectors, settings.ready_labels),
        prompt=choice.attempt,
        monthly_usd=None if choice.usd is None else choice.usd * monthly,
        retrieval_gain=documents.gain,
        retrieval_low=None if documents.gain is None else documents.low,
        no_documents=documents.none,
        rules=subject.prompt.rules,
        prompt_words=subject.prompt.words,
        checkable=subject.prompt.checkable,
        stable_weeks=_stable_weeks(rows),
        reviewed=reviewed,
        head=_head_attempt(trials, settings.ready_prompt_target),
        tuned=tuned,
        roi=_roi(rows, choice, tuned, monthly, Money(settings, prices, now)),
        approved_by=subject.approved_by,
    )
    readiness = assess_readiness(
        known, subject.cluster.request_probability, gate_thresholds(settings)
    )
    record = _record(subject.cluster, known, readiness)
    # What a trial lacked, such as labelled rows, is what an admin can do something about.
    explained = (*record.reasons, *trials.notes)
    return replace(record, reasons=explained, trials=_stored_trials(trials))


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


def monthly_requests(rows: Sequence[Row]) -> float:
    """Returns requests a month at the pace of these rows, taken as those of four weeks at least."""
    times = [row.at for row in rows]
    seconds = WEEKS * WEEK
    if times:
        seconds = max(max(times) - min(times), seconds)

    return len(rows) * MONTH / seconds


def _judged(rows: Sequence[Row]) -> list[bool]:
    """Returns, for each answer that people judged, whether they found it right."""
    return [bool(row.record["right"]) for row in rows if row.record.get("right") is not None]


def _head_attempt(trials: Trials, target: float) -> Attempt | None:
    learned = trials.learned
    if learned is None or learned.head is None:
        return None

    return Attempt(
        learned.head, learned.rows, target, high=share_interval(learned.head, learned.rows)[1]
    )


def _stored_trials(trials: Trials) -> dict[str, Any] | None:
    return None if trials == Trials() else trials.as_record()


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


@dataclass(frozen=True, slots=True)
class Money:
    """What an estimate of costs takes: settings, prices, and the time in unix seconds."""

    settings: Settings
    prices: Prices
    now: float


def _roi(
    rows: Sequence[Row],
    choice: PromptChoice,
    tuned: TuningEstimate | None,
    monthly: float,
    money: Money,
) -> Roi | None:
    """Compares tuning with the cheapest prompted way that passes; None without prices.

    Also None where no way passes and it is not known what tuning would reach.
    """
    settings, prices = money.settings, money.prices
    name = settings.tuned_model
    tuned_price = prices.price_of(name)
    if tuned_price is None or not choice.costs:
        return None
    if tuned is None and not any(cost.passes for cost in choice.costs):
        return None

    # A tuned model still reads the message, and no more of a prompt than there is today.
    prompted = choice.costs
    shortest = min(cost.input_tokens for cost in prompted)
    tuned_model = CostModel(
        name,
        tuned_price,
        min(shortest, PRUNED_TOKENS + _message_tokens(rows)),
        max(cost.output_tokens for cost in prompted),
        # Nobody has measured its seconds; they count only where a second has a price.
        seconds=max(cost.seconds for cost in prompted) if tuned_price.server_second_usd else 0.0,
        accuracy=None if tuned is None else Interval(tuned.low, tuned.likely, tuned.high),
        source=prices.source_of(name),
    )
    return estimate_roi(
        prompted,
        tuned_model,
        Interval.around(monthly, VOLUME_DOUBT),
        tuning_costs(settings),
        months_until(prices.end_date_of(name), money.now),
        settings.ready_payback_months,
    )


def _message_tokens(rows: Sequence[Row]) -> float:
    return float(np.mean([len(row.text.encode()) for row in rows])) / BYTES_PER_TOKEN


def _live_cost(rows: Sequence[Row], settings: Settings, prices: Prices) -> CostModel | None:
    """Returns the cost of the version in use, from recorded tokens where there are any.

    By the price of the reference model where one is set, else of the model that answered. None
    where that has no price.
    """
    records = [row.record for row in rows if row.record.get("input_tokens")]
    models = Counter(str(record["model"]) for record in records if record.get("model"))
    name = settings.reference_model or max(models, key=lambda m: (models[m], m), default="")
    if not name:
        name = CHEAP_MODEL if settings.model == LOCAL else settings.model

    price = prices.price_of(name)
    if price is None:
        return None

    source = prices.source_of(name)
    if not records:
        tokens = PROMPT_TOKENS + _message_tokens(rows)
        return CostModel(name, price, tokens, float(ANSWER_TOKENS), source=source, measured=False)

    # Costs add up, hence the mean. Of times the median: a call that hung must not count.
    input_tokens = float(np.mean([record["input_tokens"] for record in records]))
    output_tokens = float(np.mean([record["output_tokens"] for record in records]))
    cached_tokens = sum(record.get("cached_tokens", 0) for record in records)
    cached_share = cached_tokens / max(input_tokens * len(records), 1.0)
    seconds = float(np.median([record.get("seconds") or 0.0 for record in records]))
    return CostModel(
        name,
        price,
        input_tokens,
        output_tokens,
        min(cached_share, 1.0),
        seconds,
        source=source,
        measured=False,
    )


def _roi_record(roi: Roi) -> dict[str, Any]:
    """Returns the JSON-safe form. JSON has no infinity: a month that never comes is None.

    So is how many times cheaper a tuned model is that costs nothing.
    """
    record = asdict(roi)
    if math.isinf(roi.times_cheaper):
        record["times_cheaper"] = None
    if roi.break_even_months is not None and roi.break_even_months.high == float("inf"):
        record["break_even_months"]["high"] = None

    return record
