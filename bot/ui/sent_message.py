"""The messages in which an answer is passed on. The dialog shows the same before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from bot.payloads import Block
from bot.ui import blocks, outcome_text, rich_text
from bot.ui.blocks import Rendered
from bot.ui.rich_text import Element
from bot.ui.texts import sending as texts
from router.store.requests.sendings import Sending, SendingKind
from router.text.printable import shorten
from router.types import Outcome, Tokens
from workers.sending.content import cut

ANSWER = "answer_handed_over"
EVENT_TYPE = "beagle_sending"
"""Marks what is passed on in Slack's message metadata."""
OPENINGS: Mapping[SendingKind, str] = {
    "channel": texts.FROM_CHANNEL,
    "person": texts.FROM,
    "reminder": texts.REMINDER,
    "reply": texts.ANSWERED_BY,
}


def sent_message(kind: SendingKind, content: Mapping[str, Any], key: str = "") -> Rendered:
    """Returns the message; `key` is the sending's, for the button of whoever is to answer."""
    opening = OPENINGS[kind].format(user=content["user"], route=content.get("route", ""))
    body = _elements(kind, content)
    shown: list[Block] = [blocks.paragraph(opening), *rich_text.blocks(body)]
    if kind == "person" and key:
        button = blocks.button(texts.ANSWER, ANSWER, {"sending": key}, style="primary")
        shown += [blocks.actions([button]), blocks.paragraph(texts.ANSWER_HOW)]

    # Words of people and models: in them nothing is markup.
    words = escape(outcome_text.plain_text(body), quote=False)
    text = f"{opening}\n{words}"
    if kind == "reply":
        # Read again by its text when it is saved, so nothing of it may be missing.
        return Rendered(text, shown)
    if kind == "reminder" and len(text) > blocks.FALLBACK_LIMIT:
        # Its text is all that Slack posts; whoever is shown it before sees the blocks.
        return Rendered(cut(text, blocks.FALLBACK_LIMIT), [*shown, blocks.paragraph(texts.CUT)])

    return Rendered(shorten(text, blocks.FALLBACK_LIMIT), shown)


def metadata(sending: Sending) -> dict[str, object]:
    """Returns what marks the message: which sending it is, and whose words it holds."""
    payload = {"key": sending.key, "kind": sending.kind, "author": sending.user}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def sending_of(message: Mapping[str, Any], me: str) -> str:
    """Returns the key of the sending that our message shows; empty for any other message."""
    marked = message.get("metadata") or {}
    is_ours = message.get("user") == me and marked.get("event_type") == EVENT_TYPE
    return str((marked.get("event_payload") or {}).get("key") or "") if is_ours else ""


def written_reply(message: Mapping[str, Any], me: str) -> dict[str, Any] | None:
    """Returns a reply of ours as if its author had written it; None for any other message.

    `me` is our own user: anybody else's metadata says nothing.
    """
    marked = message.get("metadata") or {}
    payload = marked.get("event_payload") or {}
    is_ours = message.get("user") == me and marked.get("event_type") == EVENT_TYPE
    if not is_ours or payload.get("kind") != "reply" or not payload.get("author"):
        return None

    _, _, words = str(message.get("text") or "").partition("\n")
    kept = {name: message[name] for name in ("type", "ts", "thread_ts") if name in message}
    return {**kept, "user": str(payload["author"]), "text": words}


def reminder_text(content: Mapping[str, Any]) -> str:
    """Returns a reminder as plain text: Slack lists scheduled messages by their text alone."""
    return sent_message("reminder", content).text


def is_reminder(message: Mapping[str, Any]) -> bool:
    """Returns whether a message of ours is a reminder, by its first words.

    Slack posts no scheduled message that has metadata. In an answer, `<` is escaped.
    """
    opening, _, _ = texts.REMINDER.partition("{")
    return str(message.get("text") or "").startswith(opening)


def ending_text(sending: Sending, code: str = "") -> str:
    """Returns how it ended, in words for the person who pressed."""
    target = sending.target
    if sending.state == "sent":
        time = texts.time_text(sending.post_at)
        return texts.SENT[sending.kind].format(target=target, time=time)

    reason = texts.REASONS.get(sending.result, texts.REASONS["slack"])
    where = texts.TO[sending.kind].format(target=target)
    text = texts.NOT_SENT.format(where=where, reason=reason.format(code=code or sending.result))
    return with_note(text, str(sending.content.get("note", "")))


def with_note(text: str, note: str) -> str:
    """Returns the text with the note that somebody wrote for what was not sent, if there is one."""
    return text + texts.KEPT_NOTE.format(note=escape(note, quote=False)) if note else text


def _elements(kind: SendingKind, content: Mapping[str, Any]) -> list[Element]:
    if kind == "reply":
        return [rich_text.section(rich_text.text(str(content["text"])))]

    answer = Outcome(text=str(content["text"]), data=content["data"], tokens=Tokens())
    elements = outcome_text.outcome_elements(answer)
    for label, words in ((texts.ORIGINAL, content["message"]), (texts.NOTE, content["note"])):
        if words:
            line = [*rich_text.text(f"{label} ", bold=True), *rich_text.text(str(words))]
            elements.append(rich_text.section(line))

    if content["link"]:
        elements.append(rich_text.section([rich_text.link(content["link"], texts.THREAD)]))

    return elements
