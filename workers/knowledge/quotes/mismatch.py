"""What a question names and its best quote does not: then the quote is no sure answer.

A line about dogs in Lisbon is as near to a question about dogs in Berlin as one about Berlin would
be, and no score of the two together tells that. So what makes the difference is looked up: the
place, the people, the value that is asked for, and words that nothing found is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from router.index import Hit
from router.text.scripts import words_of
from router.text.terms import STOP_WORDS, stem
from workers.knowledge.quotes.by_words import Quote
from workers.knowledge.relevance.asked_values import AskedValue, missing_value
from workers.knowledge.relevance.features import question_terms
from workers.knowledge.relevance.ranking import shipped_model

_PLACE_NOUN = r"(?:offices?|sites?|branch|branches|plants?|depots?|campus|warehouse|factory)"
ASKED_PLACE = re.compile(
    rf"\b([^\W\d_][\w-]{{2,30}}) {_PLACE_NOUN}\b"
    r"|\b(?:in|at|to|from|near) (?:the |our )?([^\W\d_][\w-]{2,30})\b",
    re.IGNORECASE,
)
QUOTED_PLACE = re.compile(
    rf"\b(?:in|at|to|from|near|(?:[Tt]he)) ([A-Z][a-z]{{2,30}}) {_PLACE_NOUN}\b"
    r"|\b(?:in|at|to|from|near) ([A-Z][a-z]{2,30})\b"
)
_CALENDAR = """
monday mondays tuesday tuesdays wednesday wednesdays thursday thursdays friday fridays saturday
saturdays sunday sundays january february march april may june july august september october
november december spring summer autumn winter easter christmas
"""
CALENDAR = frozenset(_CALENDAR.split())
"""What is written like a place and is none."""
MIN_PLACE_LIKENESS = 0.4
"""Cosine of two words' vectors from which both are places: Leeds and Lisbon have .40."""

ASKED_THING = re.compile(
    r"\b(?:what|where)(?:['’]?s| is| are) (?:the|our|your|my) (\w{2,30}) (\w{2,30})", re.IGNORECASE
)
"""Two words that name what is asked for: "the wifi password"."""

_PEOPLE = """
child children kid kids baby babies
parent parents
visitor visitors guest guests
customer customers client clients
contractor contractors freelancer freelancers
apprentice apprentices trainee trainees intern interns
manager managers
student students pupil pupils
volunteer volunteers
"""
PEOPLE: Mapping[str, int] = {
    word: group for group, line in enumerate(_PEOPLE.strip().splitlines()) for word in line.split()
}
MAX_PEOPLE_LIKENESS = 0.45
"""A question with a word that is so like the people's means them: "my son" for the children."""

RARE_IDF = 7.0
RAREST_IDF = 8.3
"""The inverse document frequency of rare words, and of those that are no common word at all."""
MAX_LIKENESS = 0.5
"""Cosine below which a word of the passages does not mean the same."""
UNKNOWN_MARGIN = 0.085
"""So much surer than others must a quote be if a rarest word of the question is in no passage.

Of such quotes .26 were right, 7 of 27 that the questions to the fourteen companies got, and above
that margin .8.
"""

