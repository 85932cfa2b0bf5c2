"""What people can press and fill in: elements inside blocks, and their values in Slack's own shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.errors import BeagleError

Json = dict[str, Any]

TEXTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
PICKED = {
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
STATELESS = ("button", "overflow", "feedback_buttons", "icon_button", "workflow_button", "image")


class ActError(BeagleError):
    """A person cannot do that: there is no such channel, message, element or choice. `code` names the kind."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each element that a person can use, with the block that holds it."""
    for block in blocks:
        kind = block["type"]
        if kind in ("actions", "context_actions"):
            yield from ((block, element) for element in block["elements"])
        elif kind == "card":
            yield from ((block, element) for element in block.get("actions", []))
        elif kind in ("carousel", "container"):
            yield from elements(block["elements" if kind == "carousel" else "child_blocks"])
        else:
            for name in ("accessory", "element"):
                if name in block and block[name]["type"] != "image":
                    yield block, block[name]


def find(
    blocks: list[Json], action_id: str, value: Any = None, block_id: str | None = None
) -> tuple[Json, Json]:
    """The element meant: where several buttons share an action_id, the one with this value. Raises ActError."""
    found = [
        (block, element)
        for block, element in elements(blocks)
        if element.get("action_id") == action_id and block_id in (None, block["block_id"])
    ]

    same = [pair for pair in found if value is not None and pair[1].get("value") == value]
    if not found:
        known = sorted({str(element.get("action_id")) for _, element in elements(blocks)})
        raise ActError(
            "no_such_element",
            f"pressing {action_id!r}: there is no such element; there are {known}",
        )

    return (same or found)[0]


def chosen(element: Json, value: Any) -> Json:
    """The element's value as Slack words it, after a person gave it `value`. Raises ActError for no such choice."""
    kind = element["type"]
    if kind in TEXTS:
        return {"type": kind, "value": None if value in (None, "") else str(value)}

    if kind in ONE_OPTION:
        return {
            "type": kind,
            "selected_option": None if value in (None, "") else _option(element, value),
        }

    if kind in MANY_OPTIONS:
        values = [value] if isinstance(value, str) else value or []
        return {"type": kind, "selected_options": [_option(element, one) for one in values]}

    if kind in PICKED:
        many = kind.startswith("multi_") or kind == "file_input"
        empty: list[Any] | None = [] if many else None
        return {
            "type": kind,
            PICKED[kind][0]: ([value] if many and isinstance(value, str) else value) or empty,
        }

    raise ActError(
        "no_such_choice",
        f"filling in {element.get('action_id')!r}: a {kind} takes no value; press it",
    )


def initial(element: Json) -> Json:
    """The element's value before anybody touched it."""
    kind = element["type"]
    if kind in TEXTS:
        return {"type": kind, "value": element.get("initial_value")}
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options", [])}

    name, first = PICKED[kind]
    return {
        "type": kind,
        name: element.get(first, [] if kind.startswith("multi_") or kind == "file_input" else None),
    }


def initial_state(blocks: list[Json], before: Json | None = None) -> Json:
    """The values of all elements that keep one; those in `before` stay as people left them."""
    values: Json = {}
    for block, element in elements(blocks):
        if element["type"] in STATELESS:
            continue

        place = values.setdefault(block["block_id"], {})
        old = (before or {}).get(block["block_id"], {}).get(element["action_id"])
        same = old is not None and old["type"] == element["type"]
        place[element["action_id"]] = old if same else initial(element)

    return values


def filled(blocks: list[Json], state: Json, values: Json) -> Json:
    """The state after a person filled in `values`: `{block_id: {action_id: value}}` or `{action_id: value}`."""
    new: Json = {block_id: dict(kept) for block_id, kept in state.items()}
    used = set()

    for block, element in elements(blocks):
        action_id, block_id = element.get("action_id", ""), block["block_id"]
        if isinstance(values.get(block_id), dict) and action_id in values[block_id]:
            value = values[block_id][action_id]
            used.add(block_id)
        elif action_id in values:
            value = values[action_id]
            used.add(action_id)
        else:
            continue

        # A whole Slack value, as a page that keeps them may send, is taken as it is.
        whole = isinstance(value, dict) and value.get("type") == element["type"]
        new.setdefault(block_id, {})[action_id] = value if whole else chosen(element, value)

    unknown = set(values) - used - set(new)
    if unknown:
        raise ActError(
            "no_such_element",
            f"filling in {sorted(unknown)}: there are no such inputs; there are {new}",
        )

    return new


def action(block: Json, element: Json, value: Any, ts: str) -> Json:
    """What a press or choice looks like in a `block_actions` payload."""
    kind = element["type"]
    made: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }

    if kind == "feedback_buttons":
        thumbs = [element["positive_button"], element["negative_button"]]

        thumb = next(
            (one for one in thumbs if value in (one.get("value"), one["text"]["text"])), None
        )
        if thumb is None:
            raise ActError(
                "no_such_choice",
                f"pressing feedback {value!r}: there are {[t.get('value') for t in thumbs]}",
            )

        return {**made, "text": thumb["text"], "value": thumb.get("value", "")}

    if kind in ("button", "icon_button", "workflow_button"):
        return made | {
            name: element[name]
            for name in ("text", "value", "style", "icon", "url")
            if name in element
        }

    return made | chosen(element, value)


def _option(element: Json, value: Any) -> Json:
    groups = [group["options"] for group in element.get("option_groups", [])]

    options: list[Json] = [
        *element.get("options", []),
        *(option for group in groups for option in group),
    ]
    for option in options:
        if option["value"] == value:
            return option

    raise ActError(
        "no_such_choice", f"choosing {value!r}: there are {[option['value'] for option in options]}"
    )
