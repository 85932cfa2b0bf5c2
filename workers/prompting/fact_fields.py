"""Puts a fact of the message into the field that asks for it by its name, where that is empty."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workers.prompting.message_facts import Fact, FactKind
from workers.prompting.structured_output import MAX_TEXT

_NAMES: Mapping[FactKind, frozenset[str]] = {
    "person": frozenset({"person", "who", "employee", "colleague"}),
    "group": frozenset({"affected", "impact", "who", "scope", "customers", "users"}),
}
"""What fields for a person or a group are called."""
_TIMES: Mapping[str, frozenset[str]] = {
    "from": frozenset({"from", "start", "started", "begin"}),
    "since": frozenset({"start", "started", "since", "begin"}),
    "until": frozenset({"to", "until", "end", "ended"}),
    "till": frozenset({"to", "until", "end", "ended"}),
    "by": frozenset({"due", "by", "deadline"}),
}
"""What fields for a time are called, by the word before it."""
CLOSED_KEYS = frozenset({"enum", "const", "pattern", "format", "minLength"})
"""Keys of a JSON schema by which not every text is a value."""
_RANGE_WORDS = re.compile(r"\b(?:to|until|till|and)\b|\d ?[-–]")
_NUMBER_WORDS = frozenset({"number", "no", "nr", "id", "code", "is", "reference", "ref"})


def with_facts(
    form: Mapping[str, Any],
    schema: Mapping[str, Any],
    facts: Sequence[Fact],
    unplaced: Sequence[Fact],
) -> dict[str, Any]:
    """Returns the form with an `unplaced` fact in an empty field that is called after it.

    Where two of the message's `facts` would fit, the field stays empty.
    """
    filled = dict(form)
    for name, value in form.items():
        part = schema.get("properties", {}).get(name, {})
        if value not in (None, "") or not _takes_words(part):
            continue

        fitting = [(fact, text) for fact in facts if (text := _value_for(name, fact))]
        if len(fitting) != 1 or fitting[0][0] not in unplaced:
            continue
        if len(fitting[0][1]) <= part.get("maxLength", MAX_TEXT):
            filled[name] = fitting[0][1]

    return filled


def _value_for(name: str, fact: Fact) -> str:
    """Returns what a fact gives for a field of this name; empty where it is none for it."""
    words = frozenset(name.casefold().replace("-", "_").split("_"))
    first, _, rest = fact.text.partition(" ")
    if fact.kind == "time":
        # "From 2 to 5 January" is two times.
        is_range = _RANGE_WORDS.search(rest) is not None
        return rest if not is_range and words & _TIMES.get(first.casefold(), frozenset()) else ""
    if fact.kind == "reference":
        # "account number 33921" is for `account` as well as for `account_number`.
        *label, _ = fact.text.casefold().replace(".", "").replace(":", "").split()
        is_same = words - _NUMBER_WORDS == frozenset(label) - _NUMBER_WORDS
        return fact.text.split()[-1] if is_same and words - _NUMBER_WORDS else ""

    return fact.text if words & _NAMES.get(fact.kind, frozenset()) else ""


def _takes_words(schema: Mapping[str, Any]) -> bool:
    """Returns whether a field takes the message's own words, whatever they are."""
    kinds = schema.get("type", "string")
    is_text = "string" in (kinds if isinstance(kinds, list) else [kinds])
    return is_text and CLOSED_KEYS.isdisjoint(schema)
