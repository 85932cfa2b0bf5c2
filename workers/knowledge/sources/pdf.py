"""Reads PDF: a section for each page; scanned pages have no text."""

from __future__ import annotations

import io
import logging
from typing import Any

from workers.knowledge.sources import Parsed, Section, SourceError, clean

SUFFIXES = (".pdf",)

MAX_PAGES = 2000
MAX_CHARACTERS = 20_000_000


def read(data: bytes, name: str) -> Parsed:
    """Returns the document, one section a page.

    Raises SourceError when it is broken, locked, or unpacks to far too much.
    """
    if b"%PDF-" not in data[:1024]:
        raise SourceError(
            f"reading {name!r}: it does not begin like a PDF; give it its right suffix"
        )

    try:
        import pypdf
    except ModuleNotFoundError as error:
        raise SourceError(
            f"reading {name!r}: the package pypdf is not installed; install it to read PDF"
        ) from error

    # The reader warns about each odd byte that it works around, and raises what it cannot.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        return _parsed(pypdf.PdfReader(io.BytesIO(data)), name)
    except SourceError:
        raise
    except Exception as error:  # a damaged file can make the reader fail in any way
        raise SourceError(
            f"reading {name!r}: {type(error).__name__}; the PDF is damaged, print it again"
        ) from error


def _parsed(reader: Any, name: str) -> Parsed:
    # Many PDFs are encrypted with an empty password, only to restrict printing.
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceError(f"reading {name!r}: it is locked with a password; save it without one")

    if len(reader.pages) > MAX_PAGES:
        raise SourceError(
            f"reading {name!r}: {len(reader.pages)} pages; at most {MAX_PAGES} are read, split it"
        )

    sections, size = [], 0
    for number, page in enumerate(reader.pages, 1):
        text = clean(page.extract_text())
        # Counted while reading: a small file can unpack to gigabytes.
        size += len(text)

        if size > MAX_CHARACTERS:
            raise SourceError(
                f"reading {name!r}: it unpacks to over {MAX_CHARACTERS} letters; "
                "this is no document"
            )

        if text:
            sections.append(Section((f"Page {number}",), f"page={number}", text))

    title = ""
    changed_at = None
    metadata = reader.metadata
    if metadata:
        title = clean(str(metadata.title or "")).replace("\n", " ")
        modified = metadata.modification_date
        changed_at = modified.timestamp() if modified else None

    return Parsed(title or name, sections, changed_at)
