"""Further ways to ask for what an admin's two examples ask, for a route that nobody has used yet.

Without a model and without a new fact: the clauses of the examples without greeting and politeness,
in the other moods in which people ask, with other days, times and numbers and without them; and the
description's own order in the same moods.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from router.speech.act_words import AUXILIARIES, SUBJECTS
from router.text.redact import plain_words
from workers.drafting.other_details import with_other_details, without_details
from workers.drafting.sentences import (
    ABOUT,
    ARTICLES,
    ASKED_FOR,
    NO_THINGS,
    OBTAINING,
    ORDERED,
    ORDERS,
    QUESTION_WORDS,
    STATED,
    STATES,
    THERE_IS,
    WANTED,
)
from workers.drafting.task_order import task_order

MAX_WORDINGS = 40
MIN_CLAUSE_WORDS = 2
SINGULAR = frozenset({"a", "an", "another"})
MAX_THING_WORDS = 4
"""What begins with an article and is longer is a sentence of its own."""
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
_TAIL = re.compile(
    r"(?<=\S) ++(?:for|on|at|by|to|in|from|with|until|that|who|because|when|where|about)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(
    r"^(?P<verb>[a-z]+) +(?:(?:me|us|him|her|them|somebody|someone) +)?(?P<thing>\S.*?)"
    r"(?= (?:that|who|which|when|where|for|from|to|by|with|until|on|at|and|because)\b|$)",
    re.IGNORECASE,
)


def wish_wordings(label: str, task: str, examples: Sequence[str]) -> list[str]:
    """Returns requests for the same as the examples, each worded once, none of them an example."""
    texts: list[str] = []
    for example in examples:
        texts.append(_bare(example))
        for clause in _clauses(example):
            texts += [clause, *_in_other_moods(clause), *with_other_details(clause)]

    order = task_order(task)
    if order:
        texts += [order, *_ordered(order)]

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
    """Returns the clauses of the text without polite words; the text itself where it has one."""
    for part in _CLAUSES.split(text):
        clause = _bare(part)
        if len(clause.split()) >= MIN_CLAUSE_WORDS:
            yield clause


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
    """Returns the clause as order, polite question, wish or statement, as its own form allows.

    What has none of these forms for sure stays as it is: a wrong sentence teaches nothing.
    """
    wanted = _WANTED.match(clause)
    if wanted:
        return _wanted(_core(clause[wanted.end() :]))

    asked = _ASKED.match(clause) or _WISHED.match(clause)
    if asked:
        clause = _bare(clause[asked.end() :])

    words = [word.strip(",").lower() for word in clause.split()]
    if asked or words[0] in ORDERS:
        return _ordered(clause)
    if words[0] in QUESTION_WORDS:
        # "do you know how do I …" is no sentence: only a question in that order is put behind it.
        is_inverted = not AUXILIARIES.isdisjoint(words)
        return [] if is_inverted else [line.format(question=clause) for line in ASKED_FOR]
    if words[0] in ARTICLES and len(without_details(clause).split()) <= MAX_THING_WORDS:
        return _wanted(_core(clause))
    if _is_statement(words):
        return [line.format(statement=clause) for line in STATED]

    return []


def _is_statement(words: Sequence[str]) -> bool:
    """Returns whether the words say how something is, and are no bare noun ("a trip on May 12")."""
    places = [place for place, word in enumerate(words) if word in STATES]
    return bool(places) and places[0] > 0 and (places[0] > 1 or words[0] in SUBJECTS)


def _ordered(order: str) -> list[str]:
    """Returns the order in the forms in which people give it, and its object as a wish."""
    core = _core(order)
    if core.split()[-1].lower() in NO_THINGS:
        return []

    lines = [line.format(order=core) for line in ORDERED]
    found = _OBJECT.match(core)
    if found and found["verb"].lower() in OBTAINING:
        lines += _wanted(found["thing"])

    return lines


def _wanted(thing: str) -> list[str]:
    """Returns the thing as a wish; "is there" only before what it is certain to fit."""
    first = thing.split(" ", 1)[0].lower()
    if first in NO_THINGS:
        return []

    lines = [line.format(thing=thing) for line in WANTED]
    return [*lines, THERE_IS.format(thing=thing)] if first in SINGULAR else lines
