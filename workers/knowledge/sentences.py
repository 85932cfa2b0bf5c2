"""Where sentences end, in any script: abbreviations and brackets do not end one."""

from __future__ import annotations

import re
from collections.abc import Iterator

ENDS = re.compile(
    # Chinese and Japanese sentences end without a blank.
    r"[。！？｡]{1,9}[」』”’）)\]]{0,3}\s{0,9}"
    r"|(?<![.!?…؟۔।])[.!?…؟۔।]{1,9}[\"'”’»)\]]{0,3}\s{1,9}(?=\S)"
)
_NEVER = """
e.g i.e vs cf approx no nos nr dr mr mrs ms prof st fig figs art sec vol p pp incl excl resp ref
esp gen sen rep rev hon mt ft min max est tel ext
z.b d.h u.a ca bzw inkl exkl zzgl ggf evtl abs ziff str vgl sog bspw
a.m p.m u.s u.k u.s.a inc ltd co corp jr sr dept govt
jan feb mar apr jun jul aug sep sept oct nov dec
p.ex env art réf sr sra núm pág av
"""
NEVER_LAST = frozenset(_NEVER.split())
"""Abbreviations that something follows."""
SOMETIMES_LAST = frozenset({"etc", "usw"})
"""Abbreviations that end a sentence before a capital letter."""
MAX_BRACKETED_CHARS = 400
"""A sentence in brackets ends only with the brackets, unless somebody forgot to close them."""
LAST_WORD = re.compile(r"([^\W\d_](?:[.]?[^\W_]){0,12})[.]$")


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yields where each sentence of one line begins and ends, without the blanks around it."""
    end = len(text) if end is None else end
    begin = start
    for match in ENDS.finditer(text, start, end):
        if match.end() >= end:
            break
        if _is_end(text[begin : match.end()].rstrip(), text[match.end() : match.end() + 1]):
            yield from _stripped(text, begin, match.end())
            begin = match.end()

    yield from _stripped(text, begin, end)


def split_sentences(text: str) -> list[str]:
    """Returns the sentences of a text, word for word; each line of a list is its own sentence."""
    sentences = []
    for line in text.splitlines():
        for start, end in sentence_spans(line):
            sentences.append(line[start:end])

    return sentences


def _is_end(sentence: str, following: str) -> bool:
    """Returns whether a full stop at the end of `sentence` ends it, before the next letter."""
    if len(sentence) <= MAX_BRACKETED_CHARS and _is_open(sentence):
        return False

    match = LAST_WORD.search(sentence[-20:])
    if not sentence.endswith("."):
        return not following.islower() or sentence[-1] in "!?。！？"
    if following.islower():
        return False
    if match is None:
        # "1. First" begins a list item; "in 2026. Then" ends a sentence.
        return re.fullmatch(r"\(?[0-9]{1,3}\.", sentence) is None

    word = match[1].casefold()
    if word in NEVER_LAST:
        return False
    if word in SOMETIMES_LAST:
        return following.isupper()

    # "J. Smith": an initial. "plan B. Then" is rare, and one sentence more is harmless.
    return len(word) > 1 or not match[1].isupper()


def _is_open(sentence: str) -> bool:
    return sentence.count("(") > sentence.count(")") or sentence.count("（") > sentence.count("）")


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1

    if start < end:
        yield start, end
