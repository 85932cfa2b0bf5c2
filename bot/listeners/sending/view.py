"""The dialogs of *Send to…*: where to, then what will be sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.payloads import Block, ButtonValue
from bot.ui import dialogs, rich_text
from bot.ui.blocks import actions, button, paragraph
from bot.ui.sent_message import sent_message
from bot.ui.texts import common
from bot.ui.texts import sending as texts
from router.catalog.actions import SendAction
from router.store.requests.sendings import SendingKind

KIND, VIEW, ANSWER_VIEW = "send_kind", "send_answer", "send_reply"
MAX_ANSWER = 3000
PREVIEW_CHARACTERS = 2500
"""Characters of JSON in one block."""


def label(action: SendAction) -> str:
    """Returns what a button calls the action."""
    return action.name if action.to == "webhook" else texts.KINDS[action.to]


def kind_dialog(choices: Sequence[SendAction], value: ButtonValue) -> Block:
    """Returns the dialog that asks where to send it."""
    buttons = []
    for number, action in enumerate(choices):
        own: dict[str, object] = {**value, "action": action.target}
        buttons.append(button(label(action), f"{KIND}:{number}", own))

    return dialogs.message_dialog(texts.TITLE, [paragraph(texts.WHERE), actions(buttons)])


def send_dialog(action: SendAction, content: dict[str, Any], value: ButtonValue) -> Block:
    """Returns the dialog that shows what will be sent, and asks for the rest."""
    blocks: list[Block] = []
    if action.to == "webhook":
        host = urlsplit(action.url).hostname or ""
        blocks.append(paragraph(texts.SHOWN_BODY.format(name=action.name, host=host)))
        blocks += _json_blocks(content["body"])
    else:
        kind: SendingKind = action.to
        blocks += [paragraph(texts.SHOWN), *sent_message(kind, content).blocks]

    blocks += _questions(action)
    return dialogs.dialog(VIEW, texts.TITLE, (texts.SUBMIT, common.CANCEL), value, blocks)


def answer_dialog(value: ButtonValue) -> Block:
    """Returns the dialog in which a person answers what was handed over to them."""
    element = dialogs.text_field(MAX_ANSWER)
    question = dialogs.question("answer", texts.ASK_ANSWER, element)
    return dialogs.dialog(
        ANSWER_VIEW,
        texts.ANSWER_TITLE,
        (texts.ANSWER_SUBMIT, common.CANCEL),
        value,
        [dialogs.notice(texts.ANSWER_NOTICE), question],
    )


def _questions(action: SendAction) -> list[Block]:
    note = dialogs.question("note", texts.ASK_NOTE, dialogs.text_field(500), optional=True)
    if action.to == "channel":
        picker: Block = {
            "type": "conversations_select",
            "filter": {"include": ["public", "private"]},
        }
        return [
            dialogs.question("channel", texts.ASK_CHANNEL, picker, hint=texts.ASK_CHANNEL_HINT),
            note,
        ]
    if action.to == "person":
        picker = {"type": "users_select"}
        if action.owner:
            picker["initial_user"] = action.owner
        return [
            dialogs.question("person", texts.ASK_PERSON, picker, hint=texts.ASK_PERSON_HINT),
            note,
        ]
    if action.to == "reminder":
        options = [dialogs.option(words, words) for words in texts.DELAYS]
        picker = {"type": "static_select", "options": options, "initial_option": options[1]}
        return [dialogs.question("when", texts.ASK_WHEN, picker, hint=texts.ASK_WHEN_HINT), note]

    # A webhook's body is sent as it is shown.
    return []


def _json_blocks(body: Any) -> list[Block]:
    text = json.dumps(body, ensure_ascii=False, indent=2)
    blocks: list[Block] = []
    for start in range(0, len(text), PREVIEW_CHARACTERS):
        part = text[start : start + PREVIEW_CHARACTERS]
        element: rich_text.Element = {
            "type": "rich_text_preformatted",
            "elements": rich_text.text(part),
        }
        blocks.append(rich_text.block([element]))

    return blocks
