"""Tiers in words: in an answer's last line and in "Why this route?"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.ui.texts import tiers as texts
from router.types import TIERS, Decision, Outcome
from workers.readiness.money_text import format_usd

NO_ANSWER = "no answer"


def closing_part(decision: Decision, outcome: Outcome) -> str:
    """Returns which tier answered and what was tried before; empty for a route without tiers."""
    if not outcome.tier:
        return ""

    if outcome.attempts:
        last = outcome.attempts[-1]
        sentence = texts.NO_ANSWER if NO_ANSWER in last.checks else texts.ESCALATED
        return sentence.format(tried=last.tier, tier=outcome.tier)

    if _choice(decision).get("why") == "asked_again":
        return texts.ASKED_AGAIN.format(tier=outcome.tier)

    return texts.TIER.format(tier=outcome.tier)


def why_lines(decision: Decision, outcome: Outcome | None) -> list[str]:
    """Returns which tier answered first and why, what is known of each, and what was checked."""
    choice = _choice(decision)
    ladder: Sequence[Mapping[str, Any]] = choice.get("ladder", ())
    if not ladder:
        return []

    chosen = ladder[int(choice["chosen"])]
    sentence = texts.WHY.get(str(choice.get("why")), texts.WHY["best"])
    lines = [
        sentence.format(
            tier=chosen["name"],
            bound=f"{float(choice['bound']):.0%}",
            target=f"{float(choice['target']):.0%}",
        )
    ]
    known = ", ".join(_record(tier) for tier in ladder)
    lines.append(texts.RECORD.format(tiers=known))
    return lines + _check_lines(outcome, is_last=chosen is ladder[-1])


def _record(tier: Mapping[str, Any]) -> str:
    if not tier.get("answers"):
        return texts.RECORD_NONE.format(tier=tier["name"])

    usd = tier.get("usd")
    return texts.RECORD_OF.format(
        tier=tier["name"],
        quality=f"{float(tier['quality']):.0%}",
        bound=f"{float(tier['bound']):.0%}",
        answers=f"{float(tier['answers']):.0f}",
        usd=texts.PRICE_UNKNOWN if usd is None else format_usd(float(usd)),
    )


def _check_lines(outcome: Outcome | None, *, is_last: bool) -> list[str]:
    if outcome is None or not outcome.tier:
        return []

    lines = []
    for attempt in outcome.attempts:
        checks = texts.AND.join(texts.CHECKS.get(name, name) for name in attempt.checks)
        lines.append(texts.FAILED.format(tried=attempt.tier, checks=checks, tier=outcome.tier))

    if not lines and not is_last:
        lines.append(texts.CHECKED.format(tier=outcome.tier))

    return lines


def _choice(decision: Decision) -> Mapping[str, Any]:
    choice = decision.reason.get(TIERS)
    return choice if isinstance(choice, Mapping) else {}
