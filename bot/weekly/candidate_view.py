"""A candidate as cards: in the digest, in the App Home, and what opens beside them. All pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.cli.mine_report import MARKS, a_month, advice, dollars, sparkline
from bot.ui import rich_text
from bot.ui.blocks import Block, button, clipped
from bot.ui.texts import common as texts
from router.types import Candidate

WAITING = "digested"
SNOOZES = {"1w": texts.SNOOZE_WEEK, "4w": texts.SNOOZE_MONTH, "x2": texts.SNOOZE_DOUBLE}
QUOTES = 2


def card(one: Candidate, by: str = "", *, framed: bool = True) -> list[Block]:
    """What it is, how often, what speaks for and against it; buttons while it waits, else how it stands by whose word.

    `framed` uses Slack's card block; without it the same words stand in older ones.
    """
    head = [_frame(one)] if framed else _unframed(one)
    shown: list[Block] = [*head, rich_text.block(_details(one.evidence))]
    if one.state == WAITING:
        return [*shown, {"type": "actions", "elements": [*_buttons(one), _snooze(one)]}]

    said = [*rich_text.text(state_of(one), bold=True)]
    if by:
        said += [*rich_text.text(texts.BY), {"type": "user", "user_id": by}]

    return [*shown, rich_text.block([rich_text.section(said)])]


def home_cards(
    candidates: Sequence[Candidate], drifting: Mapping[str, Sequence[str]], *, framed: bool = True
) -> list[Block]:
    """The candidates side by side, with the buttons of those that wait; without `framed` one below the other.

    `drifting` says by id why a live one does worse than when it was proved.
    """
    if framed:
        return [
            {
                "type": "carousel",
                "elements": [_home_card(one, drifting.get(one.id, ())) for one in candidates],
            }
        ]

    blocks: list[Block] = []
    for one in candidates:
        words = [
            *rich_text.text(one.label, bold=True),
            *rich_text.text(f"  {state_of(one)}, {counts(one.evidence)}. "),
        ]
        body = "; ".join(drifting.get(one.id, ())) or _body(one.evidence)
        blocks.append(rich_text.block([rich_text.section([*words, *rich_text.text(body)])]))
        blocks += (
            [{"type": "actions", "elements": _home_buttons(one)}] if one.state == WAITING else []
        )

    return blocks


def examples(one: Candidate) -> list[Block]:
    """Masked examples and every gate with its figure and limit."""
    record = one.evidence
    quotes = [rich_text.text(example) for example in record["examples"]] or [
        rich_text.text(texts.NO_EXAMPLES)
    ]
    gates = [
        [
            *rich_text.text(f"{MARKS[gate['passed']]} {gate['name']}: ", bold=True),
            *rich_text.text(f"{gate['figure']} ({gate['limit']})"),
        ]
        for gate in record["gates"]
    ]

    reasons = [rich_text.text(clipped(reason, 300)) for reason in record["reasons"]]
    parts = [
        rich_text.section(rich_text.text(one.definition or one.label)),
        rich_text.bullets(quotes),
    ]
    shown = [rich_text.block(parts), rich_text.block([rich_text.bullets(gates)])]

    return [*shown, rich_text.block([rich_text.bullets(reasons)])] if reasons else shown


def state_of(one: Candidate) -> str:
    """Where it stands, in words."""
    return texts.CANDIDATE_STATES.get(one.state, one.state.replace("_", " "))


def counts(record: Mapping[str, Any]) -> str:
    """How often it was asked by how many people, and how that went."""
    said = texts.CANDIDATE_COUNTS.format(
        count=f"{record['count']:,}", people=record["people"], weeks=sparkline(record["weekly"])
    )
    change = record.get("change")
    return said + (texts.CANDIDATE_TREND.format(change=f"{change:+.0%}") if change else "")


def decided_by(record: Mapping[str, Any]) -> str:
    """The gate that decided, with its figure; empty where all passed."""
    gate = next((gate for gate in record["gates"] if gate["passed"] is not True), None)
    return "" if gate is None else clipped(f"{gate['name'].capitalize()}: {gate['figure']}", 240)


def _frame(one: Candidate) -> Block:
    return {
        "type": "card",
        "title": _plain(one.label, 150),
        "subtitle": _plain(counts(one.evidence), 150),
        "body": _plain(_body(one.evidence), 200),
    }


def _unframed(one: Candidate) -> list[Block]:
    elements = [
        rich_text.section(
            [*rich_text.text(one.label, bold=True), *rich_text.text(f"  {counts(one.evidence)}")]
        ),
        rich_text.section(rich_text.text(_body(one.evidence))),
    ]
    return [{"type": "divider"}, rich_text.block(elements)]


def _body(record: Mapping[str, Any]) -> str:
    """The advice, what decided it, and the money."""
    parts = [advice(record), decided_by(record), money_of(record)]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def money_of(record: Mapping[str, Any]) -> str:
    """What tuning would save or lose a month."""
    if not record["money"]:
        return texts.TUNING_UNPRICED

    month = record["money"]["monthly_usd"]
    if month["high"] < 0:
        return texts.TUNING_LOSES.format(money=dollars(-month["high"]))

    return texts.TUNING_MONEY.format(money=a_month(record))


def _details(record: Mapping[str, Any]) -> list[rich_text.Element]:
    """The gates by how they came out, in words, and some of what people said."""
    groups = [
        (name, [gate["name"] for gate in record["gates"] if gate["passed"] is how])
        for how, name in GATES
    ]
    lines = [
        [*rich_text.text(f"{name}: ", bold=True), *rich_text.text(", ".join(gates))]
        for name, gates in groups
        if gates
    ]

    if record.get("overheard"):
        lines.append(
            rich_text.text(texts.CANDIDATE_OVERHEARD.format(count=f"{record['overheard']:,}"))
        )

    said = [rich_text.text(clipped(example, 160)) for example in record["examples"][:QUOTES]]
    quotes = [{"type": "rich_text_quote", "elements": one} for one in said if one]
    return [*quotes, rich_text.bullets(lines)]


GATES = ((True, texts.GATES_PASSED), (False, texts.GATES_FAILED), (None, texts.GATES_OPEN))


def _buttons(one: Candidate) -> list[Block]:
    ids = ids_of(one)
    return [
        button(texts.APPROVE, "candidate_approve", ids, style="primary"),
        button(texts.REJECT, "candidate_reject", ids),
        button(texts.SEE_EXAMPLES, "candidate_examples", ids),
        button(texts.NOT_SAME, "candidate_split", ids),
    ]


def _home_buttons(one: Candidate) -> list[Block]:
    ids = ids_of(one)
    return [
        button(texts.APPROVE, "candidate_approve", ids, style="primary"),
        button(texts.REJECT, "candidate_reject", ids),
        button(texts.SNOOZE, "candidate_later", ids),
    ]


def _snooze(one: Candidate) -> Block:
    options = [
        {"text": {"type": "plain_text", "text": said}, "value": f"{name} {one.version} {one.id}"}
        for name, said in SNOOZES.items()
    ]

    return {
        "type": "static_select",
        "action_id": "candidate_snooze",
        "placeholder": {"type": "plain_text", "text": texts.SNOOZE},
        "options": options,
    }


def ids_of(one: Candidate) -> dict[str, Any]:
    """What a button or dialog about it carries."""
    return {"candidate": one.id, "version": one.version}


def _home_card(one: Candidate, drifts: Sequence[str]) -> Block:
    shown = _frame(one) | ({"body": _plain("; ".join(drifts), 200)} if drifts else {})
    shown |= {"subtitle": _plain(f"{state_of(one)}, {counts(one.evidence)}", 150)}
    return shown | ({"actions": _home_buttons(one)} if one.state == WAITING else {})


def _plain(content: str, most: int) -> Block:
    return {"type": "plain_text", "text": clipped(rich_text.visible(content), most) or "—"}
