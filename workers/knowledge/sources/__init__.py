"""Where knowledge comes from: one file a format, its name is the format; each turns bytes into sections."""

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


class SourceError(BeagleError):
    """Something cannot be read; the message is one line for the summary, and the rest of the ingest goes on."""


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading; `headings` are the titles from the top of the page down to it."""

    headings: Sequence[str]
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page as text. `updated_at` is set where the format itself carries a date."""

    title: str
    sections: Sequence[Section]
    updated_at: float | None = None


class Format(Protocol):
    """A module of this folder that reads one format."""

    SUFFIXES: tuple[str, ...]

    def read(self, data: bytes, name: str) -> Parsed:
        """The page. Raises SourceError when the bytes are not what `name` says."""
        ...


INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
"""Characters nobody sees: tags, variation selectors, zero width, bidirectional marks, controls."""


@cache
def formats() -> dict[str, Format]:
    """The formats that can be read, by suffix."""
    found: dict[str, Format] = {}
    for file in sorted(Path(__file__).parent.glob("*.py")):
        module = import_module(f"{__name__}.{file.stem}") if not file.stem.startswith("_") else None
        for suffix in getattr(module, "SUFFIXES", ()):
            found[suffix] = cast(Format, module)

    return found


def clean(text: str) -> str:
    """The text as people see it: no invisible characters, one form for each letter, plain line ends and spaces."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = INVISIBLE.sub("", text).encode("utf-8", "replace").decode("utf-8")
    text = re.sub(r"[\u2028\u2029\x0c]", "\n", text)

    return re.sub(r"[^\S\n]+", " ", text).strip()


def slug(heading: str) -> str:
    """A heading as the end of a link, the way most Markdown renderers make it."""
    kept = re.sub(r"[^\w\- ]", "", clean(heading).casefold())
    return re.sub(r"\s", "-", kept.strip())
