"""Parts of dialogs: questions, options, and reading the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.payloads import Action, Block, ButtonValue, Option, View
from bot.ui.button_values import decode_value
from bot.ui.texts import common
from router.text.printable import shorten
from router.text.storable import storable

OPTION_LIMIT = 75
TITLE_LIMIT = 24
ALERT_LIMIT = 200
"""Characters that Slack allows in an option, in a dialog's title and in an alert."""


def question(
    name: str, label: str, element: Mapping[str, object], *, optional: bool = False, hint: str = ""
) -> Block:
    """Returns an input block; `name` is both its block id and its action id, see `answer_to`."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": name, **element},
    }
    if hint:
        block["hint"] = {"type": "plain_text", "text": hint}

    return block


def text_field(max_length: int, *, multiline: bool = True) -> Block:
    """Returns the element of a question that is answered in free text."""
    return {"type": "plain_text_input", "multiline": multiline, "max_length": max_length}


def notice(content: str, level: str = "info") -> Block:
    """Returns a marked line at the top of a dialog, in which nothing is markup.

    `level` is Slack's: `info`, `warning`, `error` or `success`.
    """
    text = {"type": "plain_text", "text": shorten(content, ALERT_LIMIT)}
    return {"type": "alert", "level": level, "text": text}


def option(label: str, value: str) -> Option:
    """Returns one possible answer."""
    return {"text": {"type": "plain_text", "text": shorten(label, OPTION_LIMIT)}, "value": value}


def dialog(
    callback: str,
    title: str,
    buttons: tuple[str, str],
    value: ButtonValue,
    blocks: Sequence[Block],
) -> Block:
    """Returns a modal. `buttons` label submit and cancel; `value` comes back on submit."""
    submit, close = buttons
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": json.dumps(value, separators=(",", ":")),
        "title": {"type": "plain_text", "text": shorten(title, TITLE_LIMIT)},
        "submit": {"type": "plain_text", "text": submit},
        "close": {"type": "plain_text", "text": close},
        "blocks": list(blocks),
    }


def message_dialog(title: str, blocks: Sequence[Block]) -> Block:
    """Returns a modal that only shows something."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": shorten(title, TITLE_LIMIT)},
        "close": {"type": "plain_text", "text": common.CLOSE},
        "blocks": list(blocks),
    }


def answer_to(view: View, name: str) -> str:
    """Returns the typed text, or the value of the chosen option; empty where there is none."""
    answer = _input(view, name)
    # Present and None where nothing was chosen.
    if "selected_option" in answer:
        return option_value(answer["selected_option"])

    return _text(answer.get("value"))


def has_question(view: View, name: str) -> bool:
    """Returns whether the dialog sent that question, also with an empty answer."""
    return bool(_input(view, name))


def answers_to(view: View, name: str) -> list[str]:
    """Returns the values of all chosen options of checkboxes or a multi-select.

    Where Slack refused those, one option of a menu, or values that were typed with commas.
    """
    answer = _input(view, name)
    chosen = answer.get("selected_options")
    if isinstance(chosen, list):
        return [option_value(part) for part in chosen]

    typed = answer_to(view, name)
    return [part.strip() for part in typed.split(",") if part.strip()]


def conversation_answer(view: View, name: str) -> str:
    """Returns the id of the chosen conversation; empty where there is none.

    Where Slack refused that menu it is a menu of channels, or an id that was typed.
    """
    answer = _input(view, name)
    chosen = answer.get("selected_conversation") or answer.get("selected_channel")
    return _text(chosen or answer.get("value")).strip()


def user_answer(view: View, name: str) -> str:
    """Returns the id of the chosen person; empty where there is none.

    Where Slack refused that menu it is an id that was typed.
    """
    answer = _input(view, name)
    return _text(answer.get("selected_user") or answer.get("value")).strip()


def user_answers(view: View, name: str) -> list[str]:
    """Returns the ids of the chosen people, or ids that were typed with commas."""
    chosen = _input(view, name).get("selected_users")
    if isinstance(chosen, list):
        return [_text(user) for user in chosen]

    return answers_to(view, name)


def option_value(chosen: object) -> str:
    """Returns the value of a chosen option; empty where nothing was chosen."""
    return _text(chosen.get("value")) if isinstance(chosen, Mapping) else ""


def button_value(action: Action) -> ButtonValue:
    """Returns what the clicked button carries."""
    return decode_value(action.get("value"))


def dialog_value(view: View) -> ButtonValue:
    """Returns what the submitted dialog carries."""
    return decode_value(view.get("private_metadata"))


def _input(view: View, name: str) -> Mapping[str, object]:
    """Returns the state of one question; empty where Slack sent none of that form."""
    found: object = view
    for key in ("state", "values", name, name):
        found = found.get(key) if isinstance(found, Mapping) else None

    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str:
    return storable(value) if isinstance(value, str) else ""
