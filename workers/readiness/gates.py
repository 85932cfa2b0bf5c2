"""The readiness gates: what a candidate deserves, in the order prompt, retrieval, tuning.

A gate's result holds figures and no words for people; `gate_text` describes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workers.mining.privacy import Protection
from workers.readiness.roi import Roi
from workers.readiness.structure import Structure

Recommendation = Literal[
    "keep the prompt", "improve the prompt", "add retrieval", "train a head", "tune", "not yet"
]
GateName = Literal[
    "privacy",
    "volume",
    "prompt first",
    "retrieval",
    "narrow",
    "stable",
    "data",
    "cheap head first",
    "roi",
    "a person",
]
"""Stable keys: they are stored with each candidate."""

Figure = float | str | bool | None
Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of the gates; each is a setting. Shares are in 0-1.

    Attributes:
        min_requests: Requests in four weeks.
        min_prompt_examples: Reviewed examples that the best prompt must be tried on.
        max_volatility: Share of near-identical requests whose answers change.
        max_retrieval_gain: Accuracy that documents may add before retrieval comes first.
        max_rules, max_prompt_words: From so many on, a prompt is not narrow.
        min_shape_share: Share of answers of the most frequent form.
        max_labels: Labels that a small model can tell apart; compared as bits of entropy.
        min_stable_weeks: Weeks without a new version.
        max_correction_rate: Share of answers that people corrected.
        min_reviewed, comfortable_reviewed: Reviewed examples to train on.
        head_tolerance: How far a linear head may stay behind what tuning is expected to reach.
    """

    min_requests: int = 30
    min_prompt_examples: int = 50
    max_volatility: float = 0.10
    max_retrieval_gain: float = 0.05
    max_rules: int = 20
    max_prompt_words: int = 1_000
    min_shape_share: float = 0.95
    max_labels: int = 20
    min_stable_weeks: int = 4
    max_correction_rate: float = 0.10
    min_reviewed: int = 500
    comfortable_reviewed: int = 2_000
    head_tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an approach achieved on reviewed examples; accuracies are in 0-1.

    `optimised` is False for a prompt as it was found, which can still become better.
    """

    accuracy: float
    examples: int
    target: float = 0.9
    optimised: bool = True


@dataclass(frozen=True, slots=True)
class ReadinessInput:
    """All that is known of a candidate; None is "not measured", which passes no gate.

    Attributes:
        prompt: The best prompt after optimising.
        affordable: Whether that prompt's cost is acceptable.
        retrieval_gain: How much accuracy documents add.
        rules, prompt_words: The size of the prompt.
        stable_weeks: For how long the version that answers has been the same.
        reviewed: Examples whose answer a person found right.
        head: A linear classifier on the embeddings.
        tuned_expected: The accuracy that tuning is expected to reach.
        approved_by: The admin who approved; empty without one.
    """

    protection: Protection
    monthly_requests: int
    structure: Structure
    prompt: Attempt | None = None
    affordable: bool = True
    retrieval_gain: float | None = None
    rules: int | None = None
    prompt_words: int | None = None
    stable_weeks: int | None = None
    reviewed: int = 0
    head: Attempt | None = None
    tuned_expected: float | None = None
    roi: Roi | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate: `passed` is None where it was not measured; `figures` and `limits` are by name."""

    name: GateName
    passed: bool | None
    figures: Figures = field(default_factory=dict)
    limits: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readiness:
    """The gates in order, and what to do. `score` (0-1) ranks candidates; it decides nothing."""

    gates: tuple[GateResult, ...]
    recommendation: Recommendation
    score: float

    @property
    def stopped_at(self) -> GateResult | None:
        """The first gate that did not pass, an approval included; None if all passed."""
        return next((gate for gate in self.gates if gate.passed is not True), None)


