"""Arranges the lines of a PDF page as people read them: columns, paragraphs, rows of tables.

A PDF says where letters are, not what they belong to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workers.knowledge.formats._paragraphs import (
    LIST_ITEM,
    SENTENCE_ENDS,
    continues,
    join_lines,
    text_width,
)

ROW_SHARE = 0.5
"""Lines that overlap by this share of their height are in one row."""
PARAGRAPH_GAP = 1.6
"""Distance of two lines' bases, in line heights, from which a new paragraph begins."""
GUTTER_SHARE = 0.03
"""The least width of the gap between two columns, as a share of the page's."""
MIN_COLUMN_LINES = 4
MIN_COLUMN_WORDS = 3.0
"""Words of an average line of a column; a table's cells have fewer."""
MARGIN_SHARE = 0.12
"""Running heads and page numbers are in this share of the page, at the top and the bottom."""
MIN_RUNNING_PAGES = 3


@dataclass(frozen=True, slots=True)
class TextLine:
    """A run of text on one line, and its box in points; `top` is larger than `bottom`."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """Returns the height of the letters, never zero."""
        return max(1.0, self.top - self.bottom)


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of one page, in the order of the file, and the page's size in points."""

    lines: Sequence[TextLine]
    width: float
    height: float


def without_running_heads(pages: Sequence[PageLines]) -> list[PageLines]:
    """Returns the pages without the lines that most of them repeat at the top or the bottom."""
    counts = Counter(
        key for page in pages for key in {_running_key(line, page) for line in page.lines} if key
    )
    needed = max(MIN_RUNNING_PAGES, len(pages) // 3)
    running = {key for key, count in counts.items() if count >= needed}

    result = []
    for page in pages:
        lines = [line for line in page.lines if _running_key(line, page) not in running]
        result.append(PageLines(lines, page.width, page.height))

    return result


def page_text(page: PageLines) -> str:
    """Returns the page's text: a line for each paragraph, list item and row of a table."""
    blocks = []
    for column in _columns(page):
        blocks.append(_column_text(column))

    return "\n\n".join(block for block in blocks if block)


def rejoin_pages(texts: Sequence[str]) -> list[str]:
    """Returns the pages' texts; a sentence that a page break cuts is whole on its first page."""
    result = list(texts)
    for number in range(1, len(result)):
        before = result[number - 1]
        text = result[number]
        is_cut = before and not before.rstrip("\"'”’)]").endswith(tuple(SENTENCE_ENDS))
        if not is_cut or not text[:1].islower():
            continue

        line, _, rest = text.partition("\n")
        end = re.search(r"[.!?…](?=\s|\Z)", line)
        position = end.end() if end is not None else len(line)
        result[number - 1] = join_lines(before, line[:position])
        result[number] = f"{line[position:].strip()}\n{rest}".strip()

    return result


def _running_key(line: TextLine, page: PageLines) -> str:
    """Returns what a running head repeats: its place and words, with any number in them."""
    middle = (line.top + line.bottom) / 2
    margin = MARGIN_SHARE * page.height
    if margin < middle < page.height - margin:
        return ""

    words = re.sub(r"[0-9]{1,9}|\b[ivxlc]{1,7}\b", "0", line.text.strip().casefold())
    place = "top" if middle > page.height / 2 else "bottom"
    return f"{place}:{words}"


def _columns(page: PageLines) -> list[list[TextLine]]:
    """Returns the lines by column, from left to right; what crosses the gap divides the page."""
    lines = sorted(page.lines, key=lambda line: (-line.top, line.left))
    gutter = _gutter(lines, page.width)
    if gutter is None:
        return [lines]

    groups: list[list[TextLine]] = []
    left: list[TextLine] = []
    right: list[TextLine] = []
    for line in lines:
        if line.left < gutter < line.right:
            groups += [left, right, [line]]
            left, right = [], []
        elif line.right <= gutter:
            left.append(line)
        else:
            right.append(line)

    return [group for group in (*groups, left, right) if group]


def _gutter(lines: Sequence[TextLine], width: float) -> float | None:
    """Returns where the gap between two columns is; None for a page of one column, or a table."""
    if len(lines) < 2 * MIN_COLUMN_LINES:
        return None

    best = None
    for share in range(30, 71, 2):
        place = width * share / 100
        left = [line for line in lines if line.right <= place]
        right = [line for line in lines if line.left >= place]
        crossing = len(lines) - len(left) - len(right)
        if min(len(left), len(right)) < MIN_COLUMN_LINES or crossing > 0.2 * len(lines):
            continue

        gap = min(line.left for line in right) - max(line.right for line in left)
        is_text = all(_mean_words(side) >= MIN_COLUMN_WORDS for side in (left, right))
        if is_text and gap >= GUTTER_SHARE * width and (best is None or gap > best[0]):
            best = (gap, (min(line.left for line in right) + max(line.right for line in left)) / 2)

    return best[1] if best is not None else None


def _mean_words(lines: Sequence[TextLine]) -> float:
    return sum(len(line.text.split()) or len(line.text) / 8 for line in lines) / len(lines)


def _column_text(lines: Sequence[TextLine]) -> str:
    rows = _rows(lines)
    if not rows:
        return ""

    width = text_width([text for text, _ in rows])
    parts: list[str] = []

    for (text, box), following in zip(rows, [*rows[1:], None], strict=True):
        parts.append(text)
        if following is None:
            break

        next_text, next_box = following
        gap = (box.bottom - next_box.bottom) / max(box.height, next_box.height)
        if " | " in text or " | " in next_text:
            parts.append("\n")
        elif gap > PARAGRAPH_GAP:
            is_near = gap <= 2 * PARAGRAPH_GAP and continues(text, next_text, width)
            parts.append(" " if is_near else "\n\n")
        elif continues(text, next_text, width):
            parts.append(" ")
        else:
            is_other_size = abs(box.height - next_box.height) > 0.25 * box.height
            parts.append("\n\n" if is_other_size else "\n")

    return _joined(parts)


def _joined(parts: Sequence[str]) -> str:
    """Returns texts and the breaks between them as one; a blank joins lines of a paragraph."""
    lines = [parts[0]] if parts else []
    for separator, text in zip(parts[1::2], parts[2::2], strict=True):
        if separator == " ":
            lines[-1] = join_lines(lines[-1], text)
        else:
            lines += [""] * (len(separator) - 1) + [text]

    return "\n".join(lines)


def _rows(lines: Sequence[TextLine]) -> list[tuple[str, TextLine]]:
    """Returns the lines from the top down; what is side by side becomes one row with bars."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: -(line.top + line.bottom)):
        if rows and _is_same_row(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])

    result = []
    for row in rows:
        row.sort(key=lambda line: line.left)
        box = TextLine(
            "",
            row[0].left,
            min(line.bottom for line in row),
            max(line.right for line in row),
            max(line.top for line in row),
        )
        result.append((_row_text(row), box))

    return result


def _row_text(row: Sequence[TextLine]) -> str:
    text = row[0].text.strip()
    for line, following in pairwise(row):
        # A gap of a few letters sets a cell; a smaller one is a blank between words.
        is_cell = following.left - line.right > 1.2 * max(line.height, following.height)
        separator = " | " if is_cell and not LIST_ITEM.fullmatch(f"{text} ") else " "
        text += separator + following.text.strip()

    return text


def _is_same_row(line: TextLine, other: TextLine) -> bool:
    overlap = min(line.top, other.top) - max(line.bottom, other.bottom)
    return overlap >= ROW_SHARE * min(line.height, other.height)
