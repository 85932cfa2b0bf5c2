"""A candidate as cards: in the digest, in the App Home, and in the dialog with its examples.

Pure functions: what they show depends on their arguments alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.payloads import Block, ButtonValue
from bot.ui import rich_text
from bot.ui.blocks import actions, button, confirmation
from bot.ui.dialogs import option
from bot.ui.rich_text import Element
from bot.ui.texts import drafts
from bot.ui.texts import weekly as texts
from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.lifecycle import State
from router.lifecycle_evidence import SnoozeEvidence
from router.store.weekly.candidates import CandidateTransition
from router.text.printable import shorten
from router.types import Candidate
from workers.readiness.gates import ADVISORY_GATES

WAITING: State = "digested"
"""The state in which a candidate awaits a decision and has buttons."""
PUT_ASIDE: tuple[State, ...] = ("snoozed", "rejected")
"""States from which a click brings a candidate back."""
QUOTES = 2
QUOTE_LIMIT = 160
REASON_LIMIT = 300
TITLE_LIMIT = 150
BODY_LIMIT = 200
"""Characters in the parts of Slack's `card` block."""


def candidate_card(
    candidate: Candidate, by: str = "", snooze: SnoozeEvidence | None = None
) -> list[Block]:
    """Returns the blocks of a candidate: its counts, advice and checks, then its buttons.

    A decided candidate has its state in place of the buttons, with `by`, the person who decided.
    `snooze` says until when a snoozed one is away.
    """
    blocks = [_frame(candidate), rich_text.block(_details(candidate.evidence))]

    if candidate.state == WAITING:
        return [*blocks, actions([*_buttons(candidate), _snooze_select(candidate)])]

    state = state_label(candidate) if snooze is None else _snoozed(snooze)
    if by:
        label = texts.CANDIDATE_STATE_BY.format(state=state)
        line = [*rich_text.text(label, bold=True), rich_text.user(by)]
    else:
        line = rich_text.text(state, bold=True)

    lines = [rich_text.section(line)]
    if candidate.state == "snoozed":
        lines.append(rich_text.section(rich_text.text(texts.SNOOZED_HOW)))

    blocks.append(rich_text.block(lines))
    if candidate.state in PUT_ASIDE:
        back = button(texts.BRING_BACK, "candidate_return", ids_of(candidate))
        blocks.append(actions([back]))

    return blocks


def home_cards(
    candidates: Sequence[Candidate], drifting: Mapping[str, Sequence[str]]
) -> list[Block]:
    """Returns the candidates side by side.

    `drifting` has, by candidate id, the figures of live versions that have become worse.
    """
    cards = [_home_card(candidate, drifting.get(candidate.id, ())) for candidate in candidates]
    return [{"type": "carousel", "elements": cards}]


def examples(candidate: Candidate) -> list[Block]:
    """Returns the masked examples, and a sentence for each readiness gate."""
    evidence = candidate.evidence
    quotes = list(evidence.examples) or [texts.NO_EXAMPLES]
    definition = rich_text.text(candidate.definition or candidate.label)

    blocks = [
        rich_text.block(
            [
                rich_text.section(definition),
                rich_text.bullets(rich_text.text(quote) for quote in quotes),
            ]
        ),
        rich_text.block([rich_text.bullets(_gate_line(gate) for gate in evidence.gates)]),
    ]

    # The first reason repeats the deciding gate; those about money follow it.
    repeated = f"{evidence.recommendation}: "
    reasons = [reason for reason in evidence.reasons if not reason.startswith(repeated)]
    if reasons:
        blocks.append(rich_text.lines_block(shorten(reason, REASON_LIMIT) for reason in reasons))

    return blocks


def state_label(candidate: Candidate) -> str:
    """Returns the candidate's state in a few words."""
    if candidate.state == "approved" and candidate.route is None:
        return texts.DRAFT_WANTED

    return texts.STATES[candidate.state].label


def snooze_of(candidate: Candidate, newest: CandidateTransition) -> SnoozeEvidence | None:
    """Returns until when the candidate is snoozed; None where it is not."""
    evidence = newest.evidence
    if candidate.state == "snoozed" and isinstance(evidence, SnoozeEvidence):
        return evidence

    return None


def _snoozed(snooze: SnoozeEvidence) -> str:
    if snooze.until is not None:
        return texts.SNOOZED_UNTIL.format(day=texts.day(snooze.until))
    if snooze.until_count is not None:
        return texts.SNOOZED_UNTIL_COUNT.format(count=snooze.until_count)

    return texts.STATES["snoozed"].label


def counts(evidence: CandidateEvidence) -> str:
    """Returns how many people asked how often, with the trend."""
    line = texts.CANDIDATE_COUNTS.format(
        count=f"{evidence.count:,}",
        people=evidence.people,
        weeks=texts.sparkline(evidence.weekly),
    )
    if evidence.change:
        line += texts.CANDIDATE_TREND.format(change=f"{evidence.change:+.0%}")

    return line


def deciding_gate(evidence: CandidateEvidence) -> GateOutcome | None:
    """Returns the first gate that did not pass: the recommendation follows from it."""
    for gate in evidence.gates:
        if gate.passed is not True and gate.name not in ADVISORY_GATES:
            return gate

    return None


