"""Texts about tiers: which version of a route answered, why, what was checked and what it saved."""

from __future__ import annotations

from bot.ui.counted import Counted

TIER = "{tier} tier"
ESCALATED = "tried {tried}, checked, answered by {tier}"
NO_ANSWER = "{tried} gave no answer, answered by {tier}"
ASKED_AGAIN = "asked again, answered by {tier}"

WHY = {
    "target": (
        "The {tier} tier answers requests like this one first: it is the cheapest that is good "
        "enough (at least {bound} right, {target} are needed)."
    ),
    "best": (
        "The {tier} tier answers requests like this one first: no tier is known to reach {target} "
        "here, and this one is the best."
    ),
    "asked_again": (
        "The {tier} tier answers: you asked for this once more, so a lower tier's answer was not "
        "good enough."
    ),
    "budget": "The {tier} tier answers: every tier costs more than this route may spend.",
}
RECORD = "What is known of the tiers here: {tiers}."
RECORD_OF = "{tier} {quality} right (at least {bound}; weight of evidence {answers}; {usd} each)"
RECORD_NONE = "{tier} not measured yet"
PRICE_UNKNOWN = "price unknown"
CHECKED = "The {tier} tier's answer stood: it passed the checks."
FAILED = "The {tried} tier answered first, but {checks}; so the {tier} tier answered."
CHECKS = {
    "complete": "it was cut off",
    "worded": "it was empty",
    "answered": "it declined to answer",
    "tokens": "the model was unsure of its words",
    "votes": "its samples disagreed",
    "probability": "it was not sure enough",
    "grounded": "it has words that are not in your message",
    "no answer": "it gave no valid answer",
}
AND = " and "

STATS = "*Tiers*"
STATS_ROUTE = "{route}: {tiers}"
STATS_TIER = Counted("{tier} {answers:answer|answers}, {usd}")
STATS_ESCALATED = " ({count} checked and escalated)"
STATS_SAVED = "; saved {usd} ({share}) against always asking {strongest}"
"""Below 0 it cost more than that."""
STATS_LOST = "; {usd} more than always asking {strongest}"
