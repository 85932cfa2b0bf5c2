"""Reads e-books (EPUB): their chapters in order, each through the reader of HTML."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from workers.knowledge.formats import (
    Parsed,
    Section,
    SourceError,
    clean,
    document_title,
    first_heading,
    without_title,
)
from workers.knowledge.formats._encoding import decode_html
from workers.knowledge.formats._zip_parts import BROKEN, open_archive, read_bytes, read_xml
from workers.knowledge.markup.html_text import fragment_sections

SUFFIXES = (".epub",)
CONTAINER = "META-INF/container.xml"
MAX_CHAPTERS = 2000


def read(data: bytes, name: str, _charset: str = "") -> Parsed:
    """Returns the book. Raises SourceError when it is broken, protected or far too large."""
    try:
        with open_archive(data, name) as archive:
            _check_rights(archive, name)
            root, folder = _package(archive, name)
            sections = list(_chapters(archive, root, folder, name))
    except SourceError:
        raise
    except BROKEN as error:
        raise SourceError(f"reading {name!r}: {error}; it is no whole e-book") from error

    title = next((clean(element.text or "") for element in _each(root, "title")), "")
    title = document_title(title, first_heading(sections), name)
    return Parsed(title, without_title(sections, title))


def _check_rights(archive: zipfile.ZipFile, name: str) -> None:
    if "META-INF/rights.xml" in archive.namelist():
        raise SourceError(
            f"reading {name!r}: it is protected against copying; use a copy without protection"
        )


def _package(archive: zipfile.ZipFile, name: str) -> tuple[ET.Element, str]:
    container = read_xml(archive, CONTAINER, name)
    for file in _each(container, "rootfile"):
        path = file.get("full-path", "")
        return read_xml(archive, path, name), posixpath.dirname(path)

    raise SourceError(f"reading {name!r}: its {CONTAINER} names no book; it is no e-book")


def _chapters(
    archive: zipfile.ZipFile, root: ET.Element, folder: str, name: str
) -> Iterator[Section]:
    paths = {item.get("id"): unquote(item.get("href", "")) for item in _each(root, "item")}
    contents = {
        item.get("id") for item in _each(root, "item") if "nav" in item.get("properties", "")
    }

    for place in list(_each(root, "itemref"))[:MAX_CHAPTERS]:
        key = place.get("idref")
        if key not in paths or key in contents or place.get("linear") == "no":
            continue

        path = posixpath.normpath(posixpath.join(folder, paths[key]))
        if path in archive.namelist():
            # An anchor of a chapter leads nowhere from the book's own address.
            for section in fragment_sections(decode_html(read_bytes(archive, path, name), name)):
                yield Section(section.headings, "", section.text)


def _each(root: ET.Element, name: str) -> Iterator[ET.Element]:
    """Yields the elements of that name in any namespace."""
    for element in root.iter():
        if element.tag.rsplit("}", 1)[-1] == name:
            yield element
