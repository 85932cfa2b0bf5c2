"""Block Kit as plain dicts, built by pure functions.

The SDK's classes turn block types they do not know into null, so none of them is used. Words of a
model or a person appear only in `rich_text` text elements or `plain_text`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.payloads import Block
from bot.ui import rich_text, short_lines, tier_lines
from bot.ui.outcome_text import outcome_elements, plain_text
from bot.ui.texts import common as texts
from bot.ui.texts import sending as sending_texts
from router.classifier.second_request import second_request_in
from router.errors import WEAK_ERRORS, BudgetError, RateLimitError
from router.kinds import RETRIEVING_KINDS
from router.store.requests.sendings import Sending
from router.text.printable import shorten
from router.types import (
    CHOSEN,
    ON_TRIAL,
    REROUTED,
    SMALL_TALK,
    TOPIC,
    UNSURE_EXAMPLES,
    Decision,
    Outcome,
    Request,
    RouteOffer,
)
from workers.llm.model_prices import EXTRACTIVE
from workers.readiness.money_text import format_usd

LOOK_ALONE, SHARE, SHARE_HERE = "look_alone", "share_answer", "share_here"
SEND = "send_answer"
ANSWER_WITHOUT = "answer_without_files"
ANSWER_SECOND = "answer_second"
FALLBACK_LIMIT = 3900
"""Characters of a message's text: `chat.update` refuses more than 4,000."""
BUTTON_LIMIT = 75
CONTEXT_LIMIT = 2000
"""Characters of a button's label and of a context block's text."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: blocks, and `text` for notifications and screen readers.

    Where Slack refuses these blocks, `bot/plainer` shows the same in others, and in the end the
    text alone.
    """

    text: str
    blocks: list[Block]


def answer(
    request: Request,
    decision: Decision,
    outcome: Outcome,
    offers: Sequence[RouteOffer],
    part: Request | None = None,
    sent: Sequence[Sending] = (),
) -> Rendered:
    """Returns the one visible answer to a request, whatever its outcome.

    `part` is the request that another part of its message has made; `sent` says where people
    passed this answer on, and the reminders of it.
    """
    other = _second_request(request, decision, offers, part)
    if outcome.error:
        failed = _failed(request, decision, outcome)
        text = f"{failed.text}\n{other.text}".rstrip("\n")
        return Rendered(text, [*failed.blocks, *other.blocks])
    if decision.verb == "ask":
        return _ask(request, decision, offers)
    if decision.verb == "meta":
        offers = short_lines.without_examples(offers, decision.reason.get(UNSURE_EXAMPLES, ()))
    if SMALL_TALK in decision.reason or TOPIC in decision.reason:
        is_topic = TOPIC in decision.reason
        line = short_lines.topic_line(decision) if is_topic else ""
        content = line or short_lines.small_talk(decision, offers)
        return Rendered(shorten(content, FALLBACK_LIMIT), [paragraph(content)])
    if decision.verb == "meta":
        is_file_alone = bool(request.file_ids) and not request.text
        opening = texts.FILE_ALONE if is_file_alone else texts.META
        return _menu(opening, short_lines.within_reach(offers))

    if decision.verb == "out_of_scope" and outcome.text:
        return _general(request, decision, outcome)
    if decision.verb == "out_of_scope":
        content = short_lines.out_of_scope(decision, offers)
        blocks = [paragraph(content), actions(_questions(request, decision))]
        return Rendered(shorten(content, FALLBACK_LIMIT), blocks)

    body = outcome_elements(outcome, tables=True)
    note = short_lines.note(outcome, offers, is_passed_on=bool(sent))
    if note:
        body.append(rich_text.section(rich_text.text(note, italic=True)))

    sent_line = short_lines.passed_on(sent)
    closing = [
        *([paragraph(sent_line)] if sent_line else []),
        *other.blocks,
        _context(decision, outcome),
        _thumbs(request, decision),
        actions(
            [
                *_send_button(request, decision, outcome, offers),
                *_questions(request, decision),
                *_private_buttons(request, outcome),
            ]
        ),
    ]
    text = _fallback_text(f"{plain_text(body)}\n{other.text}".rstrip("\n"))
    if sent_line:
        text = shorten(f"{text}\n{sent_line}", FALLBACK_LIMIT)

    return Rendered(text, [*rich_text.blocks(body), *closing])


