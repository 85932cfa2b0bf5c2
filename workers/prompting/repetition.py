"""Recognises degenerate text: a model that repeats itself instead of coming to an end.

The measure is seq-rep-n, the share of word n-grams that occurred before: Welleck et al., "Neural
Text Generation With Unlikelihood Training", 2019, arxiv.org/abs/1908.04319. Each check reads the
text once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

NGRAM = 4
MIN_WORDS = 16
"""Words from which the share of repeated n-grams says something."""
MAX_REPETITION = 0.4
"""Share of repeated n-grams from which a text is degenerate; prose has less than 0.1."""
MAX_RUN = 3
"""The same word, or the same short sentence, this often in a row is still language."""
MIN_SENTENCE_WORDS = 4
"""A sentence with so many words is not written twice in one answer."""
TAIL_CHARS = 600
STEP_CHARS = 80
"""While a text arrives, its last part is read again after so many characters."""
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?;](?=\s|\Z)|\n")


class LoopError(Exception):
    """The text that arrives repeats itself; `text` is what came so far."""

    def __init__(self, text: str) -> None:
        super().__init__("the text repeats itself")
        self.text = text


class LoopWatch:
    """Reads a text while it arrives. Not safe to share between threads."""

    def __init__(self, material: str) -> None:
        self._material = material
        self._text = ""
        self._read = 0

    def add(self, piece: str) -> None:
        """Takes the next piece. Raises LoopError as soon as the text repeats itself."""
        self._text += piece
        if len(self._text) - self._read < STEP_CHARS:
            return

        self._read = len(self._text)
        if is_degenerate(self._text[-TAIL_CHARS:], self._material):
            raise LoopError(self._text)


def is_degenerate(text: str, material: str = "") -> bool:
    """Returns whether the text repeats itself more than the material that it was made from.

    A log or a list may repeat its lines, and so may what is said of it.
    """
    words = _words(text)
    if _longest_run(words) > max(MAX_RUN, _longest_run(_words(material))):
        return True

    sentences = _sentences(text)
    if _repeats_sentence(sentences, _sentences(material)):
        return True
    if len(words) < MIN_WORDS:
        return False

    repetition = repeated_share(words)
    return repetition > MAX_REPETITION and repetition > repeated_share(_words(material))


def repeated_share(words: list[str]) -> float:
    """Returns the share (0-1) of the n-grams that occurred before; 0 for a short text."""
    count = len(words) - NGRAM + 1
    if count < 1:
        return 0.0

    ngrams = {tuple(words[start : start + NGRAM]) for start in range(count)}
    return 1 - len(ngrams) / count


def _repeats_sentence(sentences: list[tuple[str, ...]], material: list[tuple[str, ...]]) -> bool:
    if _longest_run(sentences) > max(MAX_RUN, _longest_run(material)):
        return True

    known = Counter(material)
    for sentence, count in Counter(sentences).items():
        if len(sentence) >= MIN_SENTENCE_WORDS and count > max(1, known[sentence]):
            return True

    return False


def _longest_run(items: Iterable[object]) -> int:
    longest, length, last = 0, 0, object()
    for item in items:
        length = length + 1 if item == last else 1
        longest, last = max(longest, length), item

    return longest


def _sentences(text: str) -> list[tuple[str, ...]]:
    sentences = [tuple(_words(part)) for part in _SENTENCE_END.split(text)]
    return [sentence for sentence in sentences if sentence]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
