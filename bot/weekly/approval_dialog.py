"""The dialog in which an admin approves a candidate: what it may cost, what may be trained, what is learned from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bot.cli.mine_report import advice
from bot.ui.blocks import Block, clipped
from bot.ui.dialogs import dialog, option, question, said
from bot.ui.rich_text import visible
from bot.ui.texts import common as texts
from bot.weekly.candidate_view import decided_by, ids_of, money_of
from router.config import Settings
from router.types import Candidate
from workers.rollout.approval import bases

VIEW = "candidate_approve_view"
MOST_USD = 10_000.0
AGAINST = ("keep the prompt", "not yet")
"""Advice against which somebody may approve, but has to say why."""
LONGEST_REASON = 500


def view(one: Candidate, settings: Settings) -> Block:
    """The dialog, filled in so that only the consent has to be given where the gates advise it."""
    record = one.evidence
    options = [option(label, name) for name, label in bases(settings).items()]
    # What was only overheard is counted, never learned from.
    asked = record["count"] - record.get("overheard", 0)
    consent = option(texts.CONSENT.format(count=f"{asked:,}"), "yes")
    blocks: list[Block] = [
        {
            "type": "alert",
            "level": _level(one),
            "text": {"type": "plain_text", "text": _warning(one)},
        },
        question(
            "budget",
            texts.APPROVE_BUDGET,
            {
                "type": "number_input",
                "is_decimal_allowed": True,
                "min_value": "0",
                "max_value": f"{MOST_USD:.0f}",
                "initial_value": f"{settings.training_usd:g}",
            },
            hint=texts.APPROVE_BUDGET_HINT,
        ),
        question(
            "base",
            texts.APPROVE_BASE,
            {"type": "static_select", "options": options, "initial_option": options[0]},
        ),
        question("consent", texts.APPROVE_CONSENT, {"type": "checkboxes", "options": [consent]}),
        question(
            "reason",
            texts.APPROVE_REASON,
            {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_REASON},
            optional=not against(one),
        ),
    ]

    return dialog(VIEW, texts.APPROVE_TITLE, (texts.APPROVE, texts.CANCEL), ids_of(one), blocks)


def read(
    one: Candidate, view: Mapping[str, Any], settings: Settings
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was allowed, for the audit and the way ahead, and what is wrong with it, by question."""
    errors = {}
    try:
        budget = float(said(view, "budget") or "nan")
    except ValueError:
        budget = math.nan

    if not (math.isfinite(budget) and 0 <= budget <= MOST_USD):
        errors["budget"] = texts.APPROVE_BUDGET_WRONG.format(most=f"{MOST_USD:.0f}")

    base = str(said(view, "base") or "")
    if base not in bases(settings):
        errors["base"] = texts.APPROVE_BASE_WRONG
    if "yes" not in (said(view, "consent") or ()):
        errors["consent"] = texts.APPROVE_CONSENT_WRONG

    reason = str(said(view, "reason") or "").strip()
    if against(one) and not reason:
        errors["reason"] = texts.APPROVE_REASON_WRONG

    told = {"budget_usd": budget, "base": base, "consent": True, "reason": reason[:LONGEST_REASON]}
    return told, errors


def against(one: Candidate) -> bool:
    """Whether the gates advise not to."""
    return one.evidence["recommendation"] in AGAINST


def _level(one: Candidate) -> str:
    return "warning" if against(one) or not _pays(one) else "info"


def _pays(one: Candidate) -> bool:
    return bool(one.evidence["money"] and one.evidence["money"].get("pays"))


def _warning(one: Candidate) -> str:
    record = one.evidence
    parts = [
        texts.APPROVE_ADVICE.format(label=visible(one.label), advice=advice(record)),
        decided_by(record),
    ]
    parts += [money_of(record), texts.APPROVE_ROAD]

    return clipped(
        "\n".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part),
        3000,
    )
