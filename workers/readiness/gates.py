"""The readiness gates: what a candidate deserves, in the order prompt, retrieval, tuning.

A gate's result holds figures and no words for people; `gate_text` describes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workers.readiness.readiness_input import Attempt, ReadinessInput, Thresholds

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
    "cheap head first",
    "data",
    "tuning gain",
    "roi",
    "checkable reward",
    "a person",
]
"""Stable keys: they are stored with each candidate."""
ADVISORY_GATES: frozenset[str] = frozenset({"checkable reward"})
"""Gates that stop nothing: they say whether one more way of training is open."""

Figure = float | str | bool | None
Figures = Mapping[str, Figure]


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
        return _first_open(self.gates)


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
        _head_first(evidence, thresholds),
        _data(evidence, thresholds),
        _tuning_gain(evidence),
        _roi(evidence),
        _reward(evidence),
        _approval(evidence),
    )
    recommendation = _recommend(_first_open(gates))
    return Readiness(gates, recommendation, _score(evidence, request_probability))


def _first_open(gates: Sequence[GateResult]) -> GateResult | None:
    for gate in gates:
        if gate.passed is not True and gate.name not in ADVISORY_GATES:
            return gate

    return None


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
    """Passes if the best prompt was tried on enough examples and does not suffice.

    A prompt that suffices but is too expensive passes too: then the question is money.
    """
    limits: Figures = {
        "min_prompt_examples": thresholds.min_prompt_examples,
        "max_monthly_usd": thresholds.max_monthly_usd,
    }
    prompt = evidence.prompt
    if prompt is None:
        return GateResult("prompt first", None, {}, limits)

    usd = evidence.monthly_usd
    affordable = usd is None or usd <= thresholds.max_monthly_usd
    too_few = prompt.examples < thresholds.min_prompt_examples
    figures: dict[str, Figure] = {
        "accuracy": prompt.accuracy,
        "high": prompt.high,
        "examples": prompt.examples,
        "target": prompt.target,
        "optimised": prompt.optimised,
        "change": prompt.change,
        "by_people": prompt.by_people,
        "monthly_usd": usd,
        "affordable": affordable,
        "too_few": too_few,
    }
    return GateResult("prompt first", _prompt_falls_short(prompt, figures), figures, limits)


def _prompt_falls_short(prompt: Attempt, figures: Figures) -> bool | None:
    """Returns whether prompting is not enough; None where that cannot be told yet."""
    if figures["too_few"]:
        return None
    if prompt.suffices:
        return not figures["affordable"]

    # A prompt that nobody has improved yet, or whose accuracy may be that of the target by chance,
    # cannot show that prompting is not enough.
    return True if prompt.optimised and prompt.is_surely_below(prompt.target) else None


def _retrieval(evidence: ReadinessInput, thresholds: Thresholds) -> GateResult:
    """Passes if answers do not depend on facts that change, as far as either figure can tell."""
    volatility = evidence.structure.volatility
    gain = evidence.retrieval_gain
    # Who answers well from memory needs no documents, and nobody compared with any.
    knows_enough = evidence.prompt is not None and evidence.prompt.suffices
    figures: dict[str, Figure] = {
        "volatility": volatility,
        "pairs": evidence.structure.pairs,
        "retrieval_gain": gain,
        "no_documents": evidence.no_documents,
    }
    limits = {
        "max_volatility": thresholds.max_volatility,
        "max_retrieval_gain": thresholds.max_retrieval_gain,
    }
    measured = gain is not None or evidence.no_documents or knows_enough
    if volatility is None and not measured:
        return GateResult("retrieval", None, figures, limits)

    passed: bool | None = volatility is None or volatility <= thresholds.max_volatility
    if passed and gain is not None and gain >= thresholds.max_retrieval_gain:
        low = gain if evidence.retrieval_low is None else evidence.retrieval_low
        # A gain that may be chance neither shows that documents help nor that they do not.
        passed = False if low > 0 else None

    return GateResult("retrieval", passed, figures, limits)


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
    """Passes if a linear head is surely not good enough, or if no head can answer."""
    limits = {"head_tolerance": thresholds.head_tolerance}
    head = evidence.head
    closed_set = evidence.structure.closed
    if head is None:
        # A head chooses from a small set. Where answers are no such set, there is nothing to try.
        passed = True if closed_set is False else None
        return GateResult("cheap head first", passed, {"closed_set": closed_set}, limits)

    needed = head.target - thresholds.head_tolerance
    figures = {
        "accuracy": head.accuracy,
        "high": head.high,
        "needed": needed,
        "examples": head.examples,
        "closed_set": closed_set,
    }
    passed = True if head.is_surely_below(needed) else None
    if head.accuracy >= needed:
        passed = False

    return GateResult("cheap head first", passed, figures, limits)


def _tuning_gain(evidence: ReadinessInput) -> GateResult:
    """Passes if a tuned model is expected to reach the target, and to beat a prompt that fails."""
    tuned = evidence.tuned
    prompt = evidence.prompt
    if tuned is None or prompt is None:
        return GateResult("tuning gain", None)

    figures: dict[str, Figure] = {
        "low": tuned.low,
        "likely": tuned.likely,
        "high": tuned.high,
        "prompt": prompt.accuracy,
        "target": prompt.target,
    }
    beats_prompt = prompt.suffices or tuned.low > prompt.accuracy
    return GateResult("tuning gain", tuned.likely >= prompt.target and beats_prompt, figures)


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


def _reward(evidence: ReadinessInput) -> GateResult:
    """Passes if a program can verify answers, which reinforcement fine-tuning needs.

    Without a route, answers from a small set can be compared once they are reviewed.
    """
    checkable = evidence.checkable
    if checkable is not None:
        return GateResult("checkable reward", bool(checkable), {"parts": ", ".join(checkable)})

    return GateResult("checkable reward", evidence.structure.closed, {"parts": ""})


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

    if stopped_at.name == "prompt first" and stopped_at.figures["change"]:
        return "improve the prompt"

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
