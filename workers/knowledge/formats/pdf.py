"""Reads PDF: a section for each page, in reading order; pages that are pictures are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from workers.knowledge.formats import Parsed, Section, SourceError, clean, document_title
from workers.knowledge.formats._pdf_layout import (
    PageLines,
    TextLine,
    page_text,
    rejoin_pages,
    without_running_heads,
)

SUFFIXES = (".pdf",)

MAX_PAGES = 2000
MAX_CHARACTERS = 20_000_000
MAX_PAGE_CHARACTERS = 200_000
MAX_TITLE_CHARS = 120
HYPHENS = str.maketrans("\x02\ufffe", "--")
"""What PDFium writes for a hyphen at the end of a line, with no break after it."""
RUN = re.compile("[^\r\n\x02\ufffe]+[\x02\ufffe]?")
CELL_GAP = 1.5
"""Letter heights between two words from which they are in two cells, or two columns."""
DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:([+-])(\d{2})'?(\d{2})?)?")
DATE_STARTS = ("1970", "1", "1", "0", "0", "0")
PLACEHOLDER = re.compile(r"\A\s{0,99}please wait\.{3}\s", re.IGNORECASE)
"""How the page begins that Adobe's forms (XFA) show to every other program."""
PICTURE = "it is a picture of text; have the text recognised (OCR) and save it with the PDF"
PASSWORD_NEEDED = 4


def read(data: bytes, name: str, _charset: str = "") -> Parsed:
    """Returns the document, one section a page.

    Raises SourceError when it is broken, locked, or unpacks to far too much.
    """
    start = data[:1_000_000].find(b"%PDF-")
    if start < 0:
        found = "a web page, perhaps one to sign in" if _is_web_page(data) else "no PDF"
        raise SourceError(
            f"reading {name!r}: it is {found}; save the document itself, "
            "or give it its right suffix"
        )

    # Importing it starts a library of native code, so only who reads a PDF pays for it.
    import pypdfium2

    try:
        # Some servers put their headers in front; addresses in the file count from its own start.
        document = pypdfium2.PdfDocument(data[start:])
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == PASSWORD_NEEDED
        reason = (
            "it is locked with a password; save it without one"
            if locked
            else "the PDF is damaged or cut off; print it again"
        )
        raise SourceError(f"reading {name!r}: {reason}") from error

    return _parsed(document, name)


def _is_web_page(data: bytes) -> bool:
    return data.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<head", b"<body"))


def _parsed(document: Any, name: str) -> Parsed:
    if len(document) > MAX_PAGES:
        raise SourceError(
            f"reading {name!r}: {len(document)} pages; at most {MAX_PAGES} are read, split it"
        )

    pages: list[PageLines] = []
    left_out = []
    size = 0
    for number in range(len(document)):
        page = _page_lines(document, number)
        size += sum(len(line.text) for line in page.lines)
        if size > MAX_CHARACTERS:
            raise SourceError(
                f"reading {name!r}: it unpacks to over {MAX_CHARACTERS} letters; "
                "this is no document"
            )

        pages.append(page)

    texts = rejoin_pages([clean(page_text(page)) for page in without_running_heads(pages)])
    sections = []
    for number, text in enumerate(texts, 1):
        if PLACEHOLDER.match(text) and len(document) == 1:
            raise SourceError(
                f"reading {name!r}: it is a form that only Adobe Reader shows; "
                "print it to PDF there"
            )

        if text:
            sections.append(Section((f"Page {number}",), f"page={number}", text))
        elif not pages[number - 1].lines and _has_picture(document, number - 1):
            left_out.append((f"page {number}", PICTURE))

    metadata = document.get_metadata_dict()
    title = document_title(metadata.get("Title", ""), _first_line(pages), name)
    return Parsed(title, sections, _date(metadata.get("ModDate", "")), tuple(left_out))


def _page_lines(document: Any, number: int) -> PageLines:
    page = document[number]
    text_page = page.get_textpage()
    try:
        width, height = page.get_size()
        lines = list(_lines(text_page))
    finally:
        text_page.close()
        page.close()

    return PageLines(lines, width, height)


def _lines(text_page: Any) -> Iterator[TextLine]:
    """Yields the runs of text that are on one line, cut where a wide gap is."""
    count = min(text_page.count_chars(), MAX_PAGE_CHARACTERS)
    if count <= 0:
        return

    text = text_page.get_text_range(0, count)
    # Characters outside Unicode's first plane count twice there; then the boxes would not fit.
    text = text if len(text) == count else "".join(_characters(text_page, count))

    for match in RUN.finditer(text):
        start = match.start()
        for place in range(match.start() + 1, match.end()):
            if text[place - 1] == " " and _is_wide_gap(text_page, text, place, match.end()):
                yield from _line(text_page, text, start, place - 1)
                start = place

        yield from _line(text_page, text, start, match.end())


def _characters(text_page: Any, count: int) -> Iterator[str]:
    from pypdfium2 import raw

    for index in range(count):
        code = raw.FPDFText_GetUnicode(text_page, index)
        yield chr(code) if 0 < code < 0x110000 else " "


def _is_wide_gap(text_page: Any, text: str, place: int, end: int) -> bool:
    before = place - 2
    if before < 0 or place >= end or text[place].isspace() or text[before].isspace():
        return False

    left = text_page.get_charbox(before)
    right = text_page.get_charbox(place)
    height = max(1.0, left[3] - left[1], right[3] - right[1])
    return bool(right[0] - left[2] > CELL_GAP * height)


def _line(text_page: Any, text: str, start: int, end: int) -> Iterator[TextLine]:
    words = text[start:end].translate(HYPHENS)
    if not words.strip():
        return

    boxes = []
    for index in (start, (start + end) // 2, end - 1):
        if not text[index].isspace():
            boxes.append(text_page.get_charbox(index, loose=True))
    if not boxes:
        boxes = [text_page.get_charbox(start, loose=True)]

    yield TextLine(
        words.strip(),
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _has_picture(document: Any, number: int) -> bool:
    from pypdfium2 import raw

    pictures = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM)
    page = document[number]
    try:
        for index in range(raw.FPDFPage_CountObjects(page)):
            if raw.FPDFPageObj_GetType(raw.FPDFPage_GetObject(page, index)) in pictures:
                return True
    finally:
        page.close()

    return False


def _first_line(pages: list[PageLines]) -> str:
    """Returns the largest line at the top of the first page, where it looks like a title."""
    lines = pages[0].lines[:8] if pages else ()
    if len(lines) < 2:
        return ""

    top = max(lines, key=lambda line: line.height)
    is_larger = top.height > 1.15 * min(line.height for line in lines)
    is_short = 2 < len(top.text) <= MAX_TITLE_CHARS
    return clean(top.text) if is_larger and is_short else ""


def _date(text: str) -> float | None:
    match = DATE.match(text)
    if match is None:
        return None

    # A date may end after any of its parts.
    parts = [
        int(part or default) for part, default in zip(match.groups(), DATE_STARTS, strict=False)
    ]
    offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
    zone = timezone(-offset if match[7] == "-" else offset) if match[7] else UTC
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp()
    except ValueError:
        return None
