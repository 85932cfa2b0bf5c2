"""What a candidate deserves: hard gates in the order prompt, retrieval, tuning, each with its figure and its limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from workers.mining.privacy import Protection
from workers.readiness.roi import Roi
from workers.readiness.structure import Structure

Recommendation = Literal[
    "keep the prompt", "improve the prompt", "add retrieval", "train a head", "tune", "not yet"
]
Name = Literal[
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


@dataclass(frozen=True, slots=True)
class Bars:
    """The limits of the gates; each can be set. Shares in 0-1."""

    rows: int = 30
    prompt_examples: int = 50
    volatile: float = 0.10
    documents_help: float = 0.05
    rules: int = 20
    prompt_words: int = 1_000
    one_form: float = 0.95
    labels: int = 20
    stable_weeks: int = 4
    corrected: float = 0.10
    reviewed: int = 500
    comfortable: int = 2_000
    head_within: float = 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """A way that was tried on reviewed examples: how many it got right, of how many, and what was asked of it.

    `optimised` is whether the way was improved before; a prompt as it was found can still become
    better.
    """

    accuracy: float
    examples: int
    target: float = 0.9
    optimised: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a candidate; None is "not measured", and what is not measured passes no gate.

    `prompt` is the best prompt after optimising, `head` a linear head on the embeddings,
    `tuned_expected` the accuracy hoped for from tuning. `documents` is how much better answers are
    with documents at hand, `rules` and `prompt_words` describe the prompt, `stable_weeks` for how
    long its schema has not changed.
    """

    protection: Protection
    monthly_requests: int
    structure: Structure
    prompt: Trial | None = None
    affordable: bool = True
    documents: float | None = None
    rules: int | None = None
    prompt_words: int | None = None
    stable_weeks: int | None = None
    reviewed: int = 0
    head: Trial | None = None
    tuned_expected: float | None = None
    roi: Roi | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: `passed` is None where it was not reached or not measured; figure and limit are in words."""

    name: Name
    passed: bool | None
    figure: str
    limit: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """The gates in order, what to do, and why. `score` (0-1) ranks candidates; it decides nothing."""

    gates: tuple[Gate, ...]
    recommendation: Recommendation
    reasons: tuple[str, ...]
    score: float

    @property
    def stopped_at(self) -> Gate | None:
        """The first gate that did not pass; None when only a person is missing, or nothing."""
        return next((gate for gate in self.gates if gate.passed is not True), None)


def judge(evidence: Evidence, s1: float, bars: Bars | None = None) -> Readiness:
    """The recommendation follows from the first gate that does not pass; each later gate is still shown."""
    bars = bars or Bars()
    gates = tuple(_gates(evidence, bars))
    stopped = next((gate for gate in gates if gate.passed is not True), None)
    recommendation = _advise(stopped)

    return Readiness(
        gates,
        recommendation,
        tuple(_reasons(stopped, evidence, recommendation)),
        _score(evidence, s1),
    )


def _gates(evidence: Evidence, bars: Bars) -> Iterator[Gate]:
    protection = evidence.protection
    yield Gate(
        "privacy",
        protection.passed,
        f"{protection.people} people, {protection.rows} requests, at most {protection.most_share:.0%} from one",
        "; ".join(protection.failed) or "enough people, nobody most of it",
    )

    yield Gate(
        "volume",
        evidence.monthly_requests >= bars.rows,
        f"{evidence.monthly_requests} in four weeks",
        f"at least {bars.rows}",
    )

    yield _prompt_first(evidence, bars)
    yield _retrieval(evidence, bars)
    yield _narrow(evidence, bars)
    yield _stable(evidence, bars)
    yield Gate(
        "data",
        evidence.reviewed >= bars.reviewed,
        f"{evidence.reviewed} reviewed examples",
        f"at least {bars.reviewed}, comfortable from {bars.comfortable}",
    )

    yield _head_first(evidence, bars)
    roi = evidence.roi
    yield Gate(
        "roi",
        None if roi is None else roi.pays or bool(roi.other_reasons and roi.saved_per_call_usd > 0),
        "not worked out" if roi is None else roi.why[-1],
        "pays before its base model ends, against the cheapest prompted way that passes",
    )

    yield Gate(
        "a person",
        bool(evidence.approved_by) or None,
        evidence.approved_by or "nobody yet",
        "an admin approves",
    )


def _prompt_first(evidence: Evidence, bars: Bars) -> Gate:
    """Passed when the best prompt was tried on enough examples and is not good enough, or too dear."""
    limit = f"an optimised prompt was tried on at least {bars.prompt_examples} reviewed examples and does not suffice"

    trial = evidence.prompt
    if trial is None or trial.examples < bars.prompt_examples:
        tried = (
            "no optimised prompt was tried"
            if trial is None
            else f"tried on {trial.examples} examples"
        )
        return Gate("prompt first", None, tried, limit)

    enough = trial.accuracy >= trial.target and evidence.affordable
    if not enough and not trial.optimised:
        found = f"{trial.accuracy:.1%} of {trial.examples} right as it is, {trial.target:.1%} wanted; not optimised yet"
        return Gate("prompt first", None, found, limit)

    dear = "" if evidence.affordable else ", at too high a cost"
    return Gate(
        "prompt first",
        not enough,
        f"{trial.accuracy:.1%} right, {trial.target:.1%} wanted{dear}",
        limit,
    )


def _retrieval(evidence: Evidence, bars: Bars) -> Gate:
    volatile, documents = evidence.structure.volatility, evidence.documents
    limit = f"answers change in at most {bars.volatile:.0%}, documents add less than {bars.documents_help:.0%}"

    if volatile is None and documents is None:
        return Gate(
            "retrieval", None, "not measured: no near-identical requests a week apart", limit
        )

    said = (
        []
        if volatile is None
        else [f"{volatile:.0%} of {evidence.structure.pairs} near-identical pairs changed"]
    )

    said += [] if documents is None else [f"documents add {documents:.1%}"]
    passed = (volatile is None or volatile <= bars.volatile) and (
        documents is None or documents < bars.documents_help
    )

    return Gate("retrieval", passed, ", ".join(said), limit)


def _narrow(evidence: Evidence, bars: Bars) -> Gate:
    structure = evidence.structure
    limit = f"fewer than {bars.rules} rules, under {bars.prompt_words} words, one form in {bars.one_form:.0%} of answers"
    if structure.one_form is None:
        return Gate("narrow", None, "no answers were recorded", limit)

    checks = [structure.one_form >= bars.one_form]
    said = [f"one form in {structure.one_form:.0%} of {structure.answers} answers"]

    if evidence.rules is not None:
        checks.append(evidence.rules < bars.rules)
        said.append(f"{evidence.rules} rules")

    if evidence.prompt_words is not None:
        checks.append(evidence.prompt_words < bars.prompt_words)
        said.append(f"{evidence.prompt_words} words of prompt")

    if structure.label_bits is not None:
        checks.append(structure.label_bits <= math.log2(bars.labels))
        said.append(f"{structure.label_bits:.1f} bits of labels")

    return Gate("narrow", all(checks), ", ".join(said), limit)


def _stable(evidence: Evidence, bars: Bars) -> Gate:
    weeks, corrected = evidence.stable_weeks, evidence.structure.correction_rate
    limit = f"unchanged for {bars.stable_weeks} weeks, at most {bars.corrected:.0%} corrected"
    if weeks is None or corrected is None:
        return Gate("stable", None, "not measured", limit)

    passed = weeks >= bars.stable_weeks and corrected <= bars.corrected
    return Gate("stable", passed, f"unchanged for {weeks} weeks, {corrected:.0%} corrected", limit)


def _head_first(evidence: Evidence, bars: Bars) -> Gate:
    """Passed when a linear head was tried and something is left for tuning to win, or when no head can answer."""
    limit = "a linear head on the embeddings was tried and does not do it"
    if evidence.head is None and evidence.structure.closed is False:
        return Gate(
            "cheap head first",
            True,
            "answers are not chosen from a small set, which a head cannot give",
            limit,
        )

    if evidence.head is None:
        return Gate("cheap head first", None, "no head was tried", limit)

    hoped = evidence.tuned_expected if evidence.tuned_expected is not None else evidence.head.target
    enough = evidence.head.accuracy >= hoped - bars.head_within
    return Gate(
        "cheap head first",
        not enough,
        f"{evidence.head.accuracy:.1%} right, {hoped:.1%} hoped for",
        limit,
    )


def _advise(stopped: Gate | None) -> Recommendation:
    if stopped is None or stopped.name == "a person":
        return "tune"

    failed = stopped.passed is False
    advice: dict[Name, Recommendation] = {
        "prompt first": "keep the prompt" if failed else "improve the prompt",
        "retrieval": "add retrieval" if failed else "not yet",
        "narrow": "keep the prompt" if failed else "not yet",
        "cheap head first": "train a head" if failed else "not yet",
        "roi": "keep the prompt" if failed else "not yet",
    }

    return advice.get(stopped.name, "not yet")


def _reasons(
    stopped: Gate | None, evidence: Evidence, recommendation: Recommendation
) -> Iterator[str]:
    if stopped is not None:
        verb = (
            "waits for"
            if stopped.name == "a person"
            else "is not measured at"
            if stopped.passed is None
            else "stops at"
        )

        yield f"{recommendation}: {verb} “{stopped.name}” ({stopped.figure}; {stopped.limit})"

    if evidence.roi is not None:
        yield from evidence.roi.why
        yield from evidence.roi.other_reasons


def _score(evidence: Evidence, s1: float) -> float:
    """A rank: weights are a proposal, not fitted. What was not measured counts as nothing."""
    structure, roi = evidence.structure, evidence.roi
    saved = (
        0.0
        if roi is None or roi.monthly_usd.likely <= 0
        else min(1.0, math.log10(1 + roi.monthly_usd.likely) / 4)
    )

    calm = 0.0 if structure.volatility is None else 1 - structure.volatility
    right = 0.0 if structure.correction_rate is None else 1 - structure.correction_rate
    return (
        0.35 * s1 + 0.25 * (structure.one_form or 0.0) + 0.15 * calm + 0.15 * saved + 0.10 * right
    )
