"""Sentences with a number in them, which read "1 document" and "2 documents"."""

import string
from typing import Any


class _CountedFields(string.Formatter):
    """Python's format strings with one more form for a field: `{count:document|documents}`."""

    def format_field(self, value: Any, spec: str) -> str:
        if "|" not in spec:
            return str(super().format_field(value, spec))

        *own, one, many = spec.split("|")
        number = format(value, own[0]) if own else str(value)

        return f"{number} {one if number == '1' else many}"


class Counted(str):
    """A text whose counts agree with the words behind them.

    `{count:document|documents}` becomes "1 document" or "2 documents". A number's own form comes
    first: `{count:,|document|documents}`. A verb goes with its noun:
    `{count:request is|requests are}`.
    """

    __slots__ = ()

    def format(self, *values: object, **named: object) -> str:
        """Fill in the fields; a `KeyError` names one that is missing, as with `str.format`."""
        return _CountedFields().format(str(self), *values, **named)
