"""Reads what a button or dialog carries, field by field; anything that is not ours is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import cast, get_type_hints

from bot.payloads import ButtonValue
from router.log import get_log
from router.text.storable import is_storable

MAX_VALUE_CHARACTERS = 3_000
"""Slack's limit for a dialog's metadata; a button's value is shorter."""
MAX_FIELD_CHARACTERS = 500
MAX_NUMBER = 2**31 - 1
MAX_PLACES = 100
"""Numbers in a list."""


def decode_value(encoded: object) -> ButtonValue:
    """Returns the fields of a JSON object that Beagle wrote.

    Empty, with a line in the log, where it is something else: no JSON object, or one in which a
    field has another type or size than `ButtonValue` says. Fields of another release are left out.
    """
    value = None
    if isinstance(encoded, str) and len(encoded) <= MAX_VALUE_CHARACTERS:
        with suppress(ValueError, RecursionError):
            value = json.loads(encoded)

    if not isinstance(value, dict):
        return _refuse("no object")

    fields = {}
    for name, kind in _kinds().items():
        if name in value:
            if not _fits(value[name], kind):
                return _refuse(name)

            fields[name] = value[name]

    return cast("ButtonValue", fields)


def decode_number(text: str) -> int:
    """Returns the whole number that a text holds, -1 where it is none or a very long one."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_NUMBER))
    return int(text) if is_number and int(text) <= MAX_NUMBER else -1


@cache
def _kinds() -> dict[str, object]:
    return get_type_hints(ButtonValue)


def _fits(value: object, kind: object) -> bool:
    if kind is str:
        return isinstance(value, str) and len(value) <= MAX_FIELD_CHARACTERS and is_storable(value)
    if kind is int:
        return _is_number(value)

    return isinstance(value, list) and len(value) <= MAX_PLACES and all(map(_is_number, value))


def _is_number(value: object) -> bool:
    # True is an int in Python.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER


def _refuse(what: str) -> ButtonValue:
    get_log(part="clicks").warning("value_refused", field=what)
    return {}
