"""Buttons, menus and questions in plainer elements.

A click on a plainer element reaches its listener as a click on the first one: `restore_clicks`
changes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from slack_bolt import BoltResponse

from bot.payloads import Block

PREFIX = "plainer"
"""Begins the action ids of elements that stand for others: `plainer:FORM:NUMBER:ACTION_ID`."""
AS_BUTTON, AS_OPTION, AS_FEEDBACK = "button", "option", "feedback"
MAX_RADIO = 10
MAX_OPTION_VALUE = 150
MAX_LABEL = 75
MAX_HINT = 2000
"""Slack's limits: options of radio buttons and checkboxes, characters of an option's value, of a
label and of a hint."""
INPUT_FORMS: Mapping[str, tuple[str, ...]] = {
    "static_select": ("radio_buttons", "plain_text_input"),
    "radio_buttons": ("static_select", "plain_text_input"),
    "checkboxes": ("multi_static_select", "static_select", "plain_text_input"),
    "multi_static_select": ("checkboxes", "static_select", "plain_text_input"),
    "conversations_select": ("channels_select", "plain_text_input"),
    "users_select": ("plain_text_input",),
    "multi_users_select": ("plain_text_input",),
    "number_input": ("plain_text_input",),
}
"""By element of a question: what takes its place, best first. The readers in `bot/ui/dialogs.py`
understand each of them."""
KEPT_FIELDS = frozenset({"action_id", "placeholder", "focus_on_load"})
"""Fields of a question's element that its substitute has, too."""
NOT_IN_ROWS = frozenset({"feedback_buttons", "icon_button"})
"""Elements that an `actions` block does not take."""


def plainer_controls(elements: Sequence[Block], refused: Collection[str]) -> list[Block]:
    """Returns buttons and menus of an `actions` block that do what `elements` do."""
    found: list[Block] = []
    for element in elements:
        if element.get("type") in refused or element.get("type") in NOT_IN_ROWS:
            found += _as_buttons(element)
        else:
            found.append(element)

    if "button" not in refused:
        return found

    menus = [element for element in found if element.get("type") != "button"]
    buttons = [element for element in found if element.get("type") == "button"]
    return [*menus, *_as_menu(buttons, refused)]


def plainer_input(block: Block, refused: Collection[str]) -> Block | None:
    """Returns the question with another element; None where nothing can take the answer."""
    element = block.get("element")
    if not isinstance(element, dict) or "input" in refused:
        return None

    for kind in INPUT_FORMS.get(str(element.get("type")), ()):
        changed = _as_kind(element, kind)
        if kind in refused or changed is None:
            continue

        hint = _label(block.get("hint"))
        if kind == "plain_text_input":
            hint = f"{hint} {_choices(element)}".strip()[:MAX_HINT]

        extra = {"hint": {"type": "plain_text", "text": hint}} if hint else {}
        return {**block, **extra, "element": changed}

    return None


def restore_clicks(
    body: Mapping[str, object],
    next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
) -> BoltResponse:
    """A Bolt middleware that turns a click on a plainer element into one on the first element."""
    actions = body.get("actions")
    if isinstance(actions, list):
        for action in actions:
            if isinstance(action, dict):
                _restore(action)

    return next()


def _restore(action: Block) -> None:
    parts = str(action.get("action_id", "")).split(":", 3)
    if len(parts) != 4 or parts[0] != PREFIX:
        return

    _, form, _, action_id = parts
    if form == AS_FEEDBACK:
        action["type"], action["action_id"] = "feedback_buttons", action_id
    elif form == AS_OPTION:
        label = action.get("text")
        action["type"], action["action_id"] = "static_select", action_id
        action["selected_option"] = {"text": label, "value": action.pop("value", "")}
    elif form == AS_BUTTON:
        chosen = action.pop("selected_option", None)
        value = str(chosen.get("value")) if isinstance(chosen, dict) else ""
        action["type"] = "button"
        action["action_id"], _, action["value"] = value.partition(" ")


