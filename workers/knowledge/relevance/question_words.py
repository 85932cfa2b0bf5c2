"""What a question's words tell: which only ask, which are names, and when a number answers."""

from __future__ import annotations

import re
from collections.abc import Collection

from router.text.scripts import GRAM_LETTER

_ASKING = """
ask asks explain find happen happens know long look many mean means much need needs often say says
tell want wants does did is are
"""
ASKING_WORDS = frozenset(_ASKING.split())
"""Words that belong to asking in any domain; the sentence that answers does not repeat them."""
ASKED_UNIT = re.compile(
    r"\bhow many (?:minutes?|hours?|days?|weeks?|months?|years?)\b", re.IGNORECASE
)
NUMBER_QUESTION = re.compile(
    r"\b(?:how (?:many|much|long|often|fast|late|early|far|old|big)|when|what time|maximum|minimum"
    r"|price|cost|limit|wie ?viele?|wie lange|wann|combien|quand|cuántos?|cuándo)\b",
    re.IGNORECASE,
)
"""A question that a number, a date or a time answers."""
NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|once|twice|daily|weekly|monthly"
    r"|noon|midnight|first|second|third|fourth|fifth|half|january|february|march|april|june|july"
    r"|august|september|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|never|always|no limit)\b",
    re.IGNORECASE,
)

SPECIFIC = re.compile(r"\b(?:[A-Z][\w-]{1,40}|[\w-]{0,20}\d[\w-]{0,20})")
"""A name, a code or a number in a question, after its first letter."""
ABSENT_WEIGHT = 0.35
"""How much a term counts that stands in no passage at all: people ask in other words than the text.
At 1 such a term would decide alone, because it is the rarest."""
ABSENT_GRAM_WEIGHT = 0.08
"""The same for a piece of a word in a script without blanks: most pieces lie across two words."""


def without_asked_unit(question: str) -> str:
    """Returns the question without the unit of time of which it asks how many.

    The line that answers may well have another one: to how many days, twenty weeks is the answer.
    """
    return ASKED_UNIT.sub("how many", question)


def names_in(question: str) -> list[str]:
    """Returns the names, codes and numbers of a question."""
    return SPECIFIC.findall(question[1:])


def absent_weight(term: str, names: Collection[str]) -> float:
    """Returns how much a term counts (0-1) that occurs in no passage.

    Less than any other, unless it is a name or a number: a passage that does not mention Madrid
    does not answer a question about it.
    """
    if term in names:
        return 1.0

    return ABSENT_GRAM_WEIGHT if GRAM_LETTER.search(term) else ABSENT_WEIGHT


def asks_number(question: str) -> bool:
    """Returns whether a number, a date or a time answers the question."""
    return NUMBER_QUESTION.search(question) is not None


def has_number(text: str) -> bool:
    """Returns whether the text states a number, a date or a time."""
    return NUMBER.search(text) is not None
