"""`/beagle road`: where each approved candidate stands on its way to a live version, and what it waits for."""

from __future__ import annotations

from bot.commands import Asked
from bot.ui.blocks import Block, Shown, words
from bot.ui.texts import common as texts
from bot.weekly.rollout_card import render, standing
from bot.weekly.rollout_view import STATES
from router.lifecycle import BEFORE_APPROVAL

HELP = "approved candidates on their way to a live version, with reports and buttons (admins)"
MOST = 8
NONE = "No candidate is on its way: approve one with /beagle candidates."


def run(asked: Asked) -> Shown:
    """A card for each candidate that was approved, the newest first."""
    if not asked.admin:
        return Shown(texts.ADMINS_ONLY, [words(texts.ADMINS_ONLY)])

    found = [
        one for one in asked.store.candidates.of(asked.team) if one.state not in BEFORE_APPROVAL
    ]
    if not found:
        return Shown(NONE, [words(NONE)])

    found.sort(key=lambda one: -one.updated_at)
    blocks: list[Block] = []

    for one in found[:MOST]:
        blocks += [{"type": "divider"}, *render(standing(asked.store, asked.settings, one)).blocks]

    return Shown(
        "; ".join(f"{one.label}: {STATES.get(one.state, one.state)}" for one in found[:MOST]),
        blocks,
    )