def assess_readiness(
    evidence: ReadinessInput, request_probability: float, thresholds: Thresholds | None = None
) -> Readiness:
    """Recommends what the first gate that does not pass calls for, and reports them all."""
    thresholds = thresholds or Thresholds()
    gates = (
        _privacy(evidence),
        _volume(evidence, thresholds),
        _prompt_first(evidence, thresholds),
        _retrieval(evidence, thresholds),
        _narrow(evidence, thresholds),
        _stable(evidence, thresholds),
        _data(evidence, thresholds),
        _head_first(evidence, thresholds),
        _roi(evidence),
        _approval(evidence),
    )
    stopped_at = next((gate for gate in gates if gate.passed is not True), None)
    return Readiness(gates, _recommend(stopped_at), _score(evidence, request_probability))


def _privacy(evidence: ReadinessInput) -> GateResult:
    protection = evidence.protection
    figures = {
        "people": protection.people,
        "requests": protection.rows,
        "max_person_share": protection.max_person_share,
    }
    return GateResult("privacy", protection.passed, figures)


def _volume(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    return GateResult(
        "volume",
        evidence.monthly_requests >= thresholds.min_requests,
        {"monthly_requests": evidence.monthly_requests},
        {"min_requests": thresholds.min_requests},
    )


def _prompt_first(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    """Passes if the best prompt was tried on enough examples and does not suffice."""
    limits = {"min_prompt_examples": thresholds.min_prompt_examples}
    prompt = evidence.prompt
    if prompt is None:
        return GateResult("prompt first", None, {}, limits)

    figures: dict[str, Figure] = {
        "accuracy": prompt.accuracy,
        "examples": prompt.examples,
        "target": prompt.target,
        "optimised": prompt.optimised,
        "affordable": evidence.affordable,
        "too_few": prompt.examples < thresholds.min_prompt_examples,
    }
    if figures["too_few"]:
        return GateResult("prompt first", None, figures, limits)

    suffices = prompt.accuracy >= prompt.target and evidence.affordable
    if not suffices and not prompt.optimised:
        # A prompt that nobody has improved yet cannot show that prompting is not enough.
        return GateResult("prompt first", None, figures, limits)

    return GateResult("prompt first", not suffices, figures, limits)


def _retrieval(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    """Passes if answers do not depend on facts that change, as far as either figure can tell."""
    volatility = evidence.structure.volatility
    gain = evidence.retrieval_gain
    figures: dict[str, Figure] = {
        "volatility": volatility,
        "pairs": evidence.structure.pairs,
        "retrieval_gain": gain,
    }
    limits = {
        "max_volatility": thresholds.max_volatility,
        "max_retrieval_gain": thresholds.max_retrieval_gain,
    }
    if volatility is None and gain is None:
        return GateResult("retrieval", None, figures, limits)

    is_steady = volatility is None or volatility <= thresholds.max_volatility
    needs_no_documents = gain is None or gain < thresholds.max_retrieval_gain
    return GateResult("retrieval", is_steady and needs_no_documents, figures, limits)


def _narrow(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    structure = evidence.structure
    figures: dict[str, Figure] = {
        "shape_share": structure.one_form,
        "answers": structure.answers,
        "rules": evidence.rules,
        "prompt_words": evidence.prompt_words,
        "label_bits": structure.label_bits,
    }
    limits = {
        "max_rules": thresholds.max_rules,
        "max_prompt_words": thresholds.max_prompt_words,
        "min_shape_share": thresholds.min_shape_share,
        "max_labels": thresholds.max_labels,
    }
    if structure.one_form is None:
        return GateResult("narrow", None, figures, limits)

    # Only what was measured is checked. Labels that are all equally frequent have log2(count) bits.
    checks = [structure.one_form >= thresholds.min_shape_share]
    if evidence.rules is not None:
        checks.append(evidence.rules < thresholds.max_rules)
    if evidence.prompt_words is not None:
        checks.append(evidence.prompt_words < thresholds.max_prompt_words)
    if structure.label_bits is not None:
        checks.append(structure.label_bits <= math.log2(thresholds.max_labels))

    return GateResult("narrow", all(checks), figures, limits)


def _stable(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    weeks = evidence.stable_weeks
    correction_rate = evidence.structure.correction_rate
    figures = {"stable_weeks": weeks, "correction_rate": correction_rate}
    limits = {
        "min_stable_weeks": thresholds.min_stable_weeks,
        "max_correction_rate": thresholds.max_correction_rate,
    }
    if weeks is None or correction_rate is None:
        return GateResult("stable", None, figures, limits)

    is_unchanged = weeks >= thresholds.min_stable_weeks
    is_right = correction_rate <= thresholds.max_correction_rate
    return GateResult("stable", is_unchanged and is_right, figures, limits)


def _data(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    return GateResult(
        "data",
        evidence.reviewed >= thresholds.min_reviewed,
        {"reviewed": evidence.reviewed},
        {
            "min_reviewed": thresholds.min_reviewed,
            "comfortable_reviewed": thresholds.comfortable_reviewed,
        },
    )


def _head_first(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    """Passes if a linear head leaves something for tuning to win, or if no head can answer."""
    limits = {"head_tolerance": thresholds.head_tolerance}
    head = evidence.head
    closed_set = evidence.structure.closed
    if head is None:
        # A head chooses from a small set. Where answers are no such set, there is nothing to try.
        passed = True if closed_set is False else None
        return GateResult("cheap head first", passed, {"closed_set": closed_set}, limits)

    expected = evidence.tuned_expected if evidence.tuned_expected is not None else head.target
    suffices = head.accuracy >= expected - thresholds.head_tolerance
    figures = {"accuracy": head.accuracy, "expected": expected, "closed_set": closed_set}
    return GateResult("cheap head first", not suffices, figures, limits)


def _roi(evidence: ReadinessInput) -> GateResult:
    """Passes if tuning pays, or if a cheaper call has reasons beside money."""
    roi = evidence.roi
    if roi is None:
        return GateResult("roi", None)

    has_other_reason = bool(roi.other_reasons) and roi.saved_per_call_usd > 0
    figures: dict[str, Figure] = {
        "pays": roi.pays,
        "saved_per_call_usd": roi.saved_per_call_usd,
        "monthly_usd": roi.monthly_usd.likely,
        "break_even_months": None,
        "months_left": roi.months_left,
        "against": roi.against,
    }
    if roi.break_even_months is not None:
        figures["break_even_months"] = roi.break_even_months.likely

    return GateResult("roi", roi.pays or has_other_reason, figures)


def _approval(evidence: ReadinessInput) -> GateResult:
    approved = bool(evidence.approved_by) or None
    return GateResult("a person", approved, {"approved_by": evidence.approved_by})


def _recommend(stopped_at: GateResult | None) -> Recommendation:
    """Returns the advice for the first gate that did not pass."""
    if stopped_at is None or stopped_at.name == "a person":
        return "tune"

    if stopped_at.passed is None:
        # Not measured yet: only a missing prompt is something to act on.
        return "improve the prompt" if stopped_at.name == "prompt first" else "not yet"

    advice: dict[GateName, Recommendation] = {
        "prompt first": "keep the prompt",
        "retrieval": "add retrieval",
        "narrow": "keep the prompt",
        "cheap head first": "train a head",
        "roi": "keep the prompt",
    }
    return advice.get(stopped_at.name, "not yet")


def _score(evidence: ReadinessInput, request_probability: float) -> float:
    """Returns a rank, 0-1, with weights that are a judgement; what is unknown counts as 0."""
    structure = evidence.structure
    shape_share = structure.one_form or 0.0
    steadiness = 0.0
    if structure.volatility is not None:
        steadiness = 1 - structure.volatility

    rightness = 0.0
    if structure.correction_rate is not None:
        rightness = 1 - structure.correction_rate

    savings = 0.0
    if evidence.roi is not None and evidence.roi.monthly_usd.likely > 0:
        # On a logarithmic scale: 10,000 USD a month count in full.
        savings = min(1.0, math.log10(1 + evidence.roi.monthly_usd.likely) / 4)

    return (
        0.35 * request_probability
        + 0.25 * shape_share
        + 0.15 * steadiness
        + 0.15 * savings
        + 0.10 * rightness
    )
