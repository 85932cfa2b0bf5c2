"""Reads parts of a zipped document (Word, EPUB), within limits that no honest file reaches."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import datetime
from xml.etree import ElementTree as ET

from workers.knowledge.formats import SourceError, clean

MAX_PART_BYTES = 64 * 1024 * 1024
"""Unpacked; more is a zip bomb, not a document."""
MAX_ARCHIVE_BYTES = 256 * 1024 * 1024
"""What the archive says that all its parts together unpack to."""
MAX_PARTS = 20_000
MAX_DEPTH = 400
"""Elements inside each other; Word itself nests less than a hundred."""
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
MODIFIED = "{http://purl.org/dc/terms/}modified"
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ET.ParseError,
    KeyError,
    IndexError,
    ValueError,
    RuntimeError,
    OSError,
    EOFError,
    NotImplementedError,
)
"""What a damaged archive raises, from the unpacking to the XML in it."""


def open_archive(data: bytes, name: str) -> zipfile.ZipFile:
    """Returns the archive. Raises SourceError for none, for a locked one, and for a zip bomb."""
    if data.startswith(OLE_MAGIC):
        raise SourceError(
            f"reading {name!r}: it is locked with a password, or in the format before 2007; "
            "save it without one, in today's format"
        )

    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except BROKEN as error:
        raise SourceError(
            f"reading {name!r}: {error}; the file is damaged or cut off, save it again"
        ) from error

    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_ARCHIVE_BYTES:
        raise SourceError(
            f"reading {name!r}: it unpacks to over {MAX_ARCHIVE_BYTES // 2**20} MB or "
            f"{MAX_PARTS} parts; this is no document"
        )

    return archive


def read_bytes(archive: zipfile.ZipFile, path: str, name: str) -> bytes:
    """Returns one part. Raises SourceError if it is larger than `MAX_PART_BYTES`."""
    with archive.open(path) as file:
        # What the archive says about the size may be a lie.
        data = file.read(MAX_PART_BYTES + 1)

    if len(data) > MAX_PART_BYTES:
        raise SourceError(
            f"reading {name!r}: {path} unpacks to over {MAX_PART_BYTES // 2**20} MB; "
            "this is no document"
        )

    return data


def xml_text(data: bytes, name: str, path: str) -> str:
    """Returns XML as text. Raises SourceError if it defines entities."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = data.decode(encoding)
    # A few nested entities expand to gigabytes ("billion laughs"), or name files to include.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SourceError(
            f"reading {name!r}: {path} defines entities, which a document never does; refused"
        )

    return re.sub(r"\A\s{0,99}<\?xml[^>]{0,199}\?>", "", text)


def parse_xml(text: str, name: str) -> ET.Element:
    """Returns the root element.

    Raises SourceError if elements are nested without end, ParseError for what is no XML.
    """
    parser = ET.XMLPullParser(("start", "end"))
    depth = 0
    parser.feed(text)

    for event in parser.read_events():
        depth += 1 if event[0] == "start" else -1
        if depth > MAX_DEPTH:
            raise SourceError(
                f"reading {name!r}: over {MAX_DEPTH} elements are inside each other; "
                "no document is written so, save it again"
            )

    parser.close()
    return ET.fromstring(text)  # noqa: S314  # no entity can be defined, and the size is bounded


def read_xml(archive: zipfile.ZipFile, path: str, name: str) -> ET.Element:
    """Returns one XML part of the archive."""
    return parse_xml(xml_text(read_bytes(archive, path, name), name, path), name)


def core_properties(archive: zipfile.ZipFile, name: str) -> tuple[str, float | None]:
    """Returns a document's title, and when it was changed in unix seconds, if it says so."""
    if "docProps/core.xml" not in archive.namelist():
        return "", None

    root = read_xml(archive, "docProps/core.xml", name)
    title = clean(root.findtext(TITLE) or "").replace("\n", " ")
    try:
        changed = datetime.fromisoformat((root.findtext(MODIFIED) or "").replace("Z", "+00:00"))
    except ValueError:
        return title, None

    return title, changed.timestamp()
