"""Which sentences of a message ask: what else it tells is no part of what must be answered."""

from __future__ import annotations

import re

from router.text.scripts import words_of
from router.text.terms import STOP_WORDS
from workers.knowledge.relevance.question_words import ASKING_WORDS
from workers.knowledge.sentences import split_sentences

_STARTS = """
who whom whose what whats when where wheres which why how hows can could may might must shall should
will would do does did is are am was were has have
"""
ASKING_STARTS = frozenset(_STARTS.split())
"""How a question begins that people write without its mark."""
LOWER_START = re.compile(r"(?<=[.!]) (?=[a-z])")
"""Where a sentence ends for people who write everything in lower case."""
_TIED = re.compile(r",? (?:and|also|plus)(?: also)?,? ", re.IGNORECASE)
"""Ties a question to what was told before it in the same sentence."""
CONDITIONS = frozenset(("if", "unless", "assuming", "suppose", "given"))
"""How a sentence begins whose first half belongs to its question."""
_POINTING = """
it its he him his she her they them their that this these those there then
"""
POINTING_WORDS = frozenset(_POINTING.split())
"""Words with which a question speaks of what was told before it, so that it needs it."""
_INVERSION = re.compile(
    r"\b(?:am|is|are|do|does|did|can|could|may|must|should|will|would|have|has) "
    r"(?:i|we|you|they|he|she|it|there)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.!?] +")
MIN_WORDS = 3
"""Words of each side: "salt and what?" is one question."""
FIRST_WORD = re.compile(r"[^\W\d_]+")
QUESTION_MARKS = ("?", "？", "؟")
_VAGUE = """
now next here help advise please
"""
VAGUE_WORDS = frozenset(_VAGUE.split()) | STOP_WORDS | ASKING_WORDS
"""Words that say nothing of what a question is about: "what now?" is understood with the rest."""
MAX_CHARS = 2000


def subject_words(message: str) -> list[str]:
    """Returns the words that say what a question is about; figures do not."""
    return [word for word in words_of(message) if word not in VAGUE_WORDS and word.isalpha()]


def asking_part(message: str) -> str:
    """Returns the sentences that ask, where a message has others besides; else all of it.

    "I start in May. What leave do I get?" is answered by what answers its last sentence.
    """
    sentences = []
    for sentence in split_sentences(message[:MAX_CHARS]):
        for part in LOWER_START.split(sentence):
            sentences += _without_news(part)

    asking = [sentence for sentence in sentences if _asks(sentence)]
    if not asking or len(asking) == len(sentences):
        return message

    part = " ".join(asking)
    is_clear = any(word not in VAGUE_WORDS for word in words_of(part))
    return part if is_clear else message


def _without_news(sentence: str) -> list[str]:
    """Returns a sentence, in two where it tells something and then asks.

    "Tim has the phones, and what are the core hours?" asks for the hours alone.
    """
    if not sentence.rstrip().endswith(QUESTION_MARKS):
        return [sentence]

    for tie in _TIED.finditer(sentence):
        told, asked = sentence[: tie.start()], sentence[tie.end() :]
        is_long = min(len(told.split()), len(asked.split())) >= MIN_WORDS
        if is_long and _begins_question(asked):
            stands_alone = POINTING_WORDS.isdisjoint(words_of(asked)) and _only_tells(told)
            return [told, asked] if stands_alone else [sentence]

    return [sentence]


def _only_tells(told: str) -> bool:
    """Returns whether none of it asks, or says under which condition something is asked."""
    if _INVERSION.search(told) is not None:
        return False

    starts = {_first_word(clause) for clause in _CLAUSE.split(told)}
    return starts.isdisjoint(CONDITIONS | ASKING_STARTS) and ASKING_WORDS.isdisjoint(words_of(told))


def _asks(sentence: str) -> bool:
    if sentence.rstrip().endswith(QUESTION_MARKS):
        return True

    return _begins_question(sentence)


def _begins_question(sentence: str) -> bool:
    return _first_word(sentence) in ASKING_STARTS


def _first_word(sentence: str) -> str:
    first = FIRST_WORD.search(sentence)
    return "" if first is None else first.group().casefold()