def _as_buttons(element: Block) -> Iterator[Block]:
    """Yields the buttons that do what an element does."""
    action_id = str(element.get("action_id", ""))
    kind = element.get("type")

    if kind == "feedback_buttons":
        for number, name in enumerate(("positive_button", "negative_button")):
            part = element.get(name)
            if isinstance(part, dict):
                yield _button(part, _id(AS_FEEDBACK, number, action_id), part.get("value"))
    elif kind == "icon_button":
        yield _button(element, action_id, element.get("value"))
    elif kind == "button":
        yield element
    else:
        # The menu's own name, without which an option may say too little.
        name = _label(element.get("placeholder"))
        for number, option in enumerate(_options(element)):
            label = _label(option.get("text"))
            named: Block = {
                "text": {"text": f"{name}: {label}" if name else label},
                **_confirm_of(element),
            }
            yield _button(named, _id(AS_OPTION, number, action_id), option.get("value"))


def _as_menu(buttons: Sequence[Block], refused: Collection[str]) -> Iterator[Block]:
    """Yields a menu with an option for each button whose ids fit into it.

    A button that asks before it acts gets a menu of its own: the others need no such question.
    """
    kind = next((name for name in ("static_select", "overflow") if name not in refused), None)
    if kind is None:
        return

    groups: list[list[Block]] = [[button for button in buttons if "confirm" not in button]]
    groups += [[button] for button in buttons if "confirm" in button]
    size = 5 if kind == "overflow" else 100
    number = 0
    for group in groups:
        options = []
        for button in group:
            value = f"{button.get('action_id')} {button.get('value') or ''}"
            if len(value) <= MAX_OPTION_VALUE:
                options.append({"text": button["text"], "value": value})

        for start in range(0, len(options), size):
            yield {
                "type": kind,
                "action_id": _id(AS_BUTTON, number, ""),
                "options": options[start : start + size],
                **_confirm_of(group[0]),
            }
            number += 1


def _button(labelled: Block, action_id: str, value: object) -> Block:
    label = _label(labelled.get("text"))
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label[:MAX_LABEL] or "…"},
        "action_id": action_id,
        "value": str(value or ""),
        **_confirm_of(labelled),
    }


def _confirm_of(control: Block) -> Block:
    """Returns the question that the control asks before it acts; empty without one."""
    return {"confirm": control["confirm"]} if "confirm" in control else {}


def _label(text: object) -> str:
    return str(text.get("text", "")) if isinstance(text, dict) else ""


def _id(form: str, number: int, action_id: str) -> str:
    return f"{PREFIX}:{form}:{number}:{action_id}"


def _options(element: Block) -> list[Block]:
    found = element.get("options")
    if isinstance(found, list):
        return found

    groups = element.get("option_groups")
    if not isinstance(groups, list):
        return []

    return [option for group in groups for option in group.get("options", ())]


def _as_kind(element: Block, kind: str) -> Block | None:
    """Returns the element as another kind, with its first answer; None where it does not fit."""
    changed: Block = {name: element[name] for name in KEPT_FIELDS if name in element}
    changed["type"] = kind
    initial = _initial_options(element)
    options = _options(element)

    if kind == "plain_text_input":
        value = element.get("initial_value") or ", ".join(str(part["value"]) for part in initial)
        value = value or _initial_users(element)
        return changed | ({"initial_value": value} if value else {})

    if kind in ("radio_buttons", "checkboxes"):
        changed.pop("placeholder", None)
        if len(options) > MAX_RADIO:
            return None

    if options:
        changed["options"] = options
    if initial and kind in ("static_select", "radio_buttons"):
        changed["initial_option"] = initial[0]
    elif initial and options:
        changed["initial_options"] = initial

    return changed


def _initial_options(element: Block) -> list[Block]:
    many, one = element.get("initial_options"), element.get("initial_option")
    if isinstance(many, list):
        return many

    return [one] if isinstance(one, dict) else []


def _initial_users(element: Block) -> str:
    many, one = element.get("initial_users"), element.get("initial_user")
    return ", ".join(map(str, many)) if isinstance(many, list) else str(one or "")


def _choices(element: Block) -> str:
    """Returns what may be typed in place of a choice, and what it means."""
    choices = []
    for option in _options(element):
        value, label = str(option.get("value", "")), _label(option.get("text"))
        choices.append(value if label == value else f"{value} ({label})")

    return ", ".join(choices)
