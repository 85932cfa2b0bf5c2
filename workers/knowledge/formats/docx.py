"""Reads Word documents: what Word shows, converted to HTML, under its headings."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

import mammoth
from selectolax.lexbor import LexborHTMLParser, LexborNode

from workers.knowledge.formats import (
    Parsed,
    SourceError,
    document_title,
    first_heading,
    without_title,
)
from workers.knowledge.formats._docx_numbers import read_numbers
from workers.knowledge.formats._docx_xml import STRICT, read_styles, rename_heading_styles, rewrite
from workers.knowledge.formats._zip_parts import (
    BROKEN,
    core_properties,
    open_archive,
    parse_xml,
    read_bytes,
    xml_text,
)
from workers.knowledge.markup.html_text import fragment_sections

SUFFIXES = (".docx", ".docm")

DOCUMENT = "word/document.xml"
STYLES = "word/styles.xml"
NUMBERING = "word/numbering.xml"
TEXT_PARTS = (DOCUMENT, "word/footnotes.xml", "word/endnotes.xml")
_LEVELS = "\n".join(f"p[style-name='heading {level}'] => h{level}:fresh" for level in range(1, 7))
STYLE_MAP = f"""{_LEVELS}
p[style-name='Title'] => h1:fresh
p.Title => h1:fresh
p[style-name^='toc '] => !
p[style-name='TOC Heading'] => !
strike => del
"""
"""What the converter makes of styles: headings, and nothing of a table of contents."""
NOTE_MARK = "sup > a[href^='#footnote-'], sup > a[href^='#endnote-']"
BLOCKS = frozenset({"p", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})


def read(data: bytes, name: str, _charset: str = "") -> Parsed:
    """Returns the document. Raises SourceError when it is broken, locked or far too large."""
    try:
        with open_archive(data, name) as archive:
            title, changed_at = core_properties(archive, name)
            html = _converted(archive, name)
    except SourceError:
        raise
    except (*BROKEN, RecursionError, TypeError, AttributeError) as error:
        raise SourceError(
            f"reading {name!r}: {error}; it is no whole Word document, save it again as .docx"
        ) from error

    sections = fragment_sections(_with_notes_in_place(html))
    title = document_title(title, first_heading(sections), name)
    return Parsed(title, without_title(sections, title), changed_at)


def _converted(archive: zipfile.ZipFile, name: str) -> str:
    prepared = io.BytesIO(_prepared(archive, name))
    # A picture is its description; its bytes would only take room.
    images = mammoth.images.img_element(lambda _: {"src": ""})
    result = mammoth.convert_to_html(prepared, style_map=STYLE_MAP, convert_image=images)
    return str(result.value)


def _prepared(archive: zipfile.ZipFile, name: str) -> bytes:
    """Returns the document with its text parts rewritten, and without pictures and the like."""
    parts: dict[str, str] = {}
    for path in archive.namelist():
        if path.endswith((".xml", ".rels")) and not path.startswith(("customXml/", "docProps/")):
            text = xml_text(read_bytes(archive, path, name), name, path)
            for strict, usual in STRICT:
                text = text.replace(strict, usual)

            parts[path] = text

    if DOCUMENT not in parts:
        raise SourceError(f"reading {name!r}: it holds no {DOCUMENT}; it is no Word document")

    styles_root = parse_xml(parts[STYLES], name) if STYLES in parts else None
    numbers = read_numbers(parse_xml(parts[NUMBERING], name) if NUMBERING in parts else None)
    styles = read_styles(styles_root)
    if styles_root is not None:
        rename_heading_styles(styles_root, styles)
        parts[STYLES] = ET.tostring(styles_root, "unicode")

    for path in TEXT_PARTS:
        if path in parts:
            root = parse_xml(parts[path], name)
            rewrite(root, styles, numbers)
            parts[path] = ET.tostring(root, "unicode")

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as prepared:
        for path, text in parts.items():
            prepared.writestr(path, text)

    return out.getvalue()


def _with_notes_in_place(html: str) -> str:
    """Returns the page with each note below the paragraph that refers to it."""
    if "footnote-" not in html and "endnote-" not in html:
        return html

    tree = LexborHTMLParser(html)
    for mark in tree.css(NOTE_MARK):
        note = tree.css_first(f"li[id='{(mark.attributes.get('href') or '')[1:]}']")
        block = _outermost_block(mark)
        if note is None or block is None:
            continue

        words = note.text(deep=True).replace("↑", "").strip()
        paragraph = LexborHTMLParser("<p></p>").css_first("p")
        if paragraph is not None:
            paragraph.insert_child(f"{mark.text(deep=True).strip()} {words}")
            block.insert_after(paragraph)

        note.decompose()

    return tree.body.html or "" if tree.body is not None else html


def _outermost_block(node: LexborNode) -> LexborNode | None:
    block = None
    parent = node.parent
    while parent is not None and parent.tag != "body":
        if parent.tag in BLOCKS:
            block = parent
        parent = parent.parent

    return block
