"""`/beagle rollout`: each approved candidate with its state, its figures and its buttons."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.payloads import Block
from bot.ui.blocks import Rendered
from bot.ui.texts import common
from bot.ui.texts import rollout as texts
from bot.weekly.rollout_card import render
from bot.weekly.rollout_state import load_state
from router.lifecycle import BEFORE_APPROVAL

HELP = "approved candidates on their way to a live version, with reports and buttons"
MAX_CARDS = 8


def run(context: CommandContext) -> Rendered:
    """Shows a card for each candidate that was approved, the most recently changed first."""
    if not context.is_admin:
        return text_reply(common.ADMINS_ONLY)

    known = context.store.candidates.for_team(context.team)
    candidates = [candidate for candidate in known if candidate.state not in BEFORE_APPROVAL]
    if not candidates:
        return text_reply(texts.NO_ROLLOUT)

    candidates.sort(key=lambda candidate: -candidate.updated_at)
    blocks: list[Block] = []
    lines = []

    # A message holds 50 blocks; each card needs up to six.
    for candidate in candidates[:MAX_CARDS]:
        message = render(load_state(context.store, context.settings, candidate, context.now()))
        blocks += [{"type": "divider"}, *message.blocks]
        lines.append(message.text)

    return Rendered("\n".join(lines), blocks)