def closing_line(decision: Decision, outcome: Outcome) -> str:
    """Returns route, kind, confidence, model, time and cost in one line."""
    parts = [f"{outcome.route} ({outcome.kind})"]
    if decision.reason.get(REROUTED):
        parts.append(texts.REROUTED_FROM.format(before=decision.reason[REROUTED]))

    # A person's choice has no confidence: the router's own would be misleading.
    if decision.reason.get(CHOSEN):
        parts.append(texts.CHOSEN_BY_PERSON)
    else:
        parts.append(texts.SURE.format(confidence=f"{decision.confidence:.0%}"))

    tier = tier_lines.closing_part(decision, outcome)
    if tier:
        parts.append(tier)
    if ON_TRIAL in decision.reason and outcome.version == decision.version:
        parts.append(texts.TRIAL_MARK.format(version=str(outcome.version)[:8]))
    if outcome.model and outcome.model != EXTRACTIVE:
        parts.append(outcome.model)

    parts += [texts.SECONDS.format(seconds=outcome.seconds), format_usd(outcome.usd)]
    if outcome.tokens.total:
        parts.append(texts.TOKENS.format(count=outcome.tokens.total))

    if outcome.model.startswith("local"):
        parts.append(texts.SMALL_MODEL)
    elif outcome.model == EXTRACTIVE:
        parts.append(texts.EXTRACTIVE)

    return " · ".join(parts)


def clock_time(at: float) -> str:
    """Returns the time of day of a unix time, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")


def button(label: str, action: str, value: Mapping[str, object], **extra: object) -> Block:
    """Returns a button; its `value` carries ids, never content."""
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": rich_text.strip_invisible(label)[:BUTTON_LIMIT]},
        "action_id": action,
        "value": json.dumps(value, separators=(",", ":")),
        **extra,
    }


def confirmation(title: str, content: str, yes: str) -> Block:
    """Returns what a button asks before it acts, for its `confirm`: a question, what happens."""
    return {
        "title": {"type": "plain_text", "text": title},
        "text": {"type": "plain_text", "text": content},
        "confirm": {"type": "plain_text", "text": yes},
        "deny": {"type": "plain_text", "text": texts.CANCEL},
    }


def actions(elements: Sequence[Block]) -> Block:
    """Returns a row of buttons and selects."""
    return {"type": "actions", "elements": list(elements)}


def paragraph(content: str) -> Block:
    """Returns a paragraph of our own text, in Slack's mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": content}}


def plain_paragraph(content: str) -> Block:
    """Returns a paragraph in which nothing is markup."""
    return {"type": "section", "text": {"type": "plain_text", "text": content}}


def menu_block(offers: Sequence[RouteOffer]) -> Block:
    """Returns what Beagle can do here, one line for each route."""
    items = []
    for offer in offers:
        line = rich_text.text(offer.name, bold=True)
        if offer.description:
            line += rich_text.text(f": {offer.description}")
        if offer.example:
            line += rich_text.text(" " + texts.EXAMPLE.format(example=offer.example), italic=True)

        items.append(line)

    if not items:
        return rich_text.block([rich_text.section(rich_text.text(texts.NO_ROUTES))])

    return rich_text.block([rich_text.bullets(items)])


def _menu(opening: str, offers: Sequence[RouteOffer]) -> Rendered:
    names = ", ".join(offer.name for offer in offers)
    return Rendered(_fallback_text(f"{opening} {names}"), [paragraph(opening), menu_block(offers)])


def _general(request: Request, decision: Decision, outcome: Outcome) -> Rendered:
    """Returns an answer from the model's own knowledge, which says that it is one."""
    body = outcome_elements(outcome, tables=True)
    parts = [texts.GENERAL_LINE, outcome.model, texts.SECONDS.format(seconds=outcome.seconds)]
    line = " · ".join([*parts, format_usd(outcome.usd)])
    context: Block = {
        "type": "context",
        "elements": [{"type": "plain_text", "text": rich_text.strip_invisible(line)}],
    }
    shown = [
        paragraph(texts.GENERAL),
        *rich_text.blocks(body),
        context,
        _thumbs(request, decision),
        actions(_questions(request, decision)),
    ]
    text = f"{texts.GENERAL.replace('*', '')}\n{plain_text(body)}"
    return Rendered(_fallback_text(text), shown)


def _ask(request: Request, decision: Decision, offers: Sequence[RouteOffer]) -> Rendered:
    """Returns the best three routes with their descriptions, and a button for each."""
    by_name = {offer.name: offer for offer in offers}
    buttons, best = [], []

    for number, score in enumerate(decision.scores[:3]):
        value = _ids(request, decision, route=score.route)
        buttons.append(button(score.route, f"choose_route:{number}", value))
        offer = by_name.get(score.route, RouteOffer(score.route, ""))
        best.append(RouteOffer(offer.name, offer.description))

    buttons.append(button(texts.ASK_NONE, "choose_none", _ids(request, decision)))
    buttons.append(button(texts.WHY_ASK, "why_route", _ids(request, decision)))
    names = ", ".join(offer.name for offer in best)

    return Rendered(
        _fallback_text(f"{texts.ASK} {names}"),
        [paragraph(texts.ASK), menu_block(best), actions(buttons)],
    )


