"""Tiers in words: in an answer's last line and in "Why this route?"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.ui.texts import tiers as texts
from router.types import TIERS, Decision, Outcome
from workers.readiness.money_text import format_usd

NO_ANSWER = "no answer"
ASKED_AGAIN = "asked_again"


def closing_part(decision: Decision, outcome: Outcome) -> str:
    """Returns which tier answered and what was tried before; empty for a route without tiers."""
    if not outcome.tier:
        return ""

    if outcome.attempts:
        last = outcome.attempts[-1]
        sentence = texts.NO_ANSWER if NO_ANSWER in last.checks else texts.ESCALATED
        return sentence.format(tried=last.tier, tier=outcome.tier)

    if _choice(decision).get("why") == ASKED_AGAIN:
        return texts.ASKED_AGAIN.format(tier=outcome.tier)

    return texts.TIER.format(tier=outcome.tier)


def why_lines(decision: Decision, outcome: Outcome | None) -> list[str]:
    """Returns what happened with the tiers that whoever asked can see: another one answered."""
    lines = [_choice_line(decision)] if _was_asked_again(decision) else []
    if outcome is None or not outcome.tier:
        return lines

    for attempt in outcome.attempts:
        checks = texts.AND.join(texts.CHECKS.get(name, name) for name in attempt.checks)
        lines.append(texts.FAILED.format(tried=attempt.tier, checks=checks, tier=outcome.tier))

    return lines


def record_lines(decision: Decision, outcome: Outcome | None) -> list[str]:
    """Returns, for admins, why a tier answered first and what is known of each."""
    ladder = _ladder(decision)
    if not ladder:
        return []

    lines = [] if _was_asked_again(decision) else [_choice_line(decision)]
    known = ", ".join(_record(tier) for tier in ladder)
    lines.append(texts.RECORD.format(tiers=known))

    is_last = int(_choice(decision)["chosen"]) == len(ladder) - 1
    if outcome is not None and outcome.tier and not outcome.attempts and not is_last:
        lines.append(texts.CHECKED.format(tier=outcome.tier))

    return lines


def _choice_line(decision: Decision) -> str:
    choice = _choice(decision)
    sentence = texts.WHY.get(str(choice.get("why")), texts.WHY["best"])
    return sentence.format(
        tier=_ladder(decision)[int(choice["chosen"])]["name"],
        bound=f"{float(choice['bound']):.0%}",
        target=f"{float(choice['target']):.0%}",
    )


def _was_asked_again(decision: Decision) -> bool:
    return bool(_ladder(decision)) and _choice(decision).get("why") == ASKED_AGAIN


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


def _ladder(decision: Decision) -> Sequence[Mapping[str, Any]]:
    ladder: Sequence[Mapping[str, Any]] = _choice(decision).get("ladder", ())
    return ladder


def _choice(decision: Decision) -> Mapping[str, Any]:
    choice = decision.reason.get(TIERS)
    return choice if isinstance(choice, Mapping) else {}
