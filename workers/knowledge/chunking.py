"""Cuts sections into pieces of about 180 words, at paragraphs first and at sentences where it must."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from router.index import Piece
from workers.knowledge.sources import Section

WORDS = 180
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[\w\d-])")


def chunk(title: str, sections: Iterable[Section], words: int = WORDS) -> list[Piece]:
    """Every word of the sections, in order, in pieces of at most `words` words that never cross a heading."""
    pieces = []
    for section in sections:
        path = " > ".join(_without_repeats([title, *section.headings]))
        pieces += [Piece(path, section.anchor, body) for body in _cut(section.text, words)]

    return pieces


def sentences(text: str) -> list[str]:
    """The sentences of a text, word for word; a line of a list is a sentence of its own."""
    return [
        part.strip()
        for line in text.splitlines()
        for part in SENTENCE_END.split(line)
        if part.strip()
    ]


def _cut(text: str, words: int) -> Iterator[str]:
    """Bodies in order. What fits together stays together: paragraphs, then sentences, then single words."""
    body: list[str] = []
    held = 0

    for part, joint in _parts(text, words):
        count = len(part.split())
        if body and held + count > words:
            yield "".join(body).strip()
            body, held = [], 0

        body += [joint if body else "", part]
        held += count

    if body:
        yield "".join(body).strip()


def _parts(text: str, words: int) -> Iterator[tuple[str, str]]:
    """The smallest units that may stand alone, each with what joins it to the one before."""
    for paragraph in re.split(r"\n\s*\n", text):
        if len(paragraph.split()) <= words:
            if paragraph.strip():
                yield paragraph.strip(), "\n\n"

            continue

        joint = "\n\n"
        for line in paragraph.splitlines():
            for sentence in SENTENCE_END.split(line):
                many = sentence.split()
                for start in range(0, len(many), words):
                    yield " ".join(many[start : start + words]), joint
                    joint = " "

            joint = "\n"


def _without_repeats(names: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for name in names:
        if name and (not kept or kept[-1].casefold() != name.casefold()):
            kept.append(name)

    return kept
