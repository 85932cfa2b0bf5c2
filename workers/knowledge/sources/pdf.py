"""PDF: the text of each page under its number; scanned pages hold none."""

from __future__ import annotations

import io
import logging
from typing import Any

from workers.knowledge.sources import Parsed, Section, SourceError, clean

SUFFIXES = (".pdf",)

MOST_PAGES = 2000
MOST_CHARACTERS = 20_000_000


def read(data: bytes, name: str) -> Parsed:
    """The document, one section a page. Raises SourceError when it is broken, locked or a bomb."""
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

    # The reader complains of every odd byte it works around; what it cannot work around it raises.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        return _parsed(pypdf.PdfReader(io.BytesIO(data)), name)
    except SourceError:
        raise
    except Exception as error:  # a damaged file makes the reader fail in any way there is
        raise SourceError(
            f"reading {name!r}: {type(error).__name__}; the PDF is damaged, print it anew"
        ) from error


def _parsed(reader: Any, name: str) -> Parsed:
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceError(f"reading {name!r}: it is locked with a password; save it without one")

    if len(reader.pages) > MOST_PAGES:
        raise SourceError(
            f"reading {name!r}: {len(reader.pages)} pages; at most {MOST_PAGES} are read, split it"
        )

    sections, size = [], 0
    for number, page in enumerate(reader.pages, 1):
        text = clean(page.extract_text())
        size += len(text)

        if size > MOST_CHARACTERS:
            raise SourceError(
                f"reading {name!r}: it unpacks to over {MOST_CHARACTERS} letters; this is no document"
            )

        if text:
            sections.append(Section((f"Page {number}",), f"page={number}", text))

    about = reader.metadata
    title = clean(str(about.title)) if about and about.title else name
    changed = about.modification_date if about else None

    return Parsed(
        title.replace("\n", " ") or name, sections, changed.timestamp() if changed else None
    )