MismatchKind = Literal["place", "people", "thing", "unknown"] | AskedValue


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a quote is no sure answer: what is `asked`, and what it is about instead.

    Either is empty where there is nothing to name.
    """

    kind: MismatchKind
    asked: str = ""
    quoted: str = ""


def find_mismatch(asked: str, quote: Quote, hits: Sequence[Hit], margin: float) -> Mismatch | None:
    """Returns why the quote is no sure answer to what is asked; None where nothing tells.

    `asked` is in the words of the passages, `hits`. `margin` is how much surer the quote is than it
    takes to show one.
    """
    place = _other_place(asked, quote)
    if place is not None:
        return place

    said = f"{quote.lead} {quote.text}"
    value = missing_value(asked, said)
    if value is not None:
        return Mismatch(value)

    unknown = _unknown_words(asked, quote, hits)
    return (
        _other_thing(asked, quote, unknown)
        or _other_people(asked, quote)
        or _unsure(unknown, margin)
    )


def _other_place(asked: str, quote: Quote) -> Mismatch | None:
    """Returns the place that is asked for, if the quote's passage has only another one."""
    said = f"{quote.hit.title}. {quote.lead} {quote.text}"
    quoted = [_first_group(match) for match in QUOTED_PLACE.finditer(said)]
    quoted = [name for name in quoted if name.lower() not in CALENDAR]
    passage = _stems(f"{quote.hit.title} {quote.hit.body}")
    vectors = shipped_model().vectors
    for match in ASKED_PLACE.finditer(asked) if quoted else ():
        name = _first_group(match)
        word = name.casefold()
        is_rare = float(vectors.idf([word])[0]) >= RARE_IDF
        if stem(word) in passage or not is_rare or word in CALENDAR:
            continue

        likeness = vectors.vectors([word]) @ vectors.vectors([one.lower() for one in quoted]).T
        if float(likeness.max()) >= MIN_PLACE_LIKENESS:
            other = quoted[int(likeness.argmax())]
            return Mismatch("place", f"{name[0].upper()}{name[1:]}", other)

    return None


def _other_thing(asked: str, quote: Quote, unknown: Mapping[str, float]) -> Mismatch | None:
    """Returns the thing that is asked for, if only its last word is in the quote."""
    said = _stems(f"{quote.hit.title} {quote.lead} {quote.text}")
    for match in ASKED_THING.finditer(asked):
        kind, thing = match[1], match[2]
        is_unknown = unknown.get(kind.casefold(), 0.0) >= RARE_IDF
        if is_unknown and stem(thing.casefold()) in said:
            return Mismatch("thing", f"{kind} {thing}")

    return None


def _other_people(asked: str, quote: Quote) -> Mismatch | None:
    """Returns the people that the quote's heading narrows it to, if the question names none.

    "Sick children" are not meant by who asks about sick days. A heading that shares no other word
    with the question has been found by what is written below it.
    """
    heading = quote.hit.title.rsplit(" > ", 1)[-1]
    words = words_of(heading)
    groups = {PEOPLE[word] for word in words if word in PEOPLE}
    rest = {stem(word) for word in words if word not in PEOPLE and word not in STOP_WORDS}
    own = words_of(asked)
    # A list of several is about each of them alone, too.
    if len(groups) != 1 or "," in heading or "and" in words or not rest & set(map(stem, own)):
        return None

    named = [word for word, group in PEOPLE.items() if group in groups]
    if not set(named) & set(words_of(quote.text)):
        return None

    vectors = shipped_model().vectors
    likeness = vectors.vectors(own) @ vectors.vectors(named).T
    if set(own) & set(named) or float(likeness.max()) >= MAX_PEOPLE_LIKENESS:
        return None

    return Mismatch("people", quoted=heading)


def _unsure(unknown: Mapping[str, float], margin: float) -> Mismatch | None:
    is_unknown = any(idf >= RAREST_IDF for idf in unknown.values())
    return Mismatch("unknown") if is_unknown and margin < UNKNOWN_MARGIN else None


def _unknown_words(asked: str, quote: Quote, hits: Iterable[Hit]) -> dict[str, float]:
    """Returns the question's rare words, with their IDF, that no passage holds.

    Nor has the quote one that is like them.
    """
    vectors = shipped_model().vectors
    terms = [term for term in question_terms(asked) if term.isalpha() and len(term) > 2]
    if not terms:
        return {}

    held: set[str] = set()
    for hit in hits:
        held |= _stems(f"{hit.title} {hit.body}")

    own = words_of(f"{quote.hit.title} {quote.lead} {quote.text}")
    likeness = (vectors.vectors(terms) @ vectors.vectors(own).T).max(1)
    unknown: dict[str, float] = {}
    for term, idf, like in zip(terms, vectors.idf(terms).tolist(), likeness.tolist(), strict=True):
        if idf >= RARE_IDF and like < MAX_LIKENESS and stem(term) not in held:
            unknown[term] = idf

    return unknown


def _first_group(match: re.Match[str]) -> str:
    return match[1] or match[2]


def _stems(text: str) -> set[str]:
    return set(map(stem, words_of(text)))
