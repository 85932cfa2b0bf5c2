"""Joins the lines of a paragraph that were broken only because the page had a width."""

from __future__ import annotations

import re
from collections.abc import Sequence

FULL_SHARE = 0.75
"""A line of at least this share of the text's width was broken because it was full."""
MIN_WIDTH = 40
"""Characters: in a narrower text each line is its own, such as a list or an address."""
SENTENCE_ENDS = ".!?…:;。！？؟۔।"
LIST_ITEM = re.compile(r"\s{0,20}(?:[-*•‣▪◦·–—○●■□☐☑]|\(?[0-9]{1,3}[.)]|\(?[a-zA-Z][.)])\s")
COLUMNS = re.compile(r"\S(?:\t|\s{3})")
"""White space in a line that sets columns: it belongs to a table."""
_UNFINISHED = """
a an and are as at be but by can for from if in is may must never no nor not of on only or than that
the to unless until was when which who will with without
der die das den dem des ein eine und oder nicht nur mit von zu bei für
de du des la le les un une et ou ne pas sans pour par
"""
UNFINISHED = frozenset(_UNFINISHED.split())
"""Words that no sentence ends with, in English, German and French."""
HYPHENS = "-\u2010\u00ad"
NO_BLANKS = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
)
"""Scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese."""


def join_wrapped_lines(text: str) -> str:
    """Returns the text with one line for each paragraph, list item, table row or line of code.

    Lines are joined where the next one goes on with the sentence; a word that was hyphenated at a
    line's end is one word again.
    """
    lines = text.split("\n")
    width = text_width(lines)
    result: list[str] = []
    before = ""

    for line in lines:
        if result and continues(before, line, width):
            result[-1] = join_lines(result[-1], line)
        else:
            result.append(line.rstrip())

        before = line

    return re.sub(r"\n{3,}", "\n\n", "\n".join(result)).strip("\n")


def text_width(lines: Sequence[str]) -> int:
    """Returns how wide the text is set, in characters: the 90th percentile of its lines."""
    lengths = sorted(len(line) for line in lines if line.strip())
    if not lengths:
        return 0

    # A single line that was never broken says nothing about the others.
    return lengths[-1] if len(lengths) < 10 else lengths[len(lengths) * 9 // 10]


def join_lines(line: str, following: str) -> str:
    """Returns two lines as one: with a blank, without the hyphen, or as their script writes it."""
    line = line.rstrip()
    following = following.strip()
    if not line or not following:
        return line + following

    if line[-1] in HYPHENS and len(line) > 1 and line[-2].isalpha():
        # "re-⏎fund" is one word; "Form A-⏎38" and "A-⏎B" are not. "pre- and post-" keeps its blank.
        if re.match(r"(?:and|or|und|oder|et|ou|y|o|e|bis|to)\b", following):
            return f"{line} {following}"
        if following[0].islower():
            return line[:-1] + following
        return line + following

    if NO_BLANKS.match(line[-1]) and NO_BLANKS.match(following[0]):
        return line + following

    return f"{line} {following}"


def continues(line: str, following: str, width: int) -> bool:
    """Returns whether the following line goes on with this one's sentence.

    `width` is how wide the text is set, in characters.
    """
    text = following.strip()
    if not line.strip() or not text or COLUMNS.search(line.strip()) or COLUMNS.search(text):
        return False
    if LIST_ITEM.match(following) or _indent(following) > _indent(line) + 3:
        return False

    last = line.rstrip()[-1]
    if last in HYPHENS and (text[0].islower() or text[0].isdigit()):
        return True

    is_full = width >= MIN_WIDTH and len(line) >= FULL_SHARE * width
    ends = line.rstrip("\"'”’)]»」』").endswith(tuple(SENTENCE_ENDS))
    if text[0].islower() or line.split()[-1] in UNFINISHED:
        return not ends or is_full

    return is_full and (not ends or NO_BLANKS.match(text[0]) is not None)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
