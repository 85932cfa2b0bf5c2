"""Parts of dialogs: questions, options, and what was answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.ui.blocks import Block, clipped


def question(
    name: str, label: str, element: Mapping[str, Any], *, optional: bool = False, hint: str = ""
) -> Block:
    """A question whose answer is found under its name."""
    made: Block = {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": name, **element},
    }
    return made | ({"hint": {"type": "plain_text", "text": hint}} if hint else {})


def option(label: str, value: str) -> dict[str, Any]:
    """One of several answers."""
    return {"text": {"type": "plain_text", "text": clipped(label, 75)}, "value": value}


def dialog(
    callback: str,
    title: str,
    buttons: tuple[str, str],
    about: Mapping[str, Any],
    blocks: Sequence[Block],
) -> Block:
    """A modal; `about` comes back with it, `buttons` are the words for save and cancel."""
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": json.dumps(about, separators=(",", ":")),
        "title": {"type": "plain_text", "text": clipped(title, 24)},
        "submit": {"type": "plain_text", "text": buttons[0]},
        "close": {"type": "plain_text", "text": buttons[1]},
        "blocks": list(blocks),
    }


def said(view: Mapping[str, Any], name: str) -> Any:
    """The answer to a question: a text, an option's value, or the values of several; None where there is none."""
    state = view["state"]["values"].get(name, {}).get(name, {})
    if "selected_options" in state:
        return [one["value"] for one in state["selected_options"] or ()]
    if "selected_option" in state:
        return state["selected_option"]["value"] if state["selected_option"] else None

    return state.get("value")


def parsed(value: str) -> dict[str, Any]:
    """What a button or a dialog carried; an empty dict for anything that we did not write."""
    try:
        found = json.loads(value)
    except ValueError:
        return {}

    return found if isinstance(found, dict) else {}
