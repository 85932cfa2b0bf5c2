"""Recognises a person's sentences in other texts, whatever their case, spaces and punctuation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

MIN_WORDS = 3
MIN_CHARACTERS = 16
"""A shorter sentence identifies nobody, and others have written the same."""
MAX_WORDS = 12
"""A longer sentence is recognised by its pieces of so many words, which bounds the work."""
START_WORDS = 3
"""By so many words it is looked up whether a piece may begin here."""
DIGEST_BYTES = 12
REPLACEMENT = "(forgotten)"
"""What stands in a text for a sentence that was erased."""

_WORD = re.compile(r"\w+")
_END = re.compile(r"[.!?\n]")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class WrittenText:
    """Something that a person wrote, and when in unix seconds; 0 where that is not known."""

    text: str
    at: float = 0.0


class Sentences:
    """The sentences of a person, to be found in other texts in time linear in their length.

    It holds no words: each piece of a sentence is a digest under `key`, so it may be stored for as
    long as another process has to search for the sentences. A text that was stored before a
    sentence was first written cannot be a copy of it; functions that take `until` ignore the
    sentences that are younger.
    """

    def __init__(self, key: bytes, texts: Iterable[WrittenText] = ()) -> None:
        self._key = key
        self._first_written: dict[str, float] = {}
        # By their first words, so that most positions of a text cost one digest.
        self._lengths: dict[str, set[int]] = {}

        for written in texts:
            for words in _pieces(written.text):
                piece = self._digest(words)
                known = self._first_written.get(piece, written.at)
                self._first_written[piece] = min(known, written.at)
                start = self._digest(words[:START_WORDS])
                self._lengths.setdefault(start, set()).add(len(words))

    def __len__(self) -> int:
        return len(self._first_written)

    def without(self, pieces: Collection[str]) -> Sentences:
        """Returns the sentences without these pieces."""
        rest = Sentences(self._key)
        rest._lengths = self._lengths
        for piece, at in self._first_written.items():
            if piece not in pieces:
                rest._first_written[piece] = at

        return rest

    def found_in(self, text: str, until: float = float("inf")) -> set[str]:
        """Returns the pieces of sentences that `text` repeats."""
        if not self._first_written:
            return set()

        return {piece for piece, _, _ in self._matches(words_of(text), until)}

    def cut_from(self, text: str, until: float = float("inf")) -> str:
        """Returns the text with each of the sentences in it replaced; itself if it has none."""
        if not self._first_written:
            return text

        spans = [match.span() for match in _WORD.finditer(text)]
        words = [text[start:end].casefold() for start, end in spans]
        repeated = [False] * len(words)
        for _, position, length in self._matches(words, until):
            repeated[position : position + length] = [True] * length

        parts = []
        done = 0
        for position, (start, end) in enumerate(spans):
            if not repeated[position]:
                continue
            if not position or not repeated[position - 1]:
                parts.append(text[done:start] + REPLACEMENT)

            done = end

        return "".join(parts) + text[done:]

    def record(self) -> dict[str, Any]:
        """Returns the JSON-safe form, which holds digests and no words."""
        lengths = {start: sorted(values) for start, values in self._lengths.items()}
        return {"key": self._key.hex(), "pieces": self._first_written, "lengths": lengths}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Sentences:
        """Returns the sentences of which `record` is the JSON-safe form."""
        sentences = cls(bytes.fromhex(record["key"]))
        sentences._first_written = dict(record["pieces"])
        sentences._lengths = {start: set(values) for start, values in record["lengths"].items()}
        return sentences

    def _matches(self, words: Sequence[str], until: float) -> Iterator[tuple[str, int, int]]:
        """Yields each piece with its position and its length in words."""
        for position in range(len(words) - START_WORDS + 1):
            start = self._digest(words[position : position + START_WORDS])
            for length in self._lengths.get(start, ()):
                piece = self._digest(words[position : position + length])
                at = self._first_written.get(piece)
                if at is not None and at <= until:
                    yield piece, position, length

    def _digest(self, words: Sequence[str]) -> str:
        # A word holds no space, so equal digests mean equal words.
        data = " ".join(words).encode("utf-8", "replace")
        return blake2b(data, key=self._key, digest_size=DIGEST_BYTES).hexdigest()


def raw_sentences(text: str) -> list[str]:
    """Returns the sentences that would identify their author, as they were written.

    A text of short sentences counts as one, if it is long enough as a whole.
    """
    sentences = [part.strip() for part in _END.split(text)]
    long_ones = [sentence for sentence in sentences if _identifies(sentence)]
    if not long_ones and _identifies(text):
        return [text.strip()]

    return long_ones


def words_of(text: str) -> list[str]:
    """Returns the words of a text in lower case, also where JSON escaped its letters."""
    plain = _ESCAPE.sub(_unescaped, text) if "\\u" in text else text
    return [match.group().casefold() for match in _WORD.finditer(plain)]


def _pieces(text: str) -> Iterator[list[str]]:
    """Yields the words of each identifying sentence; those of a long one in pieces."""
    for sentence in raw_sentences(text):
        words = words_of(sentence)
        for start in range(0, len(words), MAX_WORDS):
            piece = words[start : start + MAX_WORDS]
            # A short rest identifies nobody, and the pieces before it are searched for.
            if len(piece) >= MIN_WORDS:
                yield piece


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape.group(1), 16))


def _identifies(text: str) -> bool:
    if len(text.strip()) < MIN_CHARACTERS:
        return False

    return sum(1 for _ in _WORD.finditer(text)) >= MIN_WORDS
