"""Further ways to ask for what an admin's two examples ask, for a route that nobody has used yet.

Without a model and without a new fact: the clauses of the examples without greeting and politeness,
in the other moods in which people ask, with other days, times and numbers and without them; and the
description's own order in the same moods.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from router.speech.act_words import AUXILIARIES
from router.text.person_names import mask_likely_names, mask_names
from router.text.redact import plain_words
from workers.drafting.sentences import (
    ABOUT,
    ARTICLES,
    ASKED_FOR,
    NO_ORDERS,
    OBTAINING,
    ORDERED,
    ORDERS,
    QUESTION_WORDS,
    STATED,
    WANTED,
)
from workers.drafting.slots import MADE_UP, Slot, find_slots

MAX_WORDINGS = 40
MIN_CLAUSE_WORDS = 2
MAX_CLAUSE_WORDS = 16
MAX_THING_WORDS = 4
"""What begins with an article and is longer is a sentence of its own."""
LEADS = frozenset({"on", "at", "by", "from", "until", "till", "for", "before", "after"})
"""Words before a day or a time that go with it."""
DETAILS = frozenset({"person", "date", "time"})
MAX_OTHER_VALUES = 2
NAMES = ("Sam Miller", "Maria Rossi")
"""Made-up names in the place of the example's."""
BARE_DAYS = frozenset({"today", "tomorrow", "tonight"})
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|good (?:morning|afternoon)|dear)\b"
    r"(?: (?:all|team|everybody|there))?[,!]? +|please,? +|pls +|kindly +)",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"^(?:(?:can|could|would|will) (?:you|somebody|someone|anybody|anyone)"
    r"|(?:i|we) (?:need|want|would like|'d like) (?:you|somebody|someone) to"
    r"|somebody (?:has to|should|must)|we (?:have|need) to)(?: please)? +",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"^(?:(?:i|we) (?:would like|'d like|need|want)(?: to (?:have|get|order))?"
    r"|(?:can|could|may) (?:i|we) (?:have|get|order)|is there) +(?!to\b)",
    re.IGNORECASE,
)
_WISHED = re.compile(
    r"^(?:(?:i|we) (?:would like|'d like|need|want) to|(?:can|could|may) (?:i|we)) +", re.IGNORECASE
)
_ENDING = re.compile(r"(?:,? (?:please|pls|thanks|thank you))?[ .!?]{0,9}$", re.IGNORECASE)
_CLAUSES = re.compile(
    r"(?<![.;!?])[.;!?]++ ++|\n++|, ++(?=(?:please|can|could|let|and)\b)| (?:and|but) ++(?=please)"
)
_SENTENCES = re.compile(r"(?<![.;!?])[.;!?]++(?: ++|$)|\n++")
_TAIL = re.compile(
    r"(?<=\S) ++(?:for|on|at|by|to|in|from|with|until|that|who|because|when|where|about)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(
    r"^(?P<verb>[a-z]+) +(?P<thing>\S.*?)"
    r"(?= (?:that|who|which|when|where|for|from|to|by|with|until|on|at|and|because)\b|$)",
    re.IGNORECASE,
)


def wish_wordings(label: str, task: str, examples: Sequence[str]) -> list[str]:
    """Returns requests for the same as the examples, each worded once, none of them an example."""
    texts: list[str] = []
    for example in examples:
        for clause in _clauses(example):
            texts += [clause, *_in_other_moods(_core(clause)), *_with_other_details(clause)]

    for order in _orders(task):
        texts += [order, *_ordered(_core(order))]

    texts = [line.format(label=label) for line in ABOUT] + texts
    seen = {" ".join(plain_words(example)) for example in examples}
    wordings = []
    for text in texts:
        key = " ".join(plain_words(text))
        if key and key not in seen:
            seen.add(key)
            wordings.append(text)

    return wordings[:MAX_WORDINGS]


def _clauses(text: str) -> Iterator[str]:
    """Returns the whole text and, where it has several, each clause, without polite words."""
    whole = _bare(text)
    yield whole
    parts = [_bare(part) for part in _CLAUSES.split(text)]
    if len(parts) > 1:
        yield from (part for part in parts if len(part.split()) >= MIN_CLAUSE_WORDS)


