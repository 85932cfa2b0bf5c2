"""Cuts sections into chunks of at most 180 words, between paragraphs or sentences if possible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from router.index import Chunk
from workers.knowledge.formats import Section

MAX_WORDS = 180
"""Words of a chunk: about one topic, and short enough that the encoder reads all of it."""
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[\w\d-])")
"""White space after the end of a sentence, quotes and brackets around it included."""


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


def split_sentences(text: str) -> list[str]:
    """Returns the sentences of a text, word for word; each line of a list is its own sentence."""
    sentences = []
    for line in text.splitlines():
        for sentence in SENTENCE_END.split(line):
            if sentence.strip():
                sentences.append(sentence.strip())

    return sentences


def _chunk_bodies(text: str, max_words: int) -> Iterator[str]:
    """Yields the texts of chunks, in order, each filled with as many units as fit."""
    body: list[str] = []
    word_count = 0

    # Greedy: chunks are as long as possible, so that few cut an explanation in two.
    for unit, separator in _units(text, max_words):
        unit_words = len(unit.split())
        if body and word_count + unit_words > max_words:
            yield "".join(body).strip()
            body = []
            word_count = 0

        if body:
            body.append(separator)

        body.append(unit)
        word_count += unit_words

    if body:
        yield "".join(body).strip()


def _units(text: str, max_words: int) -> Iterator[tuple[str, str]]:
    """Yields the units that are not divided, each with what separates it from the one before.

    A unit is a paragraph, else a sentence, else `max_words` words of a sentence that is too long.
    """
    for paragraph in re.split(r"\n(?:[^\S\n]*+\n)++", text):
        if len(paragraph.split()) <= max_words:
            if paragraph.strip():
                yield paragraph.strip(), "\n\n"

            continue

        # A paragraph that is too long: its first piece still begins after a blank line.
        separator = "\n\n"
        for line in paragraph.splitlines():
            for sentence in SENTENCE_END.split(line):
                words = sentence.split()
                for start in range(0, len(words), max_words):
                    yield " ".join(words[start : start + max_words]), separator
                    separator = " "

            separator = "\n"


def _without_repeats(names: Iterable[str]) -> list[str]:
    """Returns the names without empty ones and without those that repeat the one before."""
    unique: list[str] = []
    for name in names:
        if name and (not unique or unique[-1].casefold() != name.casefold()):
            unique.append(name)

    return unique
