"""The dialog in which an admin approves a candidate: budget, model to train, consent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.payloads import Block, View
from bot.ui.blocks import plain_paragraph
from bot.ui.dialogs import answer_to, answers_to, dialog, notice, option, question, text_field
from bot.ui.rich_text import strip_invisible
from bot.ui.spans import span_range
from bot.ui.texts import common
from bot.ui.texts import weekly as texts
from bot.weekly.candidate_view import deciding_gate, ids_of
from router.config import Settings
from router.lifecycle_evidence import ApprovalEvidence
from router.text.printable import shorten
from router.types import Candidate
from workers.rollout.approval_choices import ApprovalChoice, approval_choices
from workers.training.plan.candidate import learnable_rows

VIEW = "candidate_approve_view"
MAX_USD = 10_000.0
REASON_LIMIT = 500
EXPLANATION_LIMIT = 3000


def approval_view(candidate: Candidate, settings: Settings) -> Block:
    """Returns the dialog, filled in except for the consent and a reason against advice."""
    evidence = candidate.evidence
    choices = approval_choices(candidate, settings)
    bases = [option(choice.label, choice.word) for choice in choices]
    learnable = f"{learnable_rows(candidate):,}"
    consent = option(texts.APPROVE_CONSENT_OPTION.format(count=learnable), "yes")
    warn = advised_against(candidate) or not evidence.tuning_pays

    blocks: list[Block] = [
        notice(_advice(candidate), "warning" if warn else "info"),
        plain_paragraph(_explanation(candidate, choices)),
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
    if base not in [choice.word for choice in approval_choices(candidate, settings)]:
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


def _explanation(candidate: Candidate, choices: Sequence[ApprovalChoice]) -> str:
    """Returns the reason of the recommendation, the money, each choice, and what happens next."""
    evidence = candidate.evidence
    gate = deciding_gate(evidence)
    lines = [texts.gate_sentence(gate)] if gate is not None else []
    lines += [f"{texts.money_sentence(evidence)}.", texts.APPROVE_NEXT]
    lines += [texts.APPROVE_CHOICES, *filter(None, map(_choice_line, choices))]

    return shorten("\n".join(lines), EXPLANATION_LIMIT)


def _choice_line(choice: ApprovalChoice) -> str:
    """Returns what a choice would cost and need; empty for the one that trains nothing."""
    if choice.usd is not None:
        return texts.APPROVE_CHOICE_PROVIDER.format(label=choice.label, usd=f"{choice.usd:,.0f}")
    if choice.plan is None:
        return ""

    low, high = (60 * hours for hours in choice.plan.hours)
    return texts.APPROVE_CHOICE_HERE.format(
        label=choice.label,
        rows=f"{choice.plan.rows:,}",
        time=span_range(low, high),
        memory=f"{choice.plan.memory.total[1]:.0f}",
    )
