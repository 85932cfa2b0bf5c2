"""Which parts of a page a browser does not show: hidden text is how a model is given orders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MAX_STYLE_CHARS = 500_000
OFF_SCREEN = -500
"""Pixels, or any unit, left of or above the page."""
NUMBER = re.compile(r"(-?[0-9]{0,9}(?:\.[0-9]{0,9})?)")
SELECTOR = re.compile(r"([a-z][a-z0-9]{0,20})?([.#])([\w-]{1,80})", re.IGNORECASE)
COMMENT = re.compile(r"/\*[^*]{0,9999}\*{1,9}/")
Attributes = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class HiddenNames:
    """Classes and ids that the page's own style sheets hide."""

    classes: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


def hidden_names(style_sheets: Iterable[str]) -> HiddenNames:
    """Returns the classes and ids that simple rules of the style sheets hide.

    Rules inside another rule, such as one for printing, are left out.
    """
    names = HiddenNames()
    for sheet in style_sheets:
        for selectors, declarations in _rules(COMMENT.sub("", sheet[:MAX_STYLE_CHARS])):
            if not hides(declarations):
                continue

            for selector in selectors.split(","):
                match = SELECTOR.fullmatch(selector.strip())
                if match is not None:
                    (names.classes if match[2] == "." else names.ids).add(match[3])

    return names


def is_hidden(attributes: Attributes, names: HiddenNames, shown_by: set[str]) -> bool:
    """Returns whether an element's own attributes, or the style sheets, hide it.

    `shown_by` are the ids of panels that a button of the page opens: a person can read those.
    """
    identifier = attributes.get("id") or ""
    if identifier and identifier in shown_by:
        return False
    if attributes.get("role") == "tabpanel":
        return False

    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if attributes.get("aria-hidden") == "true":
        return True

    style = attributes.get("style")
    if style and hides(style):
        return True

    classes = (attributes.get("class") or "").split()
    return identifier in names.ids or not names.classes.isdisjoint(classes)


def hides(declarations: str) -> bool:
    """Returns whether these CSS declarations keep an element from being seen."""
    style: dict[str, str] = {}
    for declaration in declarations.split(";"):
        name, _, value = declaration.partition(":")
        style[name.strip().casefold()] = value.replace("!important", "").strip().casefold()

    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return True
    if any(_is_zero(style.get(name, "")) for name in ("font-size", "opacity")):
        return True
    if style.get("color") == "transparent":
        return True

    # Moved off the screen, cut to nothing, or given no room.
    if any(
        _number(style.get(name, "")) <= OFF_SCREEN
        for name in ("text-indent", "left", "top", "right")
    ):
        return True
    if style.get("clip", "").replace(" ", "").startswith(("rect(0,0,0,0", "rect(0000")):
        return True

    has_no_room = any(_is_zero(style.get(name, "")) for name in ("width", "height", "max-height"))
    return has_no_room and style.get("overflow") == "hidden"


def _rules(sheet: str) -> Iterable[tuple[str, str]]:
    """Yields selectors and declarations of the rules at the top level."""
    depth = 0
    start = 0
    selectors = ""

    for match in re.finditer("[{}]", sheet):
        if match[0] == "{":
            if depth == 0:
                selectors = sheet[start : match.start()]
            depth += 1
        else:
            if depth == 1 and not selectors.lstrip().startswith("@"):
                yield selectors, sheet[start : match.start()]
            depth = max(0, depth - 1)

        start = match.end()


def _is_zero(value: str) -> bool:
    return bool(value) and value[0] in "0.-" and _number(value) == 0


def _number(value: str) -> float:
    """Returns the number at the start of a CSS value, 1 where there is none."""
    match = NUMBER.match(value)
    try:
        return float(match[1]) if match is not None else 1.0
    except ValueError:
        return 1.0
