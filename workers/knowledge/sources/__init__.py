"""Document formats: one module for each, which turns a file's bytes into sections of text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from router.errors import BeagleError
from router.text.compatibility import limit_marks


class SourceError(BeagleError):
    """A document cannot be read.

    The message is one line for the summary; the rest of the ingest goes on.
    """


@dataclass(frozen=True, slots=True)
class Section:
    """The text under one heading; `headings` is the path of titles from the top down to it."""

    headings: Sequence[str]
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page as text; `updated_at` (unix seconds) is set where the format itself has a date."""

    title: str
    sections: Sequence[Section]
    updated_at: float | None = None


class Format(Protocol):
    """A module of this folder that reads one format."""

    SUFFIXES: tuple[str, ...]

    def read(self, data: bytes, name: str) -> Parsed:
        """Returns the page. Raises SourceError when the bytes do not follow the format."""
        ...


INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
"""Characters that hide text from people but not from a model.

Tags, variation selectors, zero width, bidirectional marks and controls.
"""


@cache
def formats() -> dict[str, Format]:
    """Returns the formats that can be read, by suffix."""
    by_suffix: dict[str, Format] = {}
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem.startswith("_"):
            continue

        # Modules without suffixes read other things, such as a Slack export.
        module = import_module(f"{__name__}.{file.stem}")
        for suffix in getattr(module, "SUFFIXES", ()):
            by_suffix[suffix] = cast(Format, module)

    return by_suffix


def clean(text: str) -> str:
    """Returns the text as people see it.

    Letters are in Unicode's composed form (NFC), invisible characters are removed, and lines end
    with a line feed; runs of other white space become one space.
    """
    text = limit_marks(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", text)
    # Encoding with "replace" turns lone surrogates, which no database stores, into "?".
    text = INVISIBLE.sub("", text).encode("utf-8", "replace").decode("utf-8")
    text = re.sub(r"[\u2028\u2029\x0c]", "\n", text)

    return re.sub(r"[^\S\n]+", " ", text).strip()


def first_heading(sections: Sequence[Section]) -> str:
    """Returns the topmost title of the first section that has one, else an empty string."""
    for section in sections:
        if section.headings:
            return section.headings[0]

    return ""


def without_title(sections: Sequence[Section], title: str) -> list[Section]:
    """Returns the sections that have text, without the page's title among their headings.

    A chunk's headings begin with the title anyway.
    """
    result = []
    for section in sections:
        if section.text:
            headings = [heading for heading in section.headings if heading != title]
            result.append(Section(headings, section.anchor, section.text))

    return result


def slug(heading: str) -> str:
    """Returns a heading as a link's fragment, the way most Markdown renderers make it."""
    words = re.sub(r"[^\w\- ]", "", clean(heading).casefold())
    return re.sub(r"\s", "-", words.strip())
