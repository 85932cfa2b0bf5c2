"""`/beagle candidates`: what repeats, where each one stands, and the buttons for those that wait."""

from __future__ import annotations

from html import escape

from bot.commands import Asked
from bot.ui.blocks import Block, Shown, words
from bot.ui.rich_text import visible
from bot.ui.texts import common as texts
from bot.weekly.candidate_view import WAITING, card, state_of
from router.lifecycle import SYSTEM

HELP = "repeated requests, where each one stands, and what to do (admins)"
MOST = 12


def run(asked: Asked) -> Shown:
    """The candidates that may be shown, those that wait first."""
    if not asked.admin:
        return Shown(texts.ADMINS_ONLY, [words(texts.ADMINS_ONLY)])

    known = [one for one in asked.store.candidates.of(asked.team) if not one.evidence.get("hidden")]
    known.sort(key=lambda one: (one.state != WAITING, -float(one.evidence.get("score", 0.0))))
    if not known:
        return Shown(texts.NO_CANDIDATES, [words(texts.NO_CANDIDATES)])

    rich: list[Block] = []
    plain: list[Block] = []

    for one in known[:MOST]:
        history = asked.store.candidates.history(one.id)
        by = history[-1].actor if history and history[-1].actor != SYSTEM else ""
        rich += card(one, by)
        plain += card(one, by, framed=False)

    text = "; ".join(
        f"{escape(visible(one.label), quote=False)}: {state_of(one)}" for one in known[:MOST]
    )
    return Shown(text, rich, Shown(text, plain))
