"""Divides a text into its sentences, each with the name of who said it where the text has names.

A quotation without its speaker may put somebody's words into another's mouth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from workers.knowledge.passage_units import passage_units
from workers.knowledge.sentences import sentence_spans

MIN_CHAT_SHARE = 0.5
"""The share of its lines that begin with a name, in a text that is a chat."""
_NAME = r"[^\W\d_][\w.'’-]{0,30}(?: [^\W\d_][\w.'’-]{0,30}){0,2}"
_TIME = r"\[?(?:[^\W\d_]{2,9} )?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: ?[AaPp][Mm])?\]?"
_SPOKEN_LINE = re.compile(rf"\s{{0,9}}(?:{_TIME}[ ,-]{{1,3}})?(?P<name>{_NAME}): ?(?=\S)")
_WRAP = re.compile(r"(?<=[\w,;])\n(?=[a-zß-ÿ])")
"""Where a mail program broke a line inside a sentence."""
_NAME_LINE = re.compile(rf"\s{{0,9}}(?P<name>{_NAME}) {{1,3}}{_TIME}\s{{0,9}}$")
"""The line above a message, as Slack copies it."""

Head: TypeAlias = re.Match[str] | None
"""The name that a line begins with, and the time before or behind it."""


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence, word for word, and the name of who said it; empty where the text has none."""

    speaker: str
    text: str


def spoken_sentences(text: str, speaker: str = "") -> list[SpokenSentence]:
    """Returns the sentences in order, without those that occurred before.

    They are the speaker's, unless the text is a chat and names others.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    for pattern, min_share in ((_NAME_LINE, 0.0), (_SPOKEN_LINE, MIN_CHAT_SHARE)):
        heads = [pattern.match(line) for line in lines]
        if _is_chat(heads, min_share):
            sentences = _of_chat(lines, heads)
            break
    else:
        sentences = _of_prose(text, speaker)

    first: dict[tuple[str, str], SpokenSentence] = {}
    for sentence in sentences:
        first.setdefault((sentence.speaker, sentence.text.casefold()), sentence)

    return list(first.values())


def _of_prose(text: str, speaker: str) -> Iterator[SpokenSentence]:
    for unit in passage_units(_WRAP.sub(" ", text)):
        yield SpokenSentence(speaker, " ".join(unit.text.split()))


def _of_chat(lines: Sequence[str], heads: Sequence[Head]) -> Iterator[SpokenSentence]:
    """Yields the sentences of a chat; a line without a name belongs to the name before it."""
    speaker = ""
    for line, head in zip(lines, heads, strict=True):
        speaker = head["name"] if head is not None else speaker
        words = line[head.end() :] if head is not None else line
        for start, end in sentence_spans(words):
            yield SpokenSentence(speaker, " ".join(words[start:end].split()))


def _is_chat(heads: Sequence[Head], min_share: float) -> bool:
    """Returns whether these are the names of a chat, and no words before colons.

    In a chat somebody speaks twice; in `Status: …` and `Owner: …` nobody does.
    """
    counts = Counter(head["name"] for head in heads if head is not None)
    return counts.total() >= min_share * len(heads) and max(counts.values(), default=0) > 1
