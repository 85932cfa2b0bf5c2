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
        sentences += LOWER_START.split(sentence)

    asking = [sentence for sentence in sentences if _asks(sentence)]
    if not asking or len(asking) == len(sentences):
        return message

    part = " ".join(asking)
    is_clear = any(word not in VAGUE_WORDS for word in words_of(part))
    return part if is_clear else message


def _asks(sentence: str) -> bool:
    if sentence.rstrip().endswith(QUESTION_MARKS):
        return True

    first = FIRST_WORD.search(sentence)
    return first is not None and first.group().casefold() in ASKING_STARTS
