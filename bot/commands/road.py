"""`/beagle road`: where each approved candidate stands on its way to a live version, and what it waits for."""

from __future__ import annotations

from bot import texts
from bot.blocks import Block, Shown, words
from bot.commands import Asked
from bot.promotion_blocks import STATES, card
from router.lifecycle import BEFORE_APPROVAL
from router.types import Candidate

HELP = "approved candidates on their way to a live version, with reports and buttons (admins)"
MOST = 8
NONE = "No candidate is on its way: approve one with /beagle candidates."


def run(asked: Asked) -> Shown:
    """A card for each candidate that was approved, the newest first."""
    if not asked.admin:
        return Shown(texts.ADMINS_ONLY, [words(texts.ADMINS_ONLY)])
    found = [one for one in asked.store.candidates.of(asked.team) if one.state not in BEFORE_APPROVAL]
    if not found:
        return Shown(NONE, [words(NONE)])
    found.sort(key=lambda one: -one.updated_at)
    blocks: list[Block] = [block for one in found[:MOST] for block in _card(asked, one)]
    return Shown("; ".join(f"{one.label}: {STATES.get(one.state, one.state)}" for one in found[:MOST]), blocks)


def _card(asked: Asked, one: Candidate) -> list[Block]:
    store = asked.store
    history = store.candidates.history(one.id)
    told = {name: value for edge in history for name, value in edge.evidence.items()}
    version = told.get("version") or told.get("candidate_version")
    report = store.datasets.report(one.route, version) if one.route and version else None
    beside = store.trials.beside(one.route, version) if one.route and version else None
    return card(one, history[-1] if history else None, store.datasets.of(one.id), report, beside)
