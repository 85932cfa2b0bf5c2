"""Reads HTML as a browser shows it: the words of a page under its headings."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from workers.knowledge.formats import (
    Parsed,
    SourceError,
    clean,
    first_heading,
    without_title,
)
from workers.knowledge.formats._encoding import decode_html
from workers.knowledge.markup.html_text import page_sections
from workers.knowledge.markup.main_content import remove_boilerplate

SUFFIXES = (".html", ".htm", ".xhtml")
MAX_SIGN_IN_CHARS = 600
"""A page with a password field and less text than this asks people to sign in."""
SITE_SEPARATORS = (" | ", " - ", " – ", " — ", " · ", " :: ")


def read(data: bytes, name: str, charset: str = "") -> Parsed:
    """Returns the page; `charset` is the label in its HTTP header.

    Raises SourceError when its encoding is unknown, or when it is a page to sign in.
    """
    tree = LexborHTMLParser(decode_html(data, name, charset))
    title = _title(tree)
    needs_sign_in = tree.css_first("input[type=password]") is not None

    content = remove_boilerplate(tree)
    sections = page_sections(content, tree) if content is not None else []
    if needs_sign_in and sum(len(section.text) for section in sections) < MAX_SIGN_IN_CHARS:
        raise SourceError(f"reading {name!r}: it is a page to sign in; save the page behind it")

    heading = first_heading(sections)
    title = _without_site(title, heading) or heading or name
    return Parsed(title, without_title(sections, title))


def _title(tree: LexborHTMLParser) -> str:
    """Returns the document's own title; pictures in it (SVG) have titles of their own."""
    for node in tree.css("title"):
        parent = node.parent
        if parent is not None and parent.tag in ("head", "body"):
            return clean(node.text(deep=True)).replace("\n", " ")

    return ""


def _without_site(title: str, heading: str) -> str:
    """Returns the title without the site's name after it, if the page's heading is the rest."""
    for separator in SITE_SEPARATORS:
        parts = title.split(separator)
        if len(parts) > 1 and parts[0].strip().casefold() == heading.casefold():
            return parts[0].strip()

    return " ".join(title.split())
