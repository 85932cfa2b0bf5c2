"""Block Kit elements that users can operate, and their values in Slack's own shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.json_types import Json
from router.errors import BeagleError

TEXT_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
SINGLE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
MULTI_OPTION = ("multi_static_select", "multi_external_select", "checkboxes")
PICKER_FIELDS = {
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
}
"""By element type: the field of its value, and the field of its initial value."""
STATELESS = ("button", "overflow", "feedback_buttons", "icon_button", "workflow_button", "image")
BUTTONS = ("button", "icon_button", "workflow_button")


class ActionError(BeagleError):
    """A user cannot do that: no such channel, message, element or choice. `code` names the kind."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def iter_elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yields each element that a user can operate, with the block that holds it."""
    for block in blocks:
        kind = block["type"]
        if kind in ("actions", "context_actions"):
            for element in block["elements"]:
                yield block, element
        elif kind == "card":
            for element in block.get("actions", []):
                yield block, element
        elif kind == "carousel":
            yield from iter_elements(block["elements"])
        elif kind == "container":
            yield from iter_elements(block["child_blocks"])
        else:
            for name in ("accessory", "element"):
                if name in block and block[name]["type"] != "image":
                    yield block, block[name]


def find_element(
    blocks: list[Json], action_id: str, value: Any = None, block_id: str | None = None
) -> tuple[Json, Json]:
    """Returns the block and element with this action_id. Raises ActionError if there is none.

    If several buttons share the action_id, the one with this value is returned.
    """
    matches = []
    for block, element in iter_elements(blocks):
        if element.get("action_id") == action_id and block_id in (None, block["block_id"]):
            matches.append((block, element))

    if not matches:
        known = sorted({str(element.get("action_id")) for _, element in iter_elements(blocks)})
        raise ActionError(
            "no_such_element",
            f"pressing {action_id!r}: there is no such element; there are {known}",
        )

    # Buttons in a row may share an action_id and differ by value only.
    for block, element in matches:
        if value is not None and element.get("value") == value:
            return block, element

    return matches[0]


def to_slack_value(element: Json, value: Any) -> Json:
    """Returns Slack's form of a value that a user entered. Raises ActionError if it is invalid."""
    kind = element["type"]
    is_empty = value in (None, "")

    if kind in TEXT_INPUTS:
        return {"type": kind, "value": None if is_empty else str(value)}

    if kind in SINGLE_OPTION:
        option = None if is_empty else _find_option(element, value)
        return {"type": kind, "selected_option": option}

    if kind in MULTI_OPTION:
        values = [value] if isinstance(value, str) else value or []
        options = [_find_option(element, choice) for choice in values]
        return {"type": kind, "selected_options": options}

    if kind in PICKER_FIELDS:
        field, _ = PICKER_FIELDS[kind]
        if _holds_list(kind):
            return {"type": kind, field: ([value] if isinstance(value, str) else value) or []}
        return {"type": kind, field: value or None}

    raise ActionError(
        "no_such_choice",
        f"filling in {element.get('action_id')!r}: a {kind} takes no value; press it",
    )


def initial_value(element: Json) -> Json:
    """Returns the element's value before a user changes it."""
    kind = element["type"]
    if kind in TEXT_INPUTS:
        return {"type": kind, "value": element.get("initial_value")}
    if kind in SINGLE_OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in MULTI_OPTION:
        return {"type": kind, "selected_options": element.get("initial_options", [])}

    field, initial_field = PICKER_FIELDS[kind]
    default: list[str] | None = [] if _holds_list(kind) else None
    return {"type": kind, field: element.get(initial_field, default)}


def initial_state(blocks: list[Json], before: Json | None = None) -> Json:
    """Returns the values of all elements that keep one, by block_id and action_id.

    A value in `before` is kept if its element still exists with the same type.
    """
    values: Json = {}
    for block, element in iter_elements(blocks):
        if element["type"] in STATELESS:
            continue

        block_values = values.setdefault(block["block_id"], {})
        old = (before or {}).get(block["block_id"], {}).get(element["action_id"])
        if old is not None and old["type"] == element["type"]:
            block_values[element["action_id"]] = old
        else:
            block_values[element["action_id"]] = initial_value(element)

    return values


def merge_values(blocks: list[Json], state: Json, values: Json) -> Json:
    """Returns the state after a user entered `values`. Raises ActionError for unknown inputs.

    `values` is `{block_id: {action_id: value}}` or `{action_id: value}`.
    """
    # A copy, so that invalid values leave the stored state as it is.
    merged: Json = {block_id: dict(block_values) for block_id, block_values in state.items()}
    used = set()

    for block, element in iter_elements(blocks):
        action_id = element.get("action_id", "")
        block_id = block["block_id"]

        # The nested form wins, since it names the block as well.
        if isinstance(values.get(block_id), dict) and action_id in values[block_id]:
            value = values[block_id][action_id]
            used.add(block_id)
        elif action_id in values:
            value = values[action_id]
            used.add(action_id)
        else:
            continue

        # The page may send values that are in Slack's form already.
        if not (isinstance(value, dict) and value.get("type") == element["type"]):
            value = to_slack_value(element, value)

        merged.setdefault(block_id, {})[action_id] = value

    unknown = set(values) - used - set(merged)
    if unknown:
        raise ActionError(
            "no_such_element",
            f"filling in {sorted(unknown)}: there are no such inputs; there are {merged}",
        )

    return merged


def build_action(block: Json, element: Json, value: Any, ts: str) -> Json:
    """Returns the entry of a `block_actions` payload for one press or choice."""
    kind = element["type"]
    action: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }

    if kind == "feedback_buttons":
        button = _find_feedback_button(element, value)
        return {**action, "text": button["text"], "value": button.get("value", "")}

    if kind in BUTTONS:
        for name in ("text", "value", "style", "icon", "url"):
            if name in element:
                action[name] = element[name]

        return action

    return action | to_slack_value(element, value)


def _holds_list(kind: str) -> bool:
    return kind.startswith("multi_") or kind == "file_input"


def _find_feedback_button(element: Json, value: Any) -> Json:
    """Returns the feedback button with this value or label. Raises ActionError."""
    buttons: list[Json] = [element["positive_button"], element["negative_button"]]
    for button in buttons:
        if value in (button.get("value"), button["text"]["text"]):
            return button

    raise ActionError(
        "no_such_choice",
        f"pressing feedback {value!r}: there are {[button.get('value') for button in buttons]}",
    )


def _find_option(element: Json, value: Any) -> Json:
    """Returns the option with this value, in a group or not. Raises ActionError."""
    options: list[Json] = list(element.get("options", []))
    for group in element.get("option_groups", []):
        options.extend(group["options"])

    for option in options:
        if option["value"] == value:
            return option

    raise ActionError(
        "no_such_choice", f"choosing {value!r}: there are {[option['value'] for option in options]}"
    )
