"""The words of a block, and the plainest text that shows them.

Words of a model or a person stay text: what is not our own link or mention is sent as `plain_text`,
or escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from bot.payloads import Block

TEXT_LIMIT = 3000
"""Characters of a section's text."""
OURS = frozenset({"user", "channel", "link", "usergroup", "team"})
"""Parts of rich text that only our own code makes, and that need markup."""
_REFERENCE = re.compile(r"<([@#][^<>|]{1,60})(?:\|[^<>]{0,200})?>")


@dataclass(frozen=True, slots=True)
class Words:
    """Some words: rich text (`rich`, its parts), or a text object (`text`)."""

    rich: Sequence[Block] = ()
    text: Block | None = None


def heading(content: str) -> Words:
    """Returns one line in bold."""
    element = {"type": "text", "text": content, "style": {"bold": True}}
    return Words(rich=[{"type": "rich_text_section", "elements": [element]}])


def line(content: str) -> Words:
    """Returns one line in which nothing is markup."""
    return Words(text={"type": "plain_text", "text": content})


def columns(rows: Sequence[Sequence[Block]]) -> Words:
    """Returns the rows of a table as monospaced text."""
    cells = [[cell_text(cell) for cell in row] for row in rows]
    widths: dict[int, int] = {}
    for row in cells:
        for column, content in enumerate(row):
            widths[column] = max(widths.get(column, 0), len(content))

    lines = []
    for row in cells:
        padded = [content.ljust(widths[column]) for column, content in enumerate(row)]
        lines.append("  ".join(padded).rstrip())

    element = {"type": "text", "text": "\n".join(lines)}
    return Words(rich=[{"type": "rich_text_preformatted", "elements": [element]}])


def cell_text(cell: Block) -> str:
    """Returns the words of a table's cell."""
    if cell.get("type") == "rich_text":
        return plain_lines(children(cell)).replace("\n", " ")

    return str(cell.get("text") or cell.get("value") or "")


def children(element: Block) -> list[Block]:
    """Returns the elements within a block or a part of rich text."""
    found = element.get("elements")
    return cast("list[Block]", found) if isinstance(found, list) else []


def plain_lines(rich: Sequence[Block]) -> str:
    """Returns rich text as plain text, with a line for each paragraph and list item."""
    return "\n".join(_lines(rich, markup=False))


def as_text_objects(words: Words) -> Iterator[Block]:
    """Yields text objects of at most `TEXT_LIMIT` characters that show the words."""
    if words.text is not None:
        yield from _cut(words.text)
        return

    markup = any(kind in OURS for kind in _inline_kinds(words.rich))
    lines = _lines(words.rich, markup=markup)
    if markup and any(len(content) >= TEXT_LIMIT for content in lines):
        # It has to be cut, and a link must not be cut in two.
        markup, lines = False, _lines(words.rich, markup=False)

    for content in _pages(lines):
        if not content.strip():
            continue
        if markup:
            # Verbatim: Slack makes no links and mentions of its own from the words.
            yield {"type": "mrkdwn", "text": content, "verbatim": True}
        else:
            yield {"type": "plain_text", "text": content}


def as_rich(words: Words) -> list[Block]:
    """Returns the words as parts of a `rich_text` block."""
    if words.text is None:
        return list(words.rich)

    content = str(words.text.get("text") or "")
    elements: list[Block] = []
    if words.text.get("type") == "plain_text":
        elements.append({"type": "text", "text": content})
    else:
        elements += _from_mrkdwn(content)

    return [{"type": "rich_text_section", "elements": elements}] if content else []


def _from_mrkdwn(content: str) -> Iterator[Block]:
    """Yields our own mrkdwn as text elements, with its mentions; its formatting is left out."""
    position = 0
    for found in _REFERENCE.finditer(content):
        yield from _unmarked(content[position : found.start()])
        target = found[1]
        if target.startswith("@"):
            yield {"type": "user", "user_id": target[1:]}
        else:
            yield {"type": "channel", "channel_id": target[1:]}

        position = found.end()

    yield from _unmarked(content[position:])


def _unmarked(content: str) -> Iterator[Block]:
    if content:
        yield {"type": "text", "text": html.unescape(content.replace("*", ""))}


def _cut(text: Block) -> Iterator[Block]:
    content = str(text.get("text") or "")
    if len(content) <= TEXT_LIMIT:
        if content.strip():
            yield text
        return

    for page in _pages(content.split("\n")):
        yield {**text, "text": page}


def _pages(lines: Sequence[str]) -> Iterator[str]:
    """Yields the lines in texts of at most `TEXT_LIMIT` characters."""
    page = ""
    for content in lines:
        for piece in _pieces(content):
            if len(page) + len(piece) > TEXT_LIMIT:
                yield page.rstrip("\n")
                page = ""

            page += piece

        page += "\n"

    if page.strip():
        yield page.rstrip("\n")


def _pieces(content: str) -> Iterator[str]:
    """Yields pieces of a line that fit into a text, cut at a space where there is one."""
    while len(content) > TEXT_LIMIT - 1:
        end = content.rfind(" ", 1, TEXT_LIMIT - 1)
        end = end if end > 0 else TEXT_LIMIT - 1
        yield content[:end]
        content = content[end:]

    yield content


def _lines(rich: Sequence[Block], *, markup: bool) -> list[str]:
    lines: list[str] = []
    for element in rich:
        if element.get("type") == "rich_text_list":
            for item in children(element):
                lines.append("• " + _inline(children(item), markup=markup))
        elif element.get("type") == "rich_text_quote":
            quoted = _inline(children(element), markup=markup)
            lines += ["> " + part if markup else part for part in quoted.split("\n")]
        else:
            lines += _inline(children(element), markup=markup).split("\n")

    return lines


def _inline(elements: Sequence[Block], *, markup: bool) -> str:
    return "".join(_part(element, markup=markup) for element in elements)


def _part(element: Mapping[str, object], *, markup: bool) -> str:
    kind = element.get("type")
    if kind == "emoji":
        return f":{element.get('name')}:"
    if kind == "date":
        return _escape(str(element.get("fallback") or ""), markup=markup)
    if not markup or kind not in OURS:
        content = element.get("text") or element.get("url") or element.get(f"{kind}_id")
        return _escape(str(content or ""), markup=markup)

    if kind == "link":
        label = _escape(str(element.get("text") or ""), markup=True).replace("|", "/")
        return f"<{element.get('url')}|{label}>" if label else f"<{element.get('url')}>"

    signs = {"user": "@", "channel": "#", "usergroup": "!subteam^", "team": "@"}
    return f"<{signs[str(kind)]}{element.get(f'{kind}_id')}>"


def _escape(content: str, *, markup: bool) -> str:
    if not markup:
        return content

    # The ampersand first, or the other escapes would be escaped again.
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _inline_kinds(rich: Sequence[Block]) -> Iterator[str]:
    for element in rich:
        yield str(element.get("type"))
        yield from _inline_kinds(children(element))