def _core(clause: str) -> str:
    """Returns the clause without what follows its verb and object."""
    found = _TAIL.search(clause)
    core = clause[: found.start()] if found else clause
    return core if len(core.split()) >= MIN_CLAUSE_WORDS else clause


def _bare(text: str) -> str:
    """Returns the text without greeting, politeness and closing marks."""
    bare = _ENDING.sub("", text.strip())
    while greeting := _GREETING.match(bare):
        bare = bare[greeting.end() :]

    return bare.lstrip(", ")


def _in_other_moods(clause: str) -> list[str]:
    """Returns the clause as order, polite question, wish or statement, as its own form allows."""
    wanted = _WANTED.match(clause)
    if wanted:
        return _wanted(clause[wanted.end() :])

    asked = _ASKED.match(clause) or _WISHED.match(clause)
    if asked:
        return _ordered(_bare(clause[asked.end() :]))

    first = clause.split(" ", 1)[0].lower()
    if first in AUXILIARIES:
        return [clause]
    if first in QUESTION_WORDS:
        return [line.format(question=clause) for line in ASKED_FOR]
    if first in ORDERS:
        return _ordered(clause)
    if first in ARTICLES and len(clause.split()) <= MAX_THING_WORDS:
        return _wanted(clause)

    return [line.format(statement=clause) for line in STATED]


def _ordered(order: str) -> list[str]:
    """Returns the order in the forms in which people give it, and its object as a wish."""
    lines = [line.format(order=order) for line in ORDERED]
    thing = _OBJECT.match(order)
    if thing and thing["verb"].lower() in OBTAINING:
        lines += _wanted(thing["thing"])

    return lines


def _wanted(thing: str) -> list[str]:
    return [line.format(thing=thing) for line in WANTED]


def _with_other_details(clause: str) -> list[str]:
    """Returns the clause with other names, days, times and numbers, and without them."""
    named = mask_likely_names(mask_names(clause, frozenset()))
    slots = find_slots(named)
    if not slots:
        return []

    texts = [_with_values(named, slots, number) for number in range(MAX_OTHER_VALUES)]
    return [*texts, _without_details(named, slots)]


def _with_values(clause: str, slots: Sequence[Slot], number: int) -> str:
    text, end = "", 0
    for slot in slots:
        lead = clause[end : slot.start]
        text += lead + _other_value(slot, number, lead)
        end = slot.start + len(slot.value)

    return text + clause[end:]


def _other_value(slot: Slot, number: int, lead: str) -> str:
    """Returns a made-up value of the kind, with the word that leads to it where it needs one."""
    values = NAMES if slot.kind == "person" else MADE_UP[_kind(slot, lead)]
    others = [value for value in values if value != slot.value] or [slot.value]
    value = others[number % len(others)]
    needs_lead = slot.value.lower() in BARE_DAYS and value.lower().endswith("day")
    return f"on {value}" if needs_lead else value


def _kind(slot: Slot, lead: str) -> str:
    """Returns the slot's kind; a number behind "at" is a time of day."""
    is_time = slot.kind == "number" and lead.rstrip().rpartition(" ")[2].lower() == "at"
    return "time" if is_time else slot.kind


def _without_details(clause: str, slots: Sequence[Slot]) -> str:
    """Returns the clause without names, days and times, and the words that lead to them."""
    text, end = "", 0
    for slot in slots:
        lead = clause[end : slot.start].rstrip()
        if _kind(slot, lead) not in DETAILS:
            continue

        while lead.rpartition(" ")[2].lower() in LEADS:
            lead = lead.rpartition(" ")[0]
        text += f"{lead} "
        end = slot.start + len(slot.value)

    return " ".join((text + clause[end:]).split()).replace(" ,", ",").rstrip(" ,")


def _orders(task: str) -> Iterator[str]:
    """Returns what the description says to do, each sentence without what is to be asked for."""
    for sentence in _SENTENCES.split(task):
        order = _bare(sentence)
        words = order.lower().split()
        is_order = MIN_CLAUSE_WORDS <= len(words) <= MAX_CLAUSE_WORDS and words[0] not in NO_ORDERS
        if is_order:
            yield order[:1].lower() + order[1:]