def refusal(error: BudgetError) -> str:
    """Returns what a person is told whose request or click would pass a cap or a limit."""
    if isinstance(error, RateLimitError):
        when = datetime.fromtimestamp(error.resets_at, UTC).strftime("%H:%M:%S UTC")
        return texts.TOO_OFTEN.format(limit=error.limit, when=when)

    return _cap_text(error.scope) + texts.STARTS_AGAIN.format(when=clock_time(error.resets_at))


def _cap_text(whose: str) -> str:
    return texts.ERRORS["budget"].format(whose=texts.CAPS.get(whose, texts.CAPS["team"]))


def _failed(request: Request, decision: Decision, outcome: Outcome) -> Rendered:
    if outcome.error == "files":
        without = button(texts.WITHOUT_FILES, ANSWER_WITHOUT, _ids(request, decision))
        body = outcome_elements(outcome)
        text = _fallback_text(plain_text(body))
        return Rendered(text, [*rich_text.blocks(body), actions([without])])

    text = texts.ERRORS.get(outcome.error or "", texts.ERRORS["internal"])
    if outcome.error == "budget":
        cap = outcome.data if isinstance(outcome.data, Mapping) else {}
        text = _cap_text(str(cap.get("whose")))
        if "resets_at" in cap:
            text += texts.RESETS.format(when=clock_time(cap["resets_at"]))

    fallback = _fallback_text(text.replace("*", ""))
    if outcome.error in WEAK_ERRORS:
        # The included model would write the same once more.
        return Rendered(fallback, [paragraph(text)])

    again = button(texts.TRY_AGAIN, "try_again", _ids(request, decision))
    return Rendered(fallback, [paragraph(text), actions([again])])


def _context(decision: Decision, outcome: Outcome) -> Block:
    line = rich_text.strip_invisible(closing_line(decision, outcome))[:CONTEXT_LIMIT]
    return {"type": "context", "elements": [{"type": "plain_text", "text": line}]}


def _thumbs(request: Request, decision: Decision) -> Block:
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
    return {"type": "context_actions", "elements": [thumbs]}


def _questions(request: Request, decision: Decision) -> list[Block]:
    return [
        button(texts.WHY, "why_route", _ids(request, decision)),
        button(texts.WRONG, "wrong_route", _ids(request, decision)),
    ]


def _send_button(
    request: Request, decision: Decision, outcome: Outcome, offers: Sequence[RouteOffer]
) -> list[Block]:
    """Returns the button that passes the answer on, where its route says how."""
    # Without a model nothing was made that could be passed on, only a question or a refusal.
    is_made = outcome.data is not None or (outcome.model and outcome.text.strip())
    sends = any(offer.sends and offer.name == outcome.route for offer in offers)
    if not (is_made and sends):
        return []

    return [button(sending_texts.SEND, SEND, _ids(request, decision))]


def _second_request(
    request: Request, decision: Decision, offers: Sequence[RouteOffer], part: Request | None
) -> Rendered:
    """Returns what is said of another request in the same message, with a button to answer it.

    Empty without one.
    """
    second = second_request_in(request.text, decision.reason)
    # A route that the person may not use is not named.
    if second is None or second.route not in {offer.name for offer in offers}:
        return Rendered("", [])

    is_taken_up = part is not None and part.text == second.words
    line = short_lines.second_request(second, decision.route, is_taken_up=is_taken_up)
    shown = plain_paragraph(line)
    if not is_taken_up:
        ids = _ids(request, decision)
        shown["accessory"] = button(texts.ANSWER_SECOND, ANSWER_SECOND, ids)

    return Rendered(line, [shown])


def _private_buttons(request: Request, outcome: Outcome) -> list[Block]:
    """Returns the buttons of an answer from documents, which not everybody may read.

    In a direct message one shares the answer; elsewhere one searches again as the person alone.
    """
    if outcome.kind not in RETRIEVING_KINDS or not isinstance(outcome.data, Mapping):
        return []

    answered, private = outcome.data.get("answered"), request.channel_kind == "dm"
    if private and answered:
        return [button(texts.SHARE, SHARE, {"request": request.id})]
    if not private and not answered:
        return [button(texts.LOOK_ALONE, LOOK_ALONE, {"request": request.id})]

    return []


def _ids(request: Request, decision: Decision, **more: str) -> dict[str, object]:
    return {"request": request.id, "revision": decision.revision, **more}


def _fallback_text(content: str) -> str:
    """Returns text for a message's `text` field, in which nothing is markup."""
    # The ampersand first, or the other escapes would be escaped again.
    escaped = content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return shorten(escaped, FALLBACK_LIMIT)
