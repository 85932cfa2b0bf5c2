"""Block Kit as plain dicts, built by pure functions.

The SDK's classes turn block types they do not know into null, so none of them is used. Words of a
model or a person appear only in `rich_text` text elements or `plain_text`.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.ui import rich_text
from bot.ui.texts import common as texts
from router.types import Citation, Decision, Outcome, Request

Block = dict[str, Any]
ON_TRIAL = "new version"
REROUTED = "rerouted_from"
"""The decision's reason that names the route which its thread had before."""
"""The reason that stands in a decision while its version answers only some of the people."""
EXTRACTIVE = "extractive"
"""What stands for the model where an answer was quoted and not written."""
LOOK_ALONE, SHARE, SHARE_HERE = "look_alone", "share_answer", "share_here"
FALLBACK_LIMIT = 3900
"""`chat.update` refuses more than 4,000 characters of text."""
ANSWER_LIMIT = 11_000
"""Characters of an answer shown in one message; the sum of a message's blocks is refused at
about 12,000."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What people are told about a route: its name, what it does, an example."""

    name: str
    description: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message: blocks for the eye, `text` for notifications and screen readers.

    `plainer` is to be shown instead where Slack refuses these blocks: some are newer than some of
    its places.
    """

    text: str
    blocks: list[Block]
    plainer: Shown | None = None


def answer(
    request: Request, decision: Decision, outcome: Outcome, offers: Sequence[Offer]
) -> Shown:
    """The one visible answer to a request, whatever became of it."""
    if outcome.error:
        return _failed(request, decision, outcome)
    if decision.verb == "ask":
        return _ask(request, decision, offers)
    if decision.verb == "meta":
        return _menu(texts.META, offers)

    if decision.verb == "out_of_scope":
        shown = _menu(texts.OUT_OF_SCOPE, offers)
        return Shown(
            shown.text,
            [*shown.blocks, {"type": "actions", "elements": _questions(request, decision)}],
        )

    body = outcome_elements(outcome, tables=True)
    closing = [_context(decision, outcome), *_reactions(request, decision)]
    closing[-1]["elements"] += _for_one_person(request, outcome)
    text = _fallback(plain(body))

    if not any(element["type"] == "table" for element in body):
        return Shown(text, [*rich_text.blocks(body), *closing])

    return Shown(
        text,
        [*rich_text.blocks(body), *closing],
        Shown(text, [*rich_text.blocks(outcome_elements(outcome)), *closing]),
    )


def barest(shown: Shown) -> Shown:
    """The same as words alone, which Slack takes everywhere."""
    said = rich_text.text(html.unescape(shown.text) or texts.EMPTY)
    return Shown(shown.text, [rich_text.block([rich_text.section(said)])])


def outcome_elements(outcome: Outcome, *, tables: bool = False) -> list[rich_text.Element]:
    """What a route gave, as rich_text: its text, its data, its sources; with `tables` for `rich_text.blocks`."""
    shown = outcome.text[:ANSWER_LIMIT]
    elements = rich_text.from_markdown(shown, tables=tables) if shown.strip() else []
    if len(outcome.text) > ANSWER_LIMIT:
        elements.append(rich_text.section(rich_text.text(texts.WHOLE_BELOW, italic=True)))

    if isinstance(outcome.data, Mapping) and not shown.strip():
        elements.append(
            rich_text.bullets(_field(name, value) for name, value in outcome.data.items())
        )

    if outcome.citations:
        elements.append(rich_text.bullets(_sources(outcome.citations)))

    return elements or [rich_text.section(rich_text.text(texts.EMPTY, italic=True))]


def plain(elements: Sequence[Mapping[str, Any]]) -> str:
    """The words of rich_text elements, one line for each paragraph, list item or row of a table."""
    lines = []
    for element in elements:
        if element["type"] == "rich_text_list":
            lines += [f"• {_words(item['elements'])}" for item in element["elements"]]
        elif element["type"] == "table":
            lines += [" | ".join(cell["text"] for cell in row) for row in element["rows"]]
        else:
            lines.append(_words(element["elements"]))

    return "\n".join(lines)


def closing_line(decision: Decision, outcome: Outcome) -> str:
    """Route, kind, confidence, model, time and cost in one line."""
    parts = [f"{outcome.route} ({outcome.kind})"]
    if decision.reason.get(REROUTED):
        parts.append(texts.REROUTED_FROM.format(before=decision.reason[REROUTED]))

    sure = texts.SURE.format(confidence=f"{decision.confidence:.0%}")
    parts.append(texts.CHOSEN_BY_PERSON if decision.reason.get("chosen") else sure)
    if ON_TRIAL in decision.reason and outcome.version == decision.version:
        parts.append(texts.TRIAL_MARK.format(version=str(outcome.version)[:8]))
    if outcome.model and outcome.model != EXTRACTIVE:
        parts.append(outcome.model)

    parts += [f"{outcome.seconds:.1f} s", money(outcome.usd)]
    if outcome.tokens.total:
        parts.append(f"{outcome.tokens.total} tokens")

    if outcome.model.startswith("local"):
        parts.append(texts.DEMO_QUALITY)
    elif outcome.model == EXTRACTIVE:
        parts.append(texts.EXTRACTIVE)

    return " · ".join(parts)


def clipped(content: str, most: int) -> str:
    """The text, or its beginning with a mark where it was cut."""
    return content if len(content) <= most else content[: most - 1] + "…"


def clock(at: float) -> str:
    """A time of day that everybody reads alike."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")


def money(usd: float) -> str:
    """An amount people can read: enough digits for a cheap call, not more."""
    if usd == 0:
        return "$0"
    if 0 < usd < 0.00001:
        return "<$0.00001"

    return f"${usd:.2f}" if usd >= 0.1 else f"${usd:.5f}"


