"""Cuts sections into chunks of at most 180 words, between paragraphs or sentences if possible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from router.index import Chunk
from router.text.scripts import UNSPACED
from workers.knowledge.formats import Section
from workers.knowledge.sentences import sentence_spans

MAX_WORDS = 180
"""Words of a chunk: about one topic, and short enough that the encoder reads all of it."""
LETTERS_PER_WORD = 12
"""A longer "word", such as an address or a key, counts as several."""
UNSPACED_WEIGHT = 0.75
"""Words that a letter of a script without blanks counts as: the encoder reads it as one token."""
SHORT_LINE_WORDS = 30
MAX_HEADING_CHARS = 200


def chunk_sections(
    title: str, sections: Iterable[Section], max_words: int = MAX_WORDS
) -> list[Chunk]:
    """Returns every word of the sections, in order, as chunks of at most `max_words` words.

    A chunk never crosses a heading. Its `headings` are the path from the page's title down to it.
    """
    chunks = []
    for section in sections:
        headings = " > ".join(_without_repeats([title, *section.headings]))
        for body in _chunk_bodies(section.text, max_words):
            chunks.append(Chunk(headings, section.anchor, body))

    return chunks


def word_count(text: str) -> float:
    """Returns how long a text is, in words of a script with blanks."""
    words = text.split()
    if text.isascii():
        # Most text: no letter of it counts as a word.
        long = [len(word) for word in words if len(word) > LETTERS_PER_WORD]
        return len(words) - len(long) + sum(long) / LETTERS_PER_WORD

    total = 0.0
    for word in words:
        unspaced = UNSPACED_WEIGHT * len(UNSPACED.findall(word))
        total += max(1.0, len(word) / LETTERS_PER_WORD, unspaced)

    return total


def _chunk_bodies(text: str, max_words: int) -> Iterator[str]:
    """Yields the texts of chunks, in order, each filled with as many units as fit."""
    body: list[str] = []
    words = 0.0

    # Greedy: chunks are as long as possible, so that few cut an explanation in two.
    for unit, separator in _units(text, max_words):
        unit_words = word_count(unit)
        if body and words + unit_words > max_words:
            yield "".join(body).strip()
            body = []
            words = 0.0

        if body:
            body.append(separator)

        body.append(unit)
        words += unit_words

    if body:
        yield "".join(body).strip()


def _units(text: str, max_words: int) -> Iterator[tuple[str, str]]:
    """Yields the units that are not divided, each with what separates it from the one before.

    A unit is a paragraph, else a sentence, else `max_words` words of a sentence that is too long.
    """
    for paragraph in re.split(r"\n(?:[^\S\n]*+\n)++", text):
        if word_count(paragraph) <= max_words:
            if paragraph.strip():
                yield paragraph.strip(), "\n\n"

            continue

        # A paragraph that is too long: its first piece still begins after a blank line. The heads
        # of a table are repeated, so that each part of it says what its columns are.
        separator = "\n\n"
        for line in _lines(paragraph, max_words):
            # A short line, such as one of code, stays as it is.
            if 0 < word_count(line) <= min(SHORT_LINE_WORDS, max_words):
                yield line.rstrip(), separator
                separator = "\n"
                continue

            before = None
            for start, end in sentence_spans(line):
                # Chinese and Japanese have no blank between sentences.
                if before is not None:
                    separator = "" if start == before else " "

                before = end
                for piece in _pieces(line[start:end], max_words):
                    yield piece, separator
                    separator = " "

            separator = "\n"


def _lines(paragraph: str, max_words: int) -> Iterator[str]:
    """Yields the lines of a paragraph; those of a table with its heads before each part."""
    lines = paragraph.splitlines()
    is_table = len(lines) > 2 and all(" | " in line for line in lines[:3])
    words = 0.0

    for line in lines:
        words += word_count(line)
        if is_table and words > max_words and line != lines[0]:
            yield lines[0]
            words = word_count(lines[0]) + word_count(line)

        yield line


def _pieces(sentence: str, max_words: int) -> Iterator[str]:
    """Yields a sentence, or parts of one that is too long, of about `max_words` words each."""
    if word_count(sentence) <= max_words:
        yield sentence
        return

    piece: list[str] = []
    words = 0.0
    for word, length in _short_words(sentence, max_words):
        if piece and words + length > max_words:
            yield " ".join(piece)
            piece, words = [], 0.0

        piece.append(word)
        words += length

    yield " ".join(piece)


def _short_words(sentence: str, max_words: int) -> Iterator[tuple[str, float]]:
    """Yields the words of a sentence with their lengths as `word_count` counts them.

    A word that is a chunk of its own is cut by length.
    """
    size = max_words if UNSPACED.search(sentence) else max_words * LETTERS_PER_WORD
    for word in sentence.split():
        length = word_count(word)
        if length <= max_words:
            yield word, length
            continue

        for start in range(0, len(word), size):
            part = word[start : start + size]
            yield part, word_count(part)


def _without_repeats(names: Iterable[str]) -> list[str]:
    """Returns the names without empty ones and without those that repeat the one before."""
    unique: list[str] = []
    for name in names:
        name = name if len(name) <= MAX_HEADING_CHARS else f"{name[:MAX_HEADING_CHARS]}…"
        if name and (not unique or unique[-1].casefold() != name.casefold()):
            unique.append(name)

    return unique
