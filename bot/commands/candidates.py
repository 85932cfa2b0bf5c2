"""`/beagle candidates`: repeated requests, their state, and the buttons to decide."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.commands import CommandContext, text_reply
from bot.payloads import Block
from bot.ui.blocks import Rendered
from bot.ui.rich_text import strip_invisible
from bot.ui.texts import common
from bot.ui.texts import weekly as texts
from bot.weekly.candidate_view import WAITING, candidate_card, snooze_of, state_label
from router.lifecycle import SYSTEM
from router.store.weekly.candidates import CandidateTransition

HELP = "repeated requests, their state, and what to do about them"
MAX_CANDIDATES = 12


def run(context: CommandContext) -> Rendered:
    """Shows the candidates that may be shown, those that need a decision first."""
    if not context.is_admin:
        return text_reply(common.ADMINS_ONLY)

    # Hidden candidates have too few people behind them to be shown to anybody.
    known = context.store.candidates.for_team(context.team)
    candidates = [candidate for candidate in known if not candidate.evidence.hidden]
    candidates.sort(key=lambda one: (one.state != WAITING, -one.evidence.score))
    if not candidates:
        return text_reply(texts.NO_CANDIDATES)

    blocks: list[Block] = []
    lines = []

    for candidate in candidates[:MAX_CANDIDATES]:
        history = context.store.candidates.history(candidate.id)
        snooze = snooze_of(candidate, history[-1]) if history else None
        blocks += candidate_card(candidate, _decided_by(history), snooze)
        label = escape(strip_invisible(candidate.label), quote=False)
        lines.append(texts.CANDIDATE_IN_LIST.format(label=label, state=state_label(candidate)))

    return Rendered("; ".join(lines), blocks)


def _decided_by(history: Sequence[CandidateTransition]) -> str:
    """Returns the person who took the newest step; empty if it was an automatic one."""
    return history[-1].actor if history and history[-1].actor != SYSTEM else ""