def button(label: str, action: str, value: Mapping[str, Any], **extra: Any) -> Block:
    """A button that carries ids, never content."""
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": rich_text.visible(label)[:75]},
        "action_id": action,
        "value": json.dumps(value, separators=(",", ":")),
        **extra,
    }


def words(content: str) -> Block:
    """A paragraph of our own text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": content}}


def menu_block(offers: Sequence[Offer]) -> Block:
    """What Beagle can do here, one line for each route."""
    items = []
    for offer in offers:
        line = rich_text.text(offer.name, bold=True)
        line += rich_text.text(f": {offer.description}" if offer.description else "")
        if offer.example:
            line += rich_text.text(" " + texts.EXAMPLE.format(example=offer.example), italic=True)

        items.append(line)

    if not items:
        return rich_text.block([rich_text.section(rich_text.text(texts.NO_ROUTES))])

    return rich_text.block([rich_text.bullets(items)])


def _menu(opening: str, offers: Sequence[Offer]) -> Shown:
    names = ", ".join(offer.name for offer in offers)
    return Shown(_fallback(f"{opening} {names}"), [words(opening), menu_block(offers)])


def _ask(request: Request, decision: Decision, offers: Sequence[Offer]) -> Shown:
    """The best three, with what each of them does, and a button for each."""
    buttons = [
        button(score.route, f"choose_route:{n}", _ids(request, decision, route=score.route))
        for n, score in enumerate(decision.scores[:3])
    ]
    buttons.append(button(texts.ASK_NONE, "choose_none", _ids(request, decision)))
    buttons.append(button(texts.WHY_ASK, "why_route", _ids(request, decision)))
    known = {offer.name: offer for offer in offers}
    best = [known.get(score.route, Offer(score.route, "")) for score in decision.scores[:3]]
    names = ", ".join(offer.name for offer in best)
    body = menu_block([Offer(offer.name, offer.description) for offer in best])

    return Shown(
        _fallback(f"{texts.ASK} {names}"),
        [words(texts.ASK), body, {"type": "actions", "elements": buttons}],
    )


def _failed(request: Request, decision: Decision, outcome: Outcome) -> Shown:
    said = texts.ERRORS.get(outcome.error or "", texts.ERRORS["internal"])
    if outcome.error == "budget":
        cap = outcome.data if isinstance(outcome.data, Mapping) else {}
        said = said.format(whose=texts.CAPS.get(str(cap.get("whose")), texts.CAPS["team"]))
        said += texts.RESETS.format(when=clock(cap["resets_at"])) if "resets_at" in cap else ""

    again = button(texts.TRY_AGAIN, "try_again", _ids(request, decision))
    return Shown(
        _fallback(said.replace("*", "")), [words(said), {"type": "actions", "elements": [again]}]
    )


def _context(decision: Decision, outcome: Outcome) -> Block:
    return {
        "type": "context",
        "elements": [
            {
                "type": "plain_text",
                "text": rich_text.visible(closing_line(decision, outcome))[:2000],
            }
        ],
    }


def _reactions(request: Request, decision: Decision) -> list[Block]:
    ids = json.dumps(_ids(request, decision), separators=(",", ":"))
    thumbs = {
        "type": "feedback_buttons",
        "action_id": "thumb",
        "positive_button": {
            "text": {"type": "plain_text", "text": texts.GOOD},
            "value": f"up {ids}",
        },
        "negative_button": {
            "text": {"type": "plain_text", "text": texts.BAD},
            "value": f"down {ids}",
        },
    }

    asked = _questions(request, decision)
    return [
        {"type": "context_actions", "elements": [thumbs]},
        {"type": "actions", "elements": asked},
    ]


def _questions(request: Request, decision: Decision) -> list[Block]:
    return [
        button(texts.WHY, "why_route", _ids(request, decision)),
        button(texts.WRONG, "wrong_route", _ids(request, decision)),
    ]


def _for_one_person(request: Request, outcome: Outcome) -> list[Block]:
    """Where documents were asked: in private a button to share the answer, elsewhere one to look further alone."""
    if outcome.kind != "rag" or not isinstance(outcome.data, Mapping):
        return []

    if request.channel_kind != "dm":
        return (
            []
            if outcome.data.get("answered")
            else [button(texts.LOOK_ALONE, LOOK_ALONE, {"request": request.id})]
        )

    return (
        [button(texts.SHARE, SHARE, {"request": request.id})]
        if outcome.data.get("answered")
        else []
    )


def _ids(request: Request, decision: Decision, **more: str) -> dict[str, Any]:
    return {"request": request.id, "revision": decision.revision, **more}


def _field(name: str, value: Any) -> list[rich_text.Element]:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    label = name.replace("_", " ")
    return [
        *rich_text.text(f"{label}: ", bold=True),
        *(rich_text.text(shown) or rich_text.text("—")),
    ]


def _sources(citations: Sequence[Citation]) -> list[list[rich_text.Element]]:
    """One line for each place that is cited, with all the numbers that lead to it."""
    places: dict[tuple[str, str], list[int]] = {}
    for citation in citations:
        places.setdefault((citation.url, citation.title), []).append(citation.number)

    lines = []
    for (url, title), numbers in places.items():
        marks = rich_text.text("".join(f"[{number}]" for number in numbers) + " ")
        lines.append(
            [*marks, rich_text.link(url, title)] if url else [*marks, *rich_text.text(title)]
        )

    return lines


def _words(elements: Sequence[Mapping[str, Any]]) -> str:
    return "".join(element.get("text", "") for element in elements)


def _fallback(content: str) -> str:
    escaped = content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if len(escaped) <= FALLBACK_LIMIT else escaped[: FALLBACK_LIMIT - 1] + "…"
