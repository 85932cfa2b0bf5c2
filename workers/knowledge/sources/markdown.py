"""Reads Markdown: a section for each heading, as words without markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from router.text.strict_yaml import load_yaml
from workers.knowledge.sources import Parsed, Section, clean, first_heading, slug, without_title
from workers.knowledge.sources.text import decode

SUFFIXES = (".md", ".markdown", ".mdx")

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
TAG = re.compile(r"<[^<>]*>")
MAX_FRONT_MATTER_CHARS = 4000


def read(data: bytes, name: str) -> Parsed:
    """Returns the page; its title is the front matter's, its first heading's, or `name`."""
    text = decode(data, name).replace("\r\n", "\n")
    front, text = _front_matter(text)
    parser = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
    sections = list(_sections(parser.parse(text)))

    title = clean(str(front.get("title") or "")) or first_heading(sections) or name
    return Parsed(
        title, without_title(sections, title), _date(front.get("updated") or front.get("date"))
    )


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    block = FRONT_MATTER.match(text)
    if block is None:
        return {}, text

    front = None
    if len(block[1]) <= MAX_FRONT_MATTER_CHARS:
        try:
            front = load_yaml(block[1], dates=True)
        except ValueError:
            # A page whose front matter is broken is still a page.
            front = None

    return front if isinstance(front, dict) else {}, text[block.end() :]


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    """Yields the text under each heading, in order; the first section may have no heading."""
    path: list[tuple[int, str]] = []
    anchors: dict[str, int] = {}

    anchor, start, at = "", 0, 0
    while at < len(tokens):
        token = tokens[at]
        if token.type != "heading_open" or token.level:
            at += 1
            continue

        yield Section([name for _, name in path], anchor, _text(tokens[start:at]))
        level, name = int(token.tag[1]), clean(_inline(tokens[at + 1]))
        path = [(above, title) for above, title in path if above < level] + [(level, name)]
        anchor = slug(name)
        # A repeated heading gets a number in its link: `#setup`, `#setup-1`, …
        anchors[anchor] = anchors.get(anchor, -1) + 1
        anchor += f"-{anchors[anchor]}" if anchors[anchor] else ""
        at = start = at + 3

    yield Section([name for _, name in path], anchor, _text(tokens[start:]))


def _text(tokens: Sequence[Token]) -> str:
    """Returns the words in reading order, a blank line between blocks, one line for each row."""
    out: list[str] = []
    cells: list[str] | None = None

    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            out.append(" | ".join(cells) + "\n")
            cells = None
        elif token.type == "inline":
            words = _inline(token)
            if cells is not None:
                cells.append(words)
            elif words:
                out.append(words + "\n" * (2 if token.level <= 1 else 1))
        elif token.type in ("fence", "code_block"):
            out.append(token.content.rstrip("\n") + "\n\n")
        elif token.type == "html_block":
            out.append(TAG.sub("", token.content).strip() + "\n\n")
        elif token.type in ("bullet_list_close", "ordered_list_close", "table_close"):
            out.append("\n")

    text = "\n".join(clean(line) for line in "".join(out).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _inline(token: Token) -> str:
    """Returns the words of one paragraph; a link is its words, a picture its description."""
    out = []
    for child in token.children or ():
        if child.type in ("text", "code_inline", "text_special", "image"):
            out.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            out.append(" " if child.type == "softbreak" else "\n")

    return "".join(out).strip()


def _date(value: object) -> float | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    return None
