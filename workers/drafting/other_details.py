"""Words a clause with other names, days, times and numbers, and without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from router.text.person_names import mask_names
from workers.drafting.slots import MADE_UP, Slot, find_slots

LEADS = frozenset({"on", "at", "by", "from", "until", "till", "for", "before", "after", "since"})
"""Words before a day or a time that go with it."""
DETAILS = frozenset({"person", "date", "time"})
MAX_OTHER_VALUES = 2
NAMES = ("Sam Miller", "Maria Rossi")
"""Made-up names in the place of the example's."""
BARE_DATES = frozenset({"today", "tomorrow", "tonight", "next week", "next month"})
"""They need no word before them; a weekday in their place does."""
OWNERS = frozenset({"my", "our", "the", "a", "his", "her", "your"})


def with_other_details(clause: str) -> list[str]:
    """Returns the clause with other values, and without days, times and names where that can be."""
    # Rows of capitalised words are left: they are as often a place or a product as a person.
    named = mask_names(clause, frozenset())
    slots = [slot for slot in find_slots(named) if _is_replaceable(named, slot)]
    if not slots:
        return []

    texts = [_with_values(named, slots, number) for number in range(MAX_OTHER_VALUES)]
    bare = without_details(named)
    return [*texts, bare] if bare else texts


def without_details(clause: str) -> str:
    """Returns the clause without names, days and times, and the words that lead to them.

    Empty where one of them cannot be taken out without a gap in the sentence.
    """
    text, end = "", 0
    for slot in find_slots(clause):
        lead = clause[end : slot.start].rstrip()
        if _kind(slot, lead) not in DETAILS:
            continue
        if not _is_removable(clause, slot, lead):
            return ""

        while _last_word(lead) in LEADS:
            lead = lead.rpartition(" ")[0]
        text += f"{lead} "
        end = slot.start + len(slot.value)

    return " ".join((text + clause[end:]).split()).replace(" ,", ",").rstrip(" ,")


def _is_replaceable(clause: str, slot: Slot) -> bool:
    """Returns whether another value fits: not behind "today's", and not for a single thing."""
    following = clause[slot.start + len(slot.value) :]
    return not following.startswith(("'s", "’s")) and slot.value != "1"


def _is_removable(clause: str, slot: Slot, lead: str) -> bool:
    if not _is_replaceable(clause, slot):
        return False
    if _last_word(lead) in LEADS or slot.value.lower() in BARE_DATES:
        return True

    # "my visitor [person] comes" says the same without the name, "thank [person]" does not.
    words = lead.lower().split()
    return slot.kind == "person" and len(words) > 1 and words[-2] in OWNERS


def _with_values(clause: str, slots: Sequence[Slot], number: int) -> str:
    text, end = "", 0
    seen: Counter[str] = Counter()
    for slot in slots:
        lead = clause[end : slot.start]
        # Two numbers of one clause stay two.
        text += lead + _other_value(slot, number + seen[slot.kind], lead)
        seen[slot.kind] += 1
        end = slot.start + len(slot.value)

    return text + clause[end:]


def _other_value(slot: Slot, number: int, lead: str) -> str:
    """Returns a made-up value of the kind, with the word that leads to it where it needs one."""
    values = NAMES if slot.kind == "person" else MADE_UP[_kind(slot, lead)]
    others = [value for value in values if value != slot.value] or [slot.value]
    value = others[number % len(others)]
    needs_lead = slot.value.lower() in BARE_DATES and value.lower().endswith("day")
    return f"on {value}" if needs_lead and _last_word(lead) not in LEADS else value


def _kind(slot: Slot, lead: str) -> str:
    """Returns the slot's kind; a number behind "at" is a time of day."""
    is_time = slot.kind == "number" and _last_word(lead) == "at"
    return "time" if is_time else slot.kind


def _last_word(text: str) -> str:
    return text.rstrip().rpartition(" ")[2].lower()
