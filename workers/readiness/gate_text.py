"""Describes readiness gates in words, for the record that the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from router.text.printable import counted
from workers.readiness.gates import GateName, GateResult, Readiness
from workers.readiness.readiness_input import ReadinessInput
from workers.readiness.roi import monthly_text

LIMITS: Mapping[GateName, str] = {
    "volume": "at least {min_requests}",
    "prompt first": (
        "an optimised prompt was tried on at least {min_prompt_examples} reviewed examples "
        "and is not enough, or costs more than ${max_monthly_usd:,.0f} a month"
    ),
    "retrieval": (
        "answers change in at most {max_volatility:.0%}, "
        "documents add less than {max_retrieval_gain:.0%}"
    ),
    "narrow": (
        "fewer than {max_rules} rules, under {max_prompt_words} words, "
        "the same format in {min_shape_share:.0%} of answers"
    ),
    "stable": (
        "unchanged for {min_stable_weeks} weeks, at most {max_correction_rate:.0%} "
        "sent to another route by people"
    ),
    "cheap head first": "a linear classifier on the embeddings was tried and is not enough",
    "data": "at least {min_reviewed}, comfortable from {comfortable_reviewed}",
    "roi": (
        "saves more than it costs, compared with the cheapest good enough prompt, before the "
        "provider switches the trained model off"
    ),
    "tuning gain": "it is expected to reach the target, and to do better than the best prompt",
    "checkable reward": "a program can verify the answers, as `reward` in route.md declares",
    "a person": "an admin approves",
}


def figure_text(gate: GateResult, evidence: ReadinessInput) -> str:
    """Returns what was measured, in words."""
    if gate.name == "roi":
        money = evidence.roi
        if money is None:
            return "not worked out"

        return monthly_text(money.monthly_usd, money.break_even_months)
    if gate.name == "a person":
        return evidence.approved_by or "nobody yet"

    return _FIGURE_TEXTS[gate.name](gate)


def limit_text(gate: GateResult, evidence: ReadinessInput) -> str:
    """Returns what the gate asks, in words."""
    if gate.name == "privacy":
        return "; ".join(evidence.protection.failures) or "enough people, nobody sent most of it"

    return LIMITS[gate.name].format(**gate.limits)


def reasons(readiness: Readiness, evidence: ReadinessInput) -> Iterator[str]:
    """Yields why this is recommended: the gate that decided, then the money."""
    gate = readiness.stopped_at
    if gate is not None:
        if gate.name == "a person":
            verb = "waits for"
        elif gate.passed is None:
            verb = "is not measured at"
        else:
            verb = "stops at"

        details = f"{figure_text(gate, evidence)}; {limit_text(gate, evidence)}"
        yield f"{readiness.recommendation}: {verb} “{gate.name}” ({details})"

    if evidence.roi is not None:
        yield from evidence.roi.why
        yield from evidence.roi.other_reasons


def _privacy_text(gate: GateResult) -> str:
    figures = gate.figures
    return (
        f"{figures['people']} people, {figures['requests']} requests, "
        f"at most {figures['max_person_share']:.0%} from one"
    )


def _volume_text(gate: GateResult) -> str:
    return f"{gate.figures['monthly_requests']} in four weeks"


def _prompt_text(gate: GateResult) -> str:
    figures = gate.figures
    if not figures:
        return "no optimised prompt was tried"

    accuracy = f"{figures['accuracy']:.1%}"
    tried = f"{figures['examples']} labelled requests that it was tried on"
    if figures.get("by_people"):
        tried = f"{figures['examples']} answers that people judged"
    if figures["too_few"]:
        return f"{accuracy} of {tried} right"

    by = f" with {figures['change']}" if figures["change"] else ""
    text = f"{accuracy} of {tried} right{by}, {figures['target']:.1%} wanted"
    if not figures["affordable"]:
        return f"{text}, but it costs ${figures['monthly_usd']:,.0f} a month"
    if gate.passed is not None:
        return text
    if figures["optimised"]:
        return f"{text}; these are too few to tell the two apart"

    return f"{text}; not optimised yet"


def _retrieval_text(gate: GateResult) -> str:
    figures = gate.figures
    parts = []
    if figures["volatility"] is not None:
        parts.append(
            f"{figures['volatility']:.0%} of {figures['pairs']} near-identical pairs changed"
        )
    if figures["retrieval_gain"] is not None:
        chance = ", which may be chance" if gate.passed is None else ""
        parts.append(f"documents add {100 * figures['retrieval_gain']:+.1f} points{chance}")
    if figures.get("no_documents"):
        parts.append("there are no documents that everybody may read")

    if not parts and gate.passed:
        return "the prompt is good enough without any"

    return ", ".join(parts) or "not measured: no near-identical requests a week apart"


def _narrow_text(gate: GateResult) -> str:
    figures = gate.figures
    if gate.passed is None:
        return "no answers were recorded"

    parts = [f"the same format in {figures['shape_share']:.0%} of {figures['answers']} answers"]
    if figures["rules"] is not None:
        parts.append(counted(int(figures["rules"]), "rule"))
    if figures["prompt_words"] is not None:
        parts.append(f"{counted(int(figures['prompt_words']), 'word')} of prompt")
    if figures["label_bits"] is not None:
        parts.append(_variety_text(float(figures["label_bits"])))

    return ", ".join(parts)


def _variety_text(label_bits: float) -> str:
    """Returns how many answers are common, by the perplexity of the answers.

    So many equally frequent ones would be as hard to guess.
    """
    common = round(2.0**label_bits)
    return "nearly always the same answer" if common <= 1 else f"about {common} answers are common"


def _stable_text(gate: GateResult) -> str:
    figures = gate.figures
    if gate.passed is None:
        return "not measured"

    return (
        f"unchanged for {figures['stable_weeks']} weeks, people sent "
        f"{figures['correction_rate']:.0%} to another route"
    )


def _data_text(gate: GateResult) -> str:
    reviewed = gate.figures["reviewed"]
    return f"{reviewed} reviewed examples to learn from" if reviewed else "no reviewed examples"


def _head_text(gate: GateResult) -> str:
    figures = gate.figures
    if "accuracy" in figures:
        return (
            f"{figures['accuracy']:.1%} right of {figures['examples']} labelled requests, each "
            f"left out once while it learned from the others; {figures['needed']:.1%} wanted"
        )
    if gate.passed:
        return "it picks one of a few fixed answers, and these are free"

    return "no classifier was tried"


def _tuning_text(gate: GateResult) -> str:
    figures = gate.figures
    if not figures:
        return "no estimate of what tuning would reach"

    return (
        f"{figures['likely']:.0%} expected ({figures['low']:.0%} to {figures['high']:.0%}), "
        f"{figures['prompt']:.0%} with the best prompt, {figures['target']:.0%} wanted"
    )


def _reward_text(gate: GateResult) -> str:
    parts = gate.figures["parts"]
    if parts:
        return f"verified: {parts}"
    if gate.passed:
        return "the answers are chosen from a small set"

    return "nothing of the answers is verified" if gate.passed is False else "no route is known"


_FIGURE_TEXTS: Mapping[GateName, Callable[[GateResult], str]] = {
    "privacy": _privacy_text,
    "volume": _volume_text,
    "prompt first": _prompt_text,
    "retrieval": _retrieval_text,
    "narrow": _narrow_text,
    "stable": _stable_text,
    "data": _data_text,
    "cheap head first": _head_text,
    "tuning gain": _tuning_text,
    "checkable reward": _reward_text,
}
