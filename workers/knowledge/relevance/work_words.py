"""Workplace words for the same thing: a question is read in the words that the passages use.

One company's handbook says "trial time" where its people ask about their probation. The vectors of
words do not know that, so groups of such words are listed here, as a search engine's synonyms are.
Only a word that no passage holds is replaced, and only by one that a passage does hold: where the
documents have the asker's own word, nothing changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from router.index import Hit
from workers.knowledge.relevance.compounds import with_spelling_of

MAX_CHARS = 6000
"""So much of a passage is read."""
ENDINGS = ("", "s", "es", "ed")
_GROUPS = """
probation period|probation|trial time
annual leave|paid time off|pto
human resources|people team|people operations|personnel department
helpdesk|help desk|service desk
doctor's note|doctors note|sick note|medical certificate|doctor's certificate
work remotely|remote work|wfh|work from home|working from home
salary|wage|wages
roster|shift plan|duty plan|rota
performance talk|performance review
merge request|pull request
key card|keycard|access card
cell phone|cellphone|smartphone
new starter|new hire|new joiner
training budget|education budget|learning budget
daily allowance|per diem
flatmate|roommate
bike|bicycle
"""


def in_words_of(hits: Collection[Hit], question: str) -> str:
    """Returns the question in these passages' spelling and their words for the same thing."""
    return with_words_of(hits, with_spelling_of(hits, question))


def with_words_of(hits: Iterable[Hit], question: str) -> str:
    """Returns the question with its workplace words replaced by those of these passages."""
    texts: list[str] | None = None
    read = question
    for phrase, others in _phrases():
        lower = read.lower()
        start = _place_of(phrase, lower, ENDINGS[:1])
        # A few letters change their number in lower case, and with it every place behind them.
        if start < 0 or len(lower) != len(read):
            continue
        if texts is None:
            texts = [_on_one_line(f"{hit.title} {hit.body[:MAX_CHARS]}".lower()) for hit in hits]
        if _is_held(phrase, texts):
            continue

        held = next((other for other in others if _is_held(other, texts)), None)
        if held is not None:
            read = f"{read[:start]}{held}{read[start + len(phrase) :]}"

    return read


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _is_held(phrase: str, texts: Iterable[str]) -> bool:
    return any(_place_of(phrase, text, ENDINGS) >= 0 for text in texts)


def _place_of(phrase: str, text: str, endings: Collection[str]) -> int:
    """Returns where the phrase stands as words, its last one with an ending; -1 if nowhere."""
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        is_begin = start == 0 or not text[start - 1].isalnum()
        for ending in endings:
            behind = text[end + len(ending) : end + len(ending) + 1]
            if is_begin and text.startswith(ending, end) and not behind.isalnum():
                return start

        start = text.find(phrase, start + 1)

    return -1


@cache
def _phrases() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Returns each phrase with the others of its group, the longest phrases first."""
    listed: list[tuple[str, tuple[str, ...]]] = []
    for line in _GROUPS.strip().splitlines():
        group = tuple(line.split("|"))
        for phrase in group:
            listed.append((phrase, tuple(one for one in group if one != phrase)))

    return tuple(sorted(listed, key=lambda pair: -len(pair[0])))
