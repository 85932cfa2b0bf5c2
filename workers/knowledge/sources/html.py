"""Reads HTML: the words of a page under its headings, without scripts and hidden parts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from workers.knowledge.sources import (
    Parsed,
    Section,
    SourceError,
    clean,
    first_heading,
    slug,
    without_title,
)
from workers.knowledge.sources.text import decode

SUFFIXES = (".html", ".htm", ".xhtml")

_SILENT = "script style template noscript svg math nav head iframe object select button form"
SILENT = frozenset(_SILENT.split())
_VOID = "area base br col embed hr img input link meta source track wbr"
VOID = frozenset(_VOID.split())
_BLOCKS = """
p div section article main li ul ol table tr blockquote pre figure dd dt dl header footer aside
br hr
"""
BLOCKS = frozenset(_BLOCKS.split())
HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
MAX_DEPTH = 500
"""Open elements that are remembered; deeper nesting is an attack on the parser."""
CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{2,30})", re.IGNORECASE)


def read(data: bytes, name: str) -> Parsed:
    """Returns the page. Raises SourceError when its encoding is unknown."""
    parser = _Page()
    parser.feed(_decoded(data, name))
    parser.close()
    parser.end_section()

    title = clean(parser.title).replace("\n", " ") or first_heading(parser.sections) or name
    return Parsed(title, without_title(parser.sections, title))


def _decoded(data: bytes, name: str) -> str:
    """Returns the page as text: UTF-8, or in the encoding that the page declares."""
    try:
        return decode(data, name)
    except SourceError:
        # Browsers look for the declaration in the first 1024 bytes; some pages are later.
        declared = CHARSET.search(data[:2048])
        if declared is None:
            return _refuse(name)

        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            return _refuse(name)


def _refuse(name: str) -> str:
    raise SourceError(
        f"reading {name!r}: its letters are in no encoding it names; save it as UTF-8"
    )


class _Page(HTMLParser):
    """Collects the sections of a page, without what a person would not see.

    Hidden text is how instructions for a model are smuggled into a page.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.sections: list[Section] = []
        self._open: list[tuple[str, bool]] = []
        self._words: list[str] = []
        self._path: list[tuple[int, str]] = []
        self._heading: list[str] | None = None
        self._id = self._anchor = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "title":
            self._in_title = True

        if tag in VOID:
            self._break(tag)
            return

        hidden = tag in SILENT or "hidden" in attributes or attributes.get("aria-hidden") == "true"
        hidden = hidden or bool(HIDDEN.search(attributes.get("style") or ""))
        if len(self._open) < MAX_DEPTH:
            self._open.append((tag, hidden or self._silent()))

        if re.fullmatch("h[1-6]", tag) and not self._silent():
            self.end_section()
            self._heading, self._id = [], attributes.get("id") or ""

        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if re.fullmatch("h[1-6]", tag) and self._heading is not None:
            self._end_heading(int(tag[1]))

        # A closing tag also closes what was left open inside; without an opening one it is ignored.
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                break

        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._silent():
            # Text of a heading goes to the heading, not into the section before it.
            target = self._words if self._heading is None else self._heading
            target.append(re.sub(r"\s+", " ", data))

    def end_section(self) -> None:
        """Ends the section under the current heading."""
        lines = [clean(line) for line in "".join(self._words).split("\n")]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        if text:
            self.sections.append(Section([name for _, name in self._path], self._anchor, text))

        self._words = []

    def _end_heading(self, level: int) -> None:
        name = clean("".join(self._heading or [])).replace("\n", " ")
        self._heading = None

        if name:
            self._path = [heading for heading in self._path if heading[0] < level] + [(level, name)]
            self._anchor = self._id or slug(name)

    def _silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def _break(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._words.append(" | " if self._words and not self._words[-1].endswith("\n") else "")
        elif tag in BLOCKS and self._heading is None:
            self._words.append(
                "\n\n" if tag in ("p", "section", "article", "table", "ul", "ol", "pre") else "\n"
            )
