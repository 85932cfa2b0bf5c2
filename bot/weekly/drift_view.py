"""A drift check as a card: the alarms, what else was measured, the costs, and the buttons.

Pure functions: what they show depends on their arguments alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui.blocks import Rendered, actions, button, clock_time, confirmation
from bot.ui.dialogs import dialog, question, text_field
from bot.ui.rich_text import Element
from bot.ui.stats import header
from bot.ui.texts import drift as texts
from bot.ui.texts import weekly
from bot.weekly.candidate_view import ids_of
from router.lifecycle import SYSTEM
from router.store.weekly.candidates import CandidateTransition
from router.store.weekly.drift_checks import DriftCheck
from router.text.printable import shorten
from router.types import Candidate
from workers.readiness.money_text import format_usd

DriftBody: TypeAlias = Mapping[str, Any]
"""The JSON that a drift check stores (`workers/drift/check.py`)."""
DISMISS_VIEW = "drift_keep_view"
FALLBACK_LIMIT = 2900
LINE_LIMIT = 400
REASON_LIMIT = 500
DECIDED_WHY_LIMIT = 300


def drift_card(
    check: DriftCheck,
    candidate: Candidate,
    decision: CandidateTransition | None,
    replacement: str | None,
) -> Rendered:
    """Returns the card of a check with alarms.

    `decision` is the step that ended the drift, None while an admin has to decide. `replacement` is
    the version that would answer if this one was retired.
    """
    body = check.body
    figures = "; ".join(alarm["figure"] for alarm in body["alarms"])
    version = texts.VERSION.format(route=body["route"], version=body["version"], kind=body["kind"])
    subject = [*_bold(candidate.label), *rich_text.text(version)]

    blocks: list[Block] = [
        header(texts.TITLE.format(week=check.week)),
        rich_text.block([rich_text.section(subject)]),
        rich_text.block([rich_text.bullets(_alarm(alarm) for alarm in body["alarms"])]),
        _list(texts.ALSO_MEASURED, unchanged_lines(body)),
        _list(texts.WHAT_IT_COSTS, [*cost_lines(body["cost"]), _retire_line(replacement)]),
        actions(buttons(candidate)) if decision is None else _decided(decision),
    ]

    # The text is mrkdwn: escaped, so that a name cannot mention anybody.
    label = escape(rich_text.strip_invisible(candidate.label), quote=False)
    text = texts.FALLBACK.format(label=label, figures=escape(figures, quote=False))
    return Rendered(shorten(text, FALLBACK_LIMIT), blocks)


def buttons(candidate: Candidate) -> list[Block]:
    """Returns what an admin can do with a drifting version."""
    ids = ids_of(candidate)
    roll_back = confirmation(texts.ROLL_BACK_ASK, texts.ROLL_BACK_MEANS, texts.ROLL_BACK)
    retire = confirmation(texts.RETIRE_ASK, texts.RETIRE_MEANS, texts.RETIRE)
    return [
        button(texts.RETRAIN, "drift_retune", ids, style="primary"),
        button(texts.DISMISS, "drift_keep", ids),
        button(texts.ROLL_BACK, "drift_rollback", ids, style="danger", confirm=roll_back),
        button(texts.RETIRE, "drift_retire", ids, style="danger", confirm=retire),
    ]


def stop_button(candidate: Candidate) -> Block:
    """Returns the button that stops retraining, while the new examples wait for a review."""
    return button(texts.STOP_RETRAINING, "drift_stop", ids_of(candidate))


def recovered_note(check: DriftCheck, candidate: Candidate) -> Rendered:
    """Returns the note that an alarm is over."""
    label = rich_text.strip_invisible(candidate.label)
    return _plain(texts.RECOVERED.format(label=label, week=check.week))


def sunset_warning(body: DriftBody) -> Rendered:
    """Returns the warning that a provider switches off a model, or did so."""
    text = texts.SUNSET if body["days"] > 0 else texts.SUNSET_PASSED
    return _plain(
        text.format(
            model=body["model"],
            date=body["date"],
            days=body["days"],
            uses=sunset_uses(body),
        )
    )


def sunset_uses(body: DriftBody) -> str:
    """Returns where a model that ends is used: in routes, in settings, or both."""
    uses = []
    if body["routes"]:
        uses.append(texts.ANSWERS_FOR.format(routes=", ".join(body["routes"])))
    # An announcement of an earlier release has routes only.
    if body.get("settings"):
        uses.append(texts.NAMED_BY.format(settings=", ".join(body["settings"])))

    return " ".join(uses)


def dismiss_dialog(candidate: Candidate) -> Block:
    """Returns the dialog that asks why the alarm is dismissed."""
    why = question("why", texts.DISMISS_WHY, text_field(REASON_LIMIT), hint=texts.DISMISS_HINT)
    buttons_text = (texts.DISMISS, texts.CANCEL)
    return dialog(DISMISS_VIEW, texts.DISMISS_TITLE, buttons_text, ids_of(candidate), [why])


def unchanged_lines(body: DriftBody) -> list[str]:
    """Returns everything that was measured without an alarm, each with its figure."""
    measured = body["measured"]
    alarms = {alarm["kind"] for alarm in body["alarms"]}
    lines = []

    for name, accuracy in (
        (texts.ROWS_REVIEWED, measured["own"]),
        (texts.ROWS_GOLDEN, measured["golden"]),
    ):
        # The alarm names one set of rows; the other one is listed here if it did not fall.
        fell = "accuracy" in alarms and accuracy["high"] < 0
        if accuracy["rows"] and not fell:
            lines.append(
                texts.ACCURACY.format(
                    name=name,
                    now=accuracy["now"],
                    rows=accuracy["rows"],
                    before=accuracy["then"],
                    low=100 * accuracy["low"],
                    high=100 * accuracy["high"],
                )
            )

    if "inputs" not in alarms:
        lines.append(texts.INPUTS.format(shift=_shift(measured["shift"])))
    if measured["weeks"]:
        lines.append(_corrections(measured))
    if "base" not in alarms:
        lines.append(texts.SAME_BASE)

    return lines


def cost_lines(cost: Mapping[str, Any]) -> list[str]:
    """Returns what retraining costs once, and what each week of waiting costs."""
    review = texts.COST_REVIEW.format(
        hours=cost["review_hours"], usd=format_usd(cost["review_usd"])
    )
    training = texts.COST_TRAINING.format(usd=format_usd(cost["training_usd"]))
    if cost["cpu_seconds"] is not None:
        training += texts.COST_LAST_TRAINING.format(seconds=cost["cpu_seconds"])

    retrain = texts.COST_RETRAIN.format(
        usd=format_usd(cost["retune_usd"]), review=review, training=training
    )
    wait = texts.COST_WAIT_NOTHING

    if cost["wrong_a_week"] > 0:
        wait = texts.COST_WAIT.format(
            count=cost["wrong_a_week"],
            usd=format_usd(cost["waiting_usd_a_week"]),
            # Checks of older releases counted two minutes and did not say so in their record.
            minutes=cost.get("wrong_minutes", 2.0),
        )

    return [retrain, wait]


def _corrections(measured: Mapping[str, Any]) -> str:
    weeks, promoted = measured["weeks"], measured["promoted"]
    last = weeks[-1]
    at_promotion = ""
    if promoted["answers"]:
        at_promotion = texts.CORRECTIONS_PROMOTED.format(share=promoted["share"])

    return texts.CORRECTIONS.format(
        trend=" ".join(f"{week['share']:.0%}" for week in weeks),
        corrected=last["corrected"],
        answers=last["answers"],
        low=last["low"],
        high=last["high"],
        promoted=at_promotion,
    )


def _shift(shift: Mapping[str, Any]) -> str:
    # Too few requests for a distance: the record says so in words.
    if shift["psi"] is None:
        return str(shift["why"])

    return texts.INPUT_SHIFT.format(
        psi=shift["psi"], requests=shift["requests"], chance=shift["chance"]
    )


def _alarm(alarm: Mapping[str, str]) -> list[Element]:
    return [*_bold(f"{alarm['figure']}. "), *rich_text.text(alarm["meaning"])]


def _retire_line(replacement: str | None) -> str:
    if replacement is None:
        return texts.NO_PROMPT

    return texts.COST_RETIRE.format(version=replacement)


def _decided(edge: CandidateTransition) -> Block:
    """Returns what was decided, when, by whom and why."""
    # Back to live without a new version: the label says what the admin did.
    state = weekly.STATES[edge.after]
    label = texts.DISMISSED_LABEL if edge.after == "live" else state.label

    line = [*_bold(label), *rich_text.text(texts.DECIDED_AT.format(at=clock_time(edge.at)))]
    why = edge.evidence.reason
    if edge.actor == SYSTEM:
        why = why or edge.evidence.explanation
    else:
        line += [*rich_text.text(texts.DECIDED_BY), rich_text.user(edge.actor)]

    if why:
        reason = shorten(why, DECIDED_WHY_LIMIT)
        line += rich_text.text(texts.DECIDED_WHY.format(why=reason))

    explanation = rich_text.text(state.explanation)
    return rich_text.block([rich_text.section(line), rich_text.section(explanation)])


def _list(title: str, lines: Sequence[str]) -> Block:
    bullets = rich_text.bullets(rich_text.text(shorten(line, LINE_LIMIT)) for line in lines)
    return rich_text.block([rich_text.section(_bold(title)), bullets])


def _bold(content: str) -> list[Element]:
    return rich_text.text(content, bold=True)


def _plain(content: str) -> Rendered:
    block = rich_text.block([rich_text.section(rich_text.text(content))])
    return Rendered(escape(content, quote=False), [block])
