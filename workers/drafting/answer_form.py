"""The form of the answers that people gave: fields, one of a few words, or free text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from workers.drafting.material import AskedRequest, Wording
from workers.drafting.slots import MEANINGS, values_by_kind

MIN_ANSWERS = 8
"""Fewer answers show no form."""
FIELD_SHARE = 0.6
"""Share of the answers that must name a field, or have the one form."""
COPIED_SHARE = 0.7
"""Share of a field's values that must be in the request, so that reading it is enough."""
CHOICE_SHARE = 0.8
"""Share of the answers that the usual ones must cover."""
MAX_CHOICES = 8
MAX_CHOICE_WORDS = 6
MIN_CHOICE_COUNT = 2
SLOT_SHARE = 0.4
"""Share of the requests that must have a kind of value, so that it becomes a field."""
STRUCTURED_SHARE = 0.6
"""Share of the requests that must have the most frequent kind, so that the task is a record."""
MAX_FIELDS = 8

_FIELD = re.compile(r"(?:\A|[\n;,|])\s{0,4}([A-Za-z][A-Za-z ]{1,23})\s?[:=]\s?([^\n;,|]{1,80})")


@dataclass(frozen=True, slots=True)
class DraftField:
    """One field of a structured answer.

    `slot` is the kind of value that fills it, empty for a field of which people choose one of
    `choices`.
    """

    name: str
    meaning: str
    slot: str = ""
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, object]:
        """Returns its JSON schema."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices), "description": self.meaning}

        return {"type": "string", "maxLength": 60, "description": self.meaning}


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What the answers have in common.

    `left_out` are fields that people fill in and that nobody can read from the request.
    """

    kind: Literal["fields", "text", "none"]
    fields: tuple[DraftField, ...] = ()
    left_out: tuple[str, ...] = ()
    from_people: bool = False

    def expected(self, text: str, answer: str) -> dict[str, str] | None:
        """Returns the right answer to a request, as the draft keeps its text.

        None where it cannot be told. `answer` is what a person wrote.
        """
        values = values_by_kind(text)
        given = parse_fields(answer)
        expected = {}
        for one in self.fields:
            if one.slot:
                expected[one.name] = values.get(one.slot, "")
                continue

            choice = _slug_words(given.get(one.name, answer))
            if choice not in one.choices:
                return None

            expected[one.name] = choice

        return expected


def find_form(asked: Sequence[AskedRequest], wording: Wording) -> AnswerForm:
    """Returns the form of people's answers, else of what the requests themselves give."""
    answered = [one for one in asked if one.answer]
    if len(answered) >= MIN_ANSWERS:
        fields, left_out = _answer_fields(answered, wording)
        if fields:
            return AnswerForm("fields", fields, left_out, from_people=True)

        choices = _choices([_slug_words(one.answer) for one in answered], wording.is_common)
        if choices:
            field = DraftField("answer", "what people answer to such a request", choices=choices)
            return AnswerForm("fields", (field,), from_people=True)

        slots = _slot_fields(asked) if left_out else ()
        if slots:
            return AnswerForm("fields", slots, left_out)

        return AnswerForm("text", from_people=True)

    slots = _slot_fields(asked)
    return AnswerForm("fields", slots) if slots else AnswerForm("none")


def parse_fields(answer: str) -> dict[str, str]:
    """Returns the `name: value` pairs of an answer, by the name in snake case."""
    return {"_".join(name.lower().split()): value.strip() for name, value in _FIELD.findall(answer)}


def _answer_fields(
    answered: Sequence[AskedRequest], wording: Wording
) -> tuple[tuple[DraftField, ...], tuple[str, ...]]:
    """Returns the fields that most answers name, and those of them that no request holds."""
    values: dict[str, list[tuple[AskedRequest, str]]] = {}
    for one in answered:
        for name, value in parse_fields(one.answer).items():
            values.setdefault(name, []).append((one, value))

    fields: list[DraftField] = []
    left_out: list[str] = []
    used: set[str] = set()
    for name, pairs in sorted(values.items(), key=lambda item: (-len(item[1]), item[0])):
        if len(pairs) < FIELD_SHARE * len(answered) or len(fields) >= MAX_FIELDS:
            continue
        # A name that only few people know says too much about them.
        if not wording.is_common(name.replace("_", " ")):
            continue

        slot = _slot_of(pairs)
        choices = _choices([_slug_words(value) for _, value in pairs], wording.is_common)
        if slot and slot not in used:
            used.add(slot)
            fields.append(DraftField(name, MEANINGS[slot], slot=slot))
        elif choices:
            fields.append(DraftField(name, f"which {name.replace('_', ' ')}", choices=choices))
        else:
            left_out.append(name)

    return tuple(fields), tuple(left_out)


def _slot_of(pairs: Sequence[tuple[AskedRequest, str]]) -> str:
    """Returns the kind of value in the request that people copy into the field; empty if none."""
    copied: Counter[str] = Counter()
    for one, value in pairs:
        for kind, in_request in values_by_kind(one.text).items():
            if in_request.lower() == value.lower():
                copied[kind] += 1

    kind, count = max(copied.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return kind if count >= COPIED_SHARE * len(pairs) else ""


def _choices(values: Sequence[str], is_common: Callable[[str], bool]) -> tuple[str, ...]:
    """Returns the few values that cover nearly all; empty where they are many or not common."""
    counts = Counter(values)
    usual = [value for value, count in counts.most_common(MAX_CHOICES) if count >= MIN_CHOICE_COUNT]
    covered = sum(counts[value] for value in usual)
    if len(usual) < 2 or covered < CHOICE_SHARE * len(values):
        return ()
    if any(len(value.split()) > MAX_CHOICE_WORDS or not is_common(value) for value in usual):
        return ()

    return tuple(sorted(usual))


def _slot_fields(asked: Sequence[AskedRequest]) -> tuple[DraftField, ...]:
    """Returns a field for each kind of value that many requests have."""
    counts: Counter[str] = Counter()
    for one in asked:
        counts.update(values_by_kind(one.text).keys())

    most = max(counts.values(), default=0)
    if most < STRUCTURED_SHARE * len(asked):
        return ()

    kinds = [kind for kind in MEANINGS if counts[kind] >= SLOT_SHARE * len(asked)]
    return tuple(DraftField(kind, MEANINGS[kind], slot=kind) for kind in kinds)


def _slug_words(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .!")
