"""Reads Word documents: paragraphs under their headings, from the file's own XML."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

from workers.knowledge.sources import (
    Parsed,
    Section,
    SourceError,
    clean,
    first_heading,
    slug,
    without_title,
)

SUFFIXES = (".docx",)

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
MODIFIED = "{http://purl.org/dc/terms/}modified"
MAX_PART_BYTES = 64 * 1024 * 1024
"""Unpacked; more is a zip bomb, not a document."""
HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop)\s*([1-6])$", re.IGNORECASE)


def read(data: bytes, name: str) -> Parsed:
    """Returns the document. Raises SourceError when it is broken, or unpacks to far too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sections = list(_sections(part(archive, "word/document.xml", name)))
            title = ""
            changed_at = None
            # Some programs write no properties.
            if "docProps/core.xml" in archive.namelist():
                title, changed_at = _properties(part(archive, "docProps/core.xml", name))
    except (
        zipfile.BadZipFile,
        zlib.error,
        ET.ParseError,
        KeyError,
        ValueError,
        RuntimeError,
        OSError,
    ) as error:
        raise SourceError(
            f"reading {name!r}: {error}; it is no whole Word document, save it again as .docx"
        ) from error

    title = title or first_heading(sections) or name
    return Parsed(title, without_title(sections, title), changed_at)


def part(archive: zipfile.ZipFile, path: str, name: str) -> ET.Element:
    """Returns one XML member of an archive.

    Raises SourceError if it is larger than `MAX_PART_BYTES` or defines entities.
    """
    with archive.open(path) as file:
        data = file.read(MAX_PART_BYTES + 1)

    if len(data) > MAX_PART_BYTES:
        raise SourceError(
            f"reading {name!r}: {path} unpacks to over {MAX_PART_BYTES // 2**20} MB; "
            "this is no document"
        )

    # Word writes UTF-8. Another encoding could hide a definition from the next check.
    text = data.decode("utf-8")
    # A few nested entities expand to gigabytes ("billion laughs"), or name files to include.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SourceError(
            f"reading {name!r}: {path} defines entities, which a document never does; refused"
        )

    return ET.fromstring(text)  # noqa: S314  # no entity can be defined, and the size is bounded


def _sections(body: ET.Element) -> Iterator[Section]:
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    anchor = ""

    for paragraph in _paragraphs(body):
        words = clean(_words(paragraph))

        level = _level(paragraph)
        if not level or not words:
            lines.append(words)
            continue

        yield Section([heading for _, heading in path], anchor, _joined(lines))
        path = [heading for heading in path if heading[0] < level] + [(level, words)]
        anchor, lines = slug(words), []

    yield Section([heading for _, heading in path], anchor, _joined(lines))


def _paragraphs(body: ET.Element) -> Iterator[ET.Element]:
    """Yields paragraphs in reading order, in tables too, without tracked deletions."""
    for element in body:
        if element.tag == f"{WORD}p":
            yield element
        elif element.tag != f"{WORD}del":
            yield from _paragraphs(element)


def _words(paragraph: ET.Element) -> str:
    out = []
    for run in paragraph.iter(f"{WORD}r"):
        style = run.find(f"{WORD}rPr")
        if style is not None and style.find(f"{WORD}vanish") is not None:
            continue

        for piece in run:
            if piece.tag == f"{WORD}t":
                out.append(piece.text or "")
            elif piece.tag in (f"{WORD}tab", f"{WORD}br"):
                out.append(" " if piece.tag == f"{WORD}tab" else "\n")

    return "".join(out)


def _level(paragraph: ET.Element) -> int:
    """Returns 1-6 for a heading, 0 for text; a document's title counts as 1."""
    style = paragraph.find(f"{WORD}pPr/{WORD}pStyle")
    name = style.get(f"{WORD}val", "") if style is not None else ""
    found = HEADING.match(name)

    return int(found[1]) if found else int(name.casefold() == "title")


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _properties(root: ET.Element) -> tuple[str, float | None]:
    """Returns the title, and when the document was changed in unix seconds, if it says so."""
    title = clean(root.findtext(TITLE) or "").replace("\n", " ")
    modified = root.findtext(MODIFIED) or ""
    if not modified:
        return title, None

    try:
        return title, datetime.fromisoformat(modified.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return title, None
