"""An outcome as rich text: its words or fields, and the sources that it cites."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from bot.ui import rich_text
from bot.ui.rich_text import Element
from bot.ui.texts import common as texts
from router.types import Citation, Outcome

ANSWER_LIMIT = 11_000
"""Characters of an answer in one message: Slack refuses blocks of more than about 12,000 in all."""


def outcome_elements(outcome: Outcome, *, tables: bool = False) -> list[Element]:
    """Returns an outcome as rich text: its text or data, then its sources.

    With `tables` the list may hold a `table` block: pass it through `rich_text.blocks`.
    """
    text = outcome.text[:ANSWER_LIMIT]
    elements: list[Element] = []

    if text.strip():
        elements = rich_text.from_markdown(text, tables=tables)
    if len(outcome.text) > ANSWER_LIMIT:
        elements.append(rich_text.section(rich_text.text(texts.WHOLE_BELOW, italic=True)))

    # Structured answers have no text: each field becomes a line.
    if isinstance(outcome.data, Mapping) and not text.strip():
        fields = [_field(name, value) for name, value in outcome.data.items()]
        elements.append(rich_text.bullets(fields))

    if outcome.citations:
        elements.append(rich_text.bullets(_sources(outcome.citations)))

    return elements or [rich_text.section(rich_text.text(texts.EMPTY, italic=True))]


def plain_text(elements: Sequence[Element]) -> str:
    """Returns the words of rich text, one line for each paragraph, list item or table row."""
    lines: list[str] = []
    for element in elements:
        if element["type"] == "rich_text_list":
            lines += [f"• {_words(item)}" for item in rich_text.children(element)]
        elif element["type"] == "table":
            rows = cast("list[list[dict[str, str]]]", element["rows"])
            lines += [" | ".join(cell["text"] for cell in row) for row in rows]
        else:
            lines.append(_words(element))

    return "\n".join(lines)


def _field(name: str, value: object) -> list[Element]:
    content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    label = name.replace("_", " ")
    return [
        *rich_text.text(f"{label}: ", bold=True),
        *(rich_text.text(content) or rich_text.text("—")),
    ]


def _sources(citations: Sequence[Citation]) -> list[list[Element]]:
    """Returns one line for each cited place, with all the numbers that lead to it."""
    # Several passages of one page are one line: readers open the page, not the passage.
    places: dict[tuple[str, str], list[int]] = {}
    for citation in citations:
        places.setdefault((citation.url, citation.title), []).append(citation.number)

    lines = []
    for (url, title), numbers in places.items():
        line = rich_text.text("".join(f"[{number}]" for number in numbers) + " ")
        line += [rich_text.link(url, title)] if url else rich_text.text(title)
        lines.append(line)

    return lines


def _words(element: Element) -> str:
    return "".join(str(part.get("text", "")) for part in rich_text.children(element))
