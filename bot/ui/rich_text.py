"""Model text as Slack `rich_text`: text elements only, so that it never links, mentions or embeds.

Escaping strings fails sooner or later; a text element cannot become anything else. Links are made
by `link`, and only from our own data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias, cast

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.payloads import Block

Element: TypeAlias = dict[str, object]
"""A part of a `rich_text` block: a paragraph, a list, or a piece of text inside one."""

_parser = (
    MarkdownIt("commonmark", {"html": False, "linkify": False})
    .enable("strikethrough")
    .enable("table")
)

INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufe00-\ufe0f\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
"""Characters that people cannot see but that carry text (tag block, variation selectors) or reverse
it (bidi controls)."""
LIMIT = 3000
"""Characters of one text element; Slack refuses very long ones, and a longer text is split."""
TABLE_ROWS, TABLE_COLUMNS, TABLE_CHARACTERS = 100, 20, 10_000
"""Limits of Slack's `table` block; a message may hold one."""
MAX_INDENT = 8
MAX_LINES = 1_000
MAX_EMPHASIS_MARKS = 1_500
MAX_LINK_MARKS = 800
"""Lines and marks in an answer that is read as Markdown."""


def strip_invisible(text: str) -> str:
    """Returns the text without invisible characters and lone surrogates."""
    # Lone surrogates cannot be encoded: Slack's client would fail on the whole message.
    return INVISIBLE.sub("", text).encode("utf-8", "replace").decode("utf-8")


def text(content: str, **style: bool) -> list[Element]:
    """Returns text elements of at most `LIMIT` characters each; none for an empty text."""
    content = strip_invisible(content)
    enabled = {name: True for name, on in style.items() if on}
    elements: list[Element] = []

    for start in range(0, len(content), LIMIT):
        element: Element = {"type": "text", "text": content[start : start + LIMIT]}
        if enabled:
            element["style"] = enabled

        elements.append(element)

    return elements


def link(url: str, label: str) -> Element:
    """Returns a link. Only for addresses from our own data."""
    return {"type": "link", "url": url, "text": strip_invisible(label)[:LIMIT] or url}


def user(user_id: str) -> Element:
    """Returns a person's name, without notifying them."""
    return {"type": "user", "user_id": user_id}


def section(elements: Sequence[Element]) -> Element:
    """Returns one paragraph."""
    return {"type": "rich_text_section", "elements": list(elements)}


def preformatted(content: str) -> Element:
    """Returns text as it stands, in a frame."""
    return {"type": "rich_text_preformatted", "elements": text(content)}


def bullets(
    items: Iterable[Sequence[Element]], *, ordered: bool = False, indent: int = 0
) -> Element:
    """Returns a list; each item is one paragraph."""
    return {
        "type": "rich_text_list",
        "style": "ordered" if ordered else "bullet",
        "indent": min(indent, MAX_INDENT),
        "elements": [section(item) for item in items],
    }


def block(elements: Sequence[Element]) -> Block:
    """Returns a `rich_text` block."""
    return {"type": "rich_text", "elements": list(elements)}


def lines_block(lines: Iterable[str]) -> Block:
    """Returns a block with one bullet for each line of plain text."""
    return block([bullets([text(line) for line in lines])])


def children(element: Element) -> list[Element]:
    """Returns the elements inside a block, a paragraph or a list. The list may be changed."""
    return cast("list[Element]", element["elements"])


def blocks(elements: Sequence[Element]) -> list[Block]:
    """Returns the blocks that show these elements in order: `table`, and `rich_text` between."""
    found: list[Block] = []
    for element in elements:
        if element["type"] == "table":
            found.append(element)
        elif found and found[-1]["type"] == "rich_text":
            children(found[-1]).append(element)
        else:
            found.append(block([element]))

    return found


def from_markdown(markdown: str, *, tables: bool = False) -> list[Element]:
    """Returns a model's Markdown as rich text: paragraphs, lists, quotes, code, tables as code.

    With `tables` the first table that fits is a `table` block among them, for `blocks`. Links and
    images become their words, followed by the address as text.
    """
    markdown = strip_invisible(markdown)
    if _is_overloaded(markdown):
        return [section(text(markdown))]

    walker = _Walker(_parser.parse(markdown), tables=tables)
    return walker.elements() or [section(text(markdown))]


def _is_overloaded(markdown: str) -> bool:
    """Returns whether a text has more marks than any answer: it is shown as it is written.

    The parser takes a tenth of a millisecond for each mark, and a model that repeats itself writes
    thousands.
    """
    lines = markdown.count("\n")
    emphasis = sum(map(markdown.count, "*_~`"))
    links = sum(map(markdown.count, "[]<&"))
    return lines > MAX_LINES or emphasis > MAX_EMPHASIS_MARKS or links > MAX_LINK_MARKS


