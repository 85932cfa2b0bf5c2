"""Model text as Slack `rich_text`: only text elements, so that no link, mention or image can come out of it.

Escaping strings fails sooner or later; a text element cannot become anything else. Links are made
by `link`, and only from our own data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Element = dict[str, Any]
Block = dict[str, Any]

_parser = (
    MarkdownIt("commonmark", {"html": False, "linkify": False})
    .enable("strikethrough")
    .enable("table")
)

INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufe00-\ufe0f\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
"""Characters that people cannot see but that carry text (tag block, variation selectors) or turn
it around (bidi)."""
LIMIT = 3000
"""Characters of one text element; Slack refuses very long ones, and a longer text is split."""
TABLE_ROWS, TABLE_COLUMNS, TABLE_CHARACTERS = 100, 20, 10_000
"""What fits into Slack's `table` block; a message may hold one."""


def visible(text: str) -> str:
    """The text without invisible characters and lone surrogates."""
    return INVISIBLE.sub("", text).encode("utf-8", "replace").decode("utf-8")


def text(content: str, **style: bool) -> list[Element]:
    """Text elements of at most `LIMIT` characters each; nothing for an empty text."""
    content = visible(content)
    chosen = {name: True for name, on in style.items() if on}
    pieces = [content[i : i + LIMIT] for i in range(0, len(content), LIMIT)]

    return [
        {"type": "text", "text": piece} | ({"style": chosen} if chosen else {}) for piece in pieces
    ]


def link(url: str, label: str) -> Element:
    """A link that our own code made."""
    return {"type": "link", "url": url, "text": visible(label)[:LIMIT] or url}


def section(elements: Sequence[Element]) -> Element:
    """One paragraph."""
    return {"type": "rich_text_section", "elements": list(elements)}


def bullets(
    items: Iterable[Sequence[Element]], *, ordered: bool = False, indent: int = 0
) -> Element:
    """A list; each item is one paragraph."""
    style = "ordered" if ordered else "bullet"
    return {
        "type": "rich_text_list",
        "style": style,
        "indent": min(indent, 8),
        "elements": [section(item) for item in items],
    }


def block(elements: Sequence[Element]) -> Block:
    """A rich_text block."""
    return {"type": "rich_text", "elements": list(elements)}


def blocks(elements: Sequence[Element]) -> list[Block]:
    """The blocks that show these elements in order: `table` blocks for tables, rich_text for what stands between."""
    found: list[Block] = []
    for element in elements:
        if element["type"] == "table":
            found.append(element)
        elif found and found[-1]["type"] == "rich_text":
            found[-1]["elements"].append(element)
        else:
            found.append(block([element]))

    return found


def from_markdown(markdown: str, *, tables: bool = False) -> list[Element]:
    """What a model wrote as rich_text elements: paragraphs, lists, quotes, code, tables as code.

    With `tables` the first table that fits is a `table` block among them, for `blocks`. Links and
    images come out as their words followed by the address as text.
    """
    walk = _Walk(_parser.parse(visible(markdown)), tables=tables)
    return walk.elements() or [section(text(visible(markdown)))]


class _Walk:
    """Walks the token stream once; `depth` is the nesting of lists."""

    def __init__(self, tokens: Sequence[Token], *, tables: bool) -> None:
        self._tokens, self._tables = tokens, tables
        self._out: list[Element] = []
        self._lists: list[tuple[bool, list[list[Element]]]] = []
        self._quote = 0

    def elements(self) -> list[Element]:
        at = 0
        while at < len(self._tokens):
            at = self._step(at)

        return self._out

    def _step(self, at: int) -> int:
        token = self._tokens[at]

        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self._flush_list()
            self._lists.append((kind.startswith("ordered"), []))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._flush_list()
            self._lists.pop()
        elif kind == "list_item_open":
            self._lists[-1][1].append([])
        elif kind in ("blockquote_open", "blockquote_close"):
            self._quote += 1 if kind.endswith("open") else -1
        elif kind in ("fence", "code_block"):
            self._paragraph(text(token.content.rstrip("\n")), "rich_text_preformatted")
        elif kind == "table_open":
            return self._table(at)
        elif kind == "heading_open":
            self._paragraph(_inline(self._tokens[at + 1].children or (), bold=True))
            return at + 2
        elif kind == "inline":
            self._paragraph(_inline(token.children or ()))

        return at + 1

    def _paragraph(self, elements: list[Element], kind: str = "rich_text_section") -> None:
        if not elements:
            return

        if self._lists and kind == "rich_text_section":
            items = self._lists[-1][1]
            items[-1].extend(([{"type": "text", "text": "\n"}] if items[-1] else []) + elements)
            return

        self._flush_list()
        if self._quote and kind == "rich_text_section":
            kind = "rich_text_quote"

        if self._out and self._out[-1]["type"] == kind == "rich_text_section":
            self._out[-1]["elements"].append({"type": "text", "text": "\n\n"})
            self._out[-1]["elements"].extend(elements)
            return

        self._out.append({"type": kind, "elements": elements})

    def _flush_list(self) -> None:
        if not self._lists or not any(self._lists[-1][1]):
            return

        ordered, items = self._lists[-1]
        self._out.append(
            bullets([i for i in items if i], ordered=ordered, indent=len(self._lists) - 1)
        )
        self._lists[-1] = (ordered, [[]])

    def _table(self, at: int) -> int:
        rows: list[list[str]] = []
        aligned: list[str] = []

        while self._tokens[at].type != "table_close":
            token = self._tokens[at]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                aligned.append(
                    str(token.attrs.get("style", "")).removeprefix("text-align:") or "left"
                )
            elif token.type == "inline":
                rows[-1].append("".join(e["text"] for e in _inline(token.children or ())))

            at += 1

        if self._tables and not self._lists and not self._quote and _fits(rows):
            self._tables = False
            self._out.append(_table_block(rows, aligned))
        else:
            self._paragraph(text(_in_columns(rows)), "rich_text_preformatted")

        return at + 1


def _fits(rows: Sequence[Sequence[str]]) -> bool:
    few = len(rows) <= TABLE_ROWS and max(map(len, rows)) <= TABLE_COLUMNS
    return few and sum(len(cell) or 1 for row in rows for cell in row) <= TABLE_CHARACTERS


def _table_block(rows: Sequence[Sequence[str]], aligned: Sequence[str]) -> Block:
    """A table of plain words; an empty cell says so, since Slack wants a word in each."""
    return {
        "type": "table",
        "column_settings": [{"align": align, "is_wrapped": True} for align in aligned],
        "rows": [
            [{"type": "raw_text", "text": cell.strip() or "—"} for cell in row] for row in rows
        ],
    }


def _in_columns(rows: Sequence[Sequence[str]]) -> str:
    """The same in letters of one width."""
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]

    return "\n".join(lines)


def _inline(tokens: Sequence[Token], **style: bool) -> list[Element]:
    out: list[Element] = []
    styles = dict(style)
    names = {"strong": "bold", "em": "italic", "s": "strike"}
    target = ""

    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in names:
            styles[names[name]] = token.nesting == 1
        elif token.type == "link_open":
            target = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            out += text(f" ({target})" if target else "")
        elif token.type == "image":
            out += text(f"{token.content} ({token.attrs.get('src', '')})")
        elif token.type in ("softbreak", "hardbreak"):
            out += [{"type": "text", "text": "\n"}]
        elif token.content:
            out += text(token.content, **styles, code=token.type == "code_inline")

    return out
