"""Document formats: one module for each, which turns a file's bytes into sections of text."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from typing import Protocol, cast

from router.errors import BeagleError
from router.text.compatibility import nfc


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
    """A page as text; `updated_at` (unix seconds) is set where the format itself has a date.

    `left_out` names the parts that could not be read, such as a page that is a picture, and why.
    """

    title: str
    sections: Sequence[Section]
    updated_at: float | None = None
    left_out: Sequence[tuple[str, str]] = ()


class Format(Protocol):
    """A module of this folder that reads one format."""

    SUFFIXES: tuple[str, ...]

    def read(self, data: bytes, name: str, charset: str = "") -> Parsed:
        """Returns the page; `charset` is the label that came with it, such as in an HTTP header.

        Raises SourceError when the bytes do not follow the format.
        """
        ...


INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
"""Characters that hide text from people but not from a model.

Tags, variation selectors, zero width, bidirectional marks and controls.
"""
_JOINING = r"[\u0590-\u109f\u1780-\u17ff]"
JOINERS = re.compile(rf"(?<!{_JOINING})[\u200c\u200d]|[\u200c\u200d](?!{_JOINING})")
"""Zero-width joiners outside the scripts that are written with them, such as Persian and Hindi."""


POOR_TITLE = re.compile(
    r"\W{0,9}(?:anonymous|untitled|unknown|no ?title|title|none|null|default|blank|new|copy of"
    r"|unbenannt|ohne titel|sans titre|sin título|word|microsoft|powerpoint|excel|office|document"
    r"|dokument|documento|presentation|präsentation|présentation|slide|folie|book|mappe|workbook"
    r"|sheet"
    r"|scan|scanned|image|page|file|draft|template)"
    r"(?:[\s_-]{0,3}(?:word|powerpoint|excel|office|document|presentation|slides?|template))?"
    r"[\s_-]{0,3}(?:[0-9]{0,9}|\([0-9]{1,4}\))\W{0,9}",
    re.IGNORECASE,
)
"""Titles that programs write where nobody wrote one."""
FILE_NAME = re.compile(
    r"\AMicrosoft (?:Word|PowerPoint|Excel|Office)[^-]{0,20}-"
    r"|\.(?:docx?|dotx?|pptx?|xlsx?|pdf|indd|odt|rtf|tex|pages|html?)\Z",
    re.IGNORECASE,
)


@cache
def formats() -> dict[str, Format]:
    """Returns the formats that can be read, by suffix.

    For the process that parses documents: it imports what reads them.
    """
    by_suffix: dict[str, Format] = {}
    for name in _modules():
        module = cast(Format, import_module(f"{__name__}.{name}"))
        for suffix in module.SUFFIXES:
            by_suffix[suffix] = module

    return by_suffix


@cache
def suffixes() -> frozenset[str]:
    """Returns the suffixes of the formats that can be read, without importing their readers."""
    found: set[str] = set()
    for name in _modules():
        tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SUFFIXES":
                found.update(ast.literal_eval(node.value))

    return frozenset(found)


def _modules() -> list[str]:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if not file.stem.startswith("_")]


def clean(text: str) -> str:
    """Returns the text as people see it.

    Letters are in Unicode's composed form (NFC), invisible characters are removed, and lines end
    with a line feed; runs of other white space become one space.
    """
    return re.sub(r"[^\S\n]+", " ", _visible(text)).strip()


def clean_code(text: str) -> str:
    """Returns lines of code as `clean` does, with their indentation; a tab is four blanks."""
    lines = [line.rstrip() for line in _visible(text).expandtabs(4).split("\n")]
    return "\n".join(lines).strip("\n")


def dedent(code: str) -> str:
    """Returns lines of code without the indentation that all of them share."""
    return textwrap.dedent(clean_code(code)).strip("\n")


def _visible(text: str) -> str:
    text = nfc(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = INVISIBLE.sub("", JOINERS.sub("", text))
    # Encoding with "replace" turns lone surrogates, which no database stores, into "?".
    return re.sub(r"[\u2028\u2029\x0c]", "\n", text.encode("utf-8", "replace").decode("utf-8"))


def first_heading(sections: Sequence[Section]) -> str:
    """Returns the topmost title of the first section that has one, else an empty string."""
    for section in sections:
        if section.headings:
            return section.headings[0]

    return ""


def document_title(title: str, heading: str, name: str) -> str:
    """Returns the title in a document's properties, its first heading, or its file's name.

    Programs fill the properties with the name of the file that a text was once copied from.
    """
    title = " ".join(clean(title).split())
    is_poor = POOR_TITLE.fullmatch(title) is not None or FILE_NAME.search(title) is not None
    if title and not is_poor:
        return title

    return heading or name


def without_title(sections: Sequence[Section], title: str) -> list[Section]:
    """Returns the sections that have text, without the page's title among their headings.

    A chunk's headings begin with the title anyway. A heading with nothing below it is text itself.
    """
    result = []
    for section, following in zip_longest(sections, sections[1:]):
        text = section.text
        path = list(section.headings)
        if not text and path and path != [title] and not _is_below(following, path):
            text = path[-1]

        if text:
            headings = [heading for heading in path if heading != title]
            result.append(Section(headings, section.anchor, text))

    return result


def _is_below(section: Section | None, path: Sequence[str]) -> bool:
    if section is None or len(section.headings) <= len(path):
        return False

    return list(section.headings[: len(path)]) == list(path)


def slug(heading: str) -> str:
    """Returns a heading as a link's fragment, the way most Markdown renderers make it."""
    words = re.sub(r"[^\w\- ]", "", clean(heading).lower())
    return re.sub(r"\s", "-", words.strip())
