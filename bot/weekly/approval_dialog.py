"""The dialog in which an admin approves a candidate: budget, model to train, consent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.payloads import Block, View
from bot.ui.blocks import plain_paragraph, truncate
from bot.ui.dialogs import answer_to, answers_to, dialog, notice, option, question, text_field
from bot.ui.rich_text import strip_invisible
from bot.ui.texts import common
from bot.ui.texts import weekly as texts
from bot.weekly.candidate_view import deciding_gate, ids_of
from router.config import Settings
from router.lifecycle_evidence import ApprovalEvidence
from router.types import Candidate
from workers.rollout.rungs import Rung, offered_rungs
from workers.training.plan.candidate import learnable_rows

VIEW = "candidate_approve_view"
MAX_USD = 10_000.0
REASON_LIMIT = 500
EXPLANATION_LIMIT = 3000


def approval_view(candidate: Candidate, settings: Settings) -> Block:
    """Returns the dialog, filled in except for the consent and a reason against advice."""
    evidence = candidate.evidence
    rungs = offered_rungs(candidate, settings)
    bases = [option(rung.label, rung.word) for rung in rungs]
    learnable = f"{learnable_rows(candidate):,}"
    consent = option(texts.APPROVE_CONSENT_OPTION.format(count=learnable), "yes")
    warn = advised_against(candidate) or not evidence.tuning_pays

    blocks: list[Block] = [
        notice(_advice(candidate), "warning" if warn else "info"),
        plain_paragraph(_explanation(candidate, rungs)),
        question("budget", texts.APPROVE_BUDGET, _budget(settings), hint=texts.APPROVE_BUDGET_HINT),
        question(
            "base",
            texts.APPROVE_BASE,
            {"type": "static_select", "options": bases, "initial_option": bases[0]},
        ),
        question("consent", texts.APPROVE_CONSENT, {"type": "checkboxes", "options": [consent]}),
        question(
            "reason",
            texts.APPROVE_REASON,
            text_field(REASON_LIMIT),
            optional=not advised_against(candidate),
        ),
    ]
    buttons = (texts.APPROVE, common.CANCEL)

    return dialog(VIEW, texts.APPROVE_TITLE, buttons, ids_of(candidate), blocks)


def parse_approval(
    candidate: Candidate, view: View, settings: Settings
) -> tuple[ApprovalEvidence, dict[str, str]]:
    """Returns what the admin allowed, and the problems with it by question."""
    errors = {}
    try:
        budget = float(answer_to(view, "budget") or "nan")
    except ValueError:
        budget = math.nan

    # `float` also reads "nan" and "inf", which Slack's number input lets a forged client send.
    if not (math.isfinite(budget) and 0 <= budget <= MAX_USD):
        errors["budget"] = texts.APPROVE_BUDGET_WRONG.format(most=f"{MAX_USD:.0f}")

    base = answer_to(view, "base")
    if base not in [rung.word for rung in offered_rungs(candidate, settings)]:
        errors["base"] = texts.APPROVE_BASE_WRONG
    if "yes" not in answers_to(view, "consent"):
        errors["consent"] = texts.APPROVE_CONSENT_WRONG

    # Checked again here, because the dialog may have opened before the recommendation changed.
    reason = answer_to(view, "reason").strip()
    if advised_against(candidate) and not reason:
        errors["reason"] = texts.APPROVE_REASON_WRONG

    evidence = ApprovalEvidence(
        verdict="approve",
        budget_usd=budget,
        base=base,
        consent=True,
        reason=reason[:REASON_LIMIT],
    )
    return evidence, errors


def advised_against(candidate: Candidate) -> bool:
    """Returns whether the recommendation is not to train."""
    return candidate.evidence.recommendation in texts.AGAINST_TRAINING


def _budget(settings: Settings) -> Block:
    return {
        "type": "number_input",
        "is_decimal_allowed": True,
        "min_value": "0",
        "max_value": f"{MAX_USD:.0f}",
        "initial_value": f"{settings.training_usd:g}",
    }


def _advice(candidate: Candidate) -> str:
    """Returns the recommendation in one line."""
    label = strip_invisible(candidate.label)
    return texts.APPROVE_ADVICE.format(label=label, advice=texts.advice(candidate.evidence))


def _explanation(candidate: Candidate, rungs: Sequence[Rung]) -> str:
    """Returns the reason of the recommendation, the money, each rung, and what happens next."""
    evidence = candidate.evidence
    gate = deciding_gate(evidence)
    lines = [texts.gate_sentence(gate)] if gate is not None else []
    lines += [f"{texts.money_sentence(evidence)}.", texts.APPROVE_NEXT]
    lines += [texts.APPROVE_RUNGS, *filter(None, map(_rung_line, rungs))]

    return truncate("\n".join(lines), EXPLANATION_LIMIT)


def _rung_line(rung: Rung) -> str:
    """Returns what a rung would cost and need; empty for the one that trains nothing."""
    if rung.usd is not None:
        return texts.APPROVE_RUNG_PROVIDER.format(label=rung.label, usd=f"{rung.usd:,.0f}")
    if rung.plan is None:
        return ""

    minutes = [max(1, round(60 * hours)) for hours in rung.plan.hours]
    return texts.APPROVE_RUNG_HERE.format(
        label=rung.label,
        rows=f"{rung.plan.rows:,}",
        low=f"{minutes[0]:,}",
        high=f"{minutes[1]:,}",
        memory=f"{rung.plan.memory.total[1]:.0f}",
    )
