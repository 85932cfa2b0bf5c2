"""`/beagle candidates`: what repeats, where each one stands, and the buttons for those that wait."""

from __future__ import annotations

from bot import digest_blocks, texts
from bot.blocks import Block, Shown, words
from bot.commands import Asked
from router.lifecycle import SYSTEM

HELP = "repeated requests, where each one stands, and what to do (admins)"
MOST = 12


def run(asked: Asked) -> Shown:
    """The candidates that may be shown, those that wait first."""
    if not asked.admin:
        return Shown(texts.ADMINS_ONLY, [words(texts.ADMINS_ONLY)])
    known = [one for one in asked.store.candidates.of(asked.team) if not one.evidence.get("hidden")]
    known.sort(key=lambda one: (one.state != digest_blocks.WAITING, -float(one.evidence.get("score", 0.0))))
    if not known:
        return Shown(texts.NO_CANDIDATES, [words(texts.NO_CANDIDATES)])
    blocks: list[Block] = []
    for one in known[:MOST]:
        history = asked.store.candidates.history(one.id)
        by = history[-1].actor if history and history[-1].actor != SYSTEM else ""
        blocks += digest_blocks.card(one, by)
    text = "; ".join(f"{one.label}: {texts.CANDIDATE_STATES.get(one.state, one.state)}" for one in known[:MOST])
    return Shown(text, blocks)
