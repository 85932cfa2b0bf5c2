"""Finds copies of a document in other formats: one text is quoted from one place only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from router.index import Document
from router.text.terms import extract_words
from workers.knowledge.formats import SourceError

_ORDER = """
.md .mdx .markdown .rst .html .htm .xhtml .docx .docm .epub .pptx .pptm .xlsx .xlsm .csv .tsv .pdf
.txt .text .log
"""
ORDER = tuple(_ORDER.split())
"""Of one text in several formats the first is read: it says most about headings and tables."""
MIN_SHARED = 0.8
"""The share of the shorter text's words that both have, from which they are one text."""
MIN_LENGTH_RATIO = 0.6


def format_order(path: str) -> tuple[str, str, int, str]:
    """Returns what files are sorted by: folder, name, and the place of their format in `ORDER`."""
    file = PurePosixPath(path)
    suffix = file.suffix.casefold()
    place = ORDER.index(suffix) if suffix in ORDER else len(ORDER)
    return file.parent.as_posix(), file.stem, place, path


class FormatCopies:
    """Remembers the texts of files whose name, without its suffix, occurs several times."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._counts = Counter(_name(path) for path in paths)
        self._read: dict[str, list[tuple[str, Counter[str]]]] = {}

    def may_exist(self, path: str) -> bool:
        """Returns whether another file has the same name in another format."""
        return self._counts[_name(path)] > 1

    def check(self, path: str, document: Document) -> None:
        """Raises SourceError if the document's text was read from another format before."""
        if not self.may_exist(path):
            return

        words: Counter[str] = Counter()
        for chunk in document.chunks:
            words.update(extract_words(chunk.body))

        others = self._read.setdefault(_name(path), [])
        for other, other_words in others:
            if _is_same(words, other_words):
                raise SourceError(f"the same text as {other}, which is read instead")

        others.append((PurePosixPath(path).name, words))


def _name(path: str) -> str:
    return PurePosixPath(path).with_suffix("").as_posix().casefold()


def _is_same(words: Counter[str], others: Counter[str]) -> bool:
    sizes = sorted((words.total(), others.total()))
    if not sizes[0] or sizes[0] < MIN_LENGTH_RATIO * sizes[1]:
        return False

    return (words & others).total() >= MIN_SHARED * sizes[0]