def ids_of(candidate: Candidate) -> ButtonValue:
    """Returns what a button or dialog about the candidate carries."""
    return {"candidate": candidate.id, "version": candidate.version}


def _frame(candidate: Candidate) -> Block:
    return {
        "type": "card",
        "title": _plain(candidate.label, TITLE_LIMIT),
        "subtitle": _plain(_counts_or_origin(candidate), TITLE_LIMIT),
        "body": _plain(_body(candidate), BODY_LIMIT),
    }


def _counts_or_origin(candidate: Candidate) -> str:
    """Returns the counts; of what an admin described, that nobody has asked for it so far."""
    return counts(candidate.evidence) if candidate.evidence.count else drafts.OWN_ROUTE


def _body(candidate: Candidate) -> str:
    """Returns the advice and the money, or the task of a route that an admin described.

    The reasons are in `_details`.
    """
    evidence = candidate.evidence
    if not evidence.count:
        return candidate.definition or candidate.label

    return f"{texts.advice(evidence)}. {texts.money_sentence(evidence)}."


def _details(evidence: CandidateEvidence) -> list[Element]:
    """Returns some quotes, then each gate that speaks against the candidate as a sentence."""
    lines = []
    deciding = deciding_gate(evidence)

    # The deciding gate may be unmeasured: it is explained, the other unmeasured ones are listed.
    for gate in evidence.gates:
        if gate == deciding or (gate.passed is False and gate.name not in ADVISORY_GATES):
            lines.append(_gate_line(gate))

    passed = [texts.gate_title(gate) for gate in evidence.gates if gate.passed]
    unknown = [
        texts.gate_title(gate)
        for gate in evidence.gates
        if gate.passed is None and gate != deciding
    ]
    for label, titles in ((texts.GATES_PASSED, passed), (texts.GATES_UNKNOWN, unknown)):
        if titles:
            names = rich_text.text(", ".join(titles))
            lines.append([*rich_text.text(label, bold=True), *names])

    if evidence.channel_messages:
        count = f"{evidence.channel_messages:,}"
        lines.append(rich_text.text(texts.CANDIDATE_CHANNEL_MESSAGES.format(count=count)))

    quotes: list[Element] = []
    for example in evidence.examples[:QUOTES]:
        elements = rich_text.text(shorten(example, QUOTE_LIMIT))
        if elements:
            quotes.append({"type": "rich_text_quote", "elements": elements})

    return [*quotes, rich_text.bullets(lines)]


def _gate_line(gate: GateOutcome) -> list[Element]:
    head = f"{texts.MARKS[gate.passed]}, {texts.gate_title(gate)}: "
    return [*rich_text.text(head, bold=True), *rich_text.text(texts.gate_sentence(gate))]


def _buttons(candidate: Candidate) -> list[Block]:
    ids = ids_of(candidate)
    return [
        _first_button(candidate),
        button(texts.REJECT, "candidate_reject", ids),
        button(texts.SEE_EXAMPLES, "candidate_examples", ids),
        button(texts.SPLIT_OR_MERGE, "candidate_split", ids),
    ]


def _first_button(candidate: Candidate) -> Block:
    """Returns *Approve*, or *Draft a route* where no route serves the requests yet."""
    ids = ids_of(candidate)
    if candidate.evidence.route is None and candidate.route is None:
        return button(drafts.DRAFT_ROUTE, "candidate_draft", ids, style="primary")

    return button(texts.APPROVE, "candidate_approve", ids, style="primary")


def _home_buttons(candidate: Candidate) -> list[Block]:
    ids = ids_of(candidate)
    return [
        _first_button(candidate),
        button(texts.REJECT, "candidate_reject", ids),
        # A card in a carousel takes buttons only, so here a dialog asks for how long.
        button(texts.SNOOZE, "candidate_snooze_dialog", ids),
    ]


def _snooze_select(candidate: Candidate) -> Block:
    options = [
        option(label, f"{name} {candidate.version} {candidate.id}")
        for name, label in texts.SNOOZES.items()
    ]
    return {
        "type": "static_select",
        "action_id": "candidate_snooze",
        "placeholder": {"type": "plain_text", "text": texts.SNOOZE},
        "options": options,
        "confirm": confirmation(texts.SNOOZE_ASK, texts.SNOOZE_MEANS, texts.SNOOZE),
    }


def _home_card(candidate: Candidate, drift: Sequence[str]) -> Block:
    card = _frame(candidate)
    card["subtitle"] = _plain(_state_and_counts(candidate), TITLE_LIMIT)

    # What has become worse is more urgent than the advice of the time before training.
    if drift:
        card["body"] = _plain("; ".join(drift), BODY_LIMIT)
    if candidate.state == WAITING:
        card["actions"] = _home_buttons(candidate)
    elif candidate.state in PUT_ASIDE:
        card["actions"] = [button(texts.BRING_BACK, "candidate_return", ids_of(candidate))]

    return card


def _state_and_counts(candidate: Candidate) -> str:
    return f"{state_label(candidate)}, {_counts_or_origin(candidate)}"


def _plain(content: str, limit: int) -> Block:
    # Slack refuses an empty text, and invisible characters could hide a second label.
    text = shorten(rich_text.strip_invisible(content), limit)
    return {"type": "plain_text", "text": text or "—"}