class _Walker:
    """Walks the Markdown token stream once; `_lists` is the stack of open lists."""

    def __init__(self, tokens: Sequence[Token], *, tables: bool) -> None:
        self._tokens = tokens
        self._tables = tables
        self._out: list[Element] = []
        self._lists: list[tuple[bool, list[list[Element]]]] = []
        self._quote_depth = 0

    def elements(self) -> list[Element]:
        position = 0
        while position < len(self._tokens):
            position = self._step(position)

        return self._out

    def _step(self, position: int) -> int:
        """Handles one token and returns the position of the next."""
        token = self._tokens[position]
        kind = token.type

        if kind in ("bullet_list_open", "ordered_list_open"):
            # Slack has no nested lists: what the outer list holds so far becomes a list of its own.
            self._flush_list()
            self._lists.append((kind.startswith("ordered"), []))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._flush_list()
            self._lists.pop()
        elif kind == "list_item_open":
            self._lists[-1][1].append([])
        elif kind in ("blockquote_open", "blockquote_close"):
            self._quote_depth += 1 if kind.endswith("open") else -1
        elif kind in ("fence", "code_block"):
            self._paragraph(text(token.content.rstrip("\n")), "rich_text_preformatted")
        elif kind == "table_open":
            return self._table(position)
        elif kind == "heading_open":
            self._paragraph(_inline(self._tokens[position + 1].children or (), bold=True))
            return position + 2
        elif kind == "inline":
            self._paragraph(_inline(token.children or ()))

        return position + 1

    def _paragraph(self, elements: list[Element], kind: str = "rich_text_section") -> None:
        if not elements:
            return

        # Slack's list items are single paragraphs: further ones follow after a line break.
        if self._lists and kind == "rich_text_section":
            item = self._lists[-1][1][-1]
            if item:
                item.append(_line_break())

            item.extend(elements)
            return

        self._flush_list()
        if self._quote_depth and kind == "rich_text_section":
            kind = "rich_text_quote"

        # Sections have no distance between them in Slack: blank lines within one do.
        if self._out and self._out[-1]["type"] == kind == "rich_text_section":
            children(self._out[-1]).extend([_line_break(2), *elements])
            return

        self._out.append({"type": kind, "elements": elements})

    def _flush_list(self) -> None:
        """Moves the items of the innermost open list to the output."""
        if not self._lists or not any(self._lists[-1][1]):
            return

        ordered, items = self._lists[-1]
        filled = [item for item in items if item]
        self._out.append(bullets(filled, ordered=ordered, indent=len(self._lists) - 1))
        self._lists[-1] = (ordered, [[]])

    def _table(self, position: int) -> int:
        rows: list[list[str]] = []
        alignment: list[str] = []

        while self._tokens[position].type != "table_close":
            token = self._tokens[position]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                style = str(token.attrs.get("style", ""))
                alignment.append(style.removeprefix("text-align:") or "left")
            elif token.type == "inline":
                cell = _inline(token.children or ())
                rows[-1].append("".join(str(part["text"]) for part in cell))

            position += 1

        if self._tables and not self._lists and not self._quote_depth and _fits(rows):
            # A message may hold one `table` block: later tables are shown as text.
            self._tables = False
            self._out.append(_table_block(rows, alignment))
        else:
            self._paragraph(text(_in_columns(rows)), "rich_text_preformatted")

        return position + 1


def _line_break(count: int = 1) -> Element:
    return {"type": "text", "text": "\n" * count}


def _fits(rows: Sequence[Sequence[str]]) -> bool:
    if len(rows) > TABLE_ROWS or max(map(len, rows)) > TABLE_COLUMNS:
        return False

    return sum(len(cell) or 1 for row in rows for cell in row) <= TABLE_CHARACTERS


def _table_block(rows: Sequence[Sequence[str]], alignment: Sequence[str]) -> Block:
    """Returns a table of plain words; Slack refuses empty cells, so they get a dash."""
    cells = [[{"type": "raw_text", "text": cell.strip() or "—"} for cell in row] for row in rows]
    return {
        "type": "table",
        "column_settings": [{"align": align, "is_wrapped": True} for align in alignment],
        "rows": cells,
    }


def _in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Returns the table as monospaced text."""
    widths: list[int] = []
    for row in rows:
        widths += [0] * (len(row) - len(widths))
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], len(cell))

    lines = []
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join(padded).rstrip())

    return "\n".join(lines)


def _inline(tokens: Sequence[Token], **style: bool) -> list[Element]:
    """Returns the text elements of one paragraph; emphasis becomes style, links become text."""
    out: list[Element] = []
    styles = dict(style)
    style_names = {"strong": "bold", "em": "italic", "s": "strike"}
    target = ""

    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in style_names:
            styles[style_names[name]] = token.nesting == 1
        elif token.type == "link_open":
            target = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            out += text(f" ({target})" if target else "")
        elif token.type == "image":
            out += text(f"{token.content} ({token.attrs.get('src', '')})")
        elif token.type in ("softbreak", "hardbreak"):
            out.append(_line_break())
        elif token.content:
            out += text(token.content, **styles, code=token.type == "code_inline")

    return out
