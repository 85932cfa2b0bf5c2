"""Finds the part of a web page that is its content, without menus, banners and footers."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

MIN_MAIN_SHARE = 0.2
"""A `main` element with less of the page's text than this share is only a part of its content."""
MAX_BOILERPLATE_CHARS = 1500
"""A longer element is text, whatever its class is called, unless it is made of links."""
MIN_LINK_SHARE = 0.5
"""The share of an element's text in links from which it is a menu."""
BOILERPLATE_ROLES = frozenset(
    {
        "navigation",
        "banner",
        "contentinfo",
        "search",
        "complementary",
        "dialog",
        "alertdialog",
        "menu",
        "menubar",
        "toolbar",
    }
)
_NAMES = """
ads advert advertisement breadcrumb breadcrumbs consent cookie cookiebar cookies footer gdpr
masthead menu nav navbar navigation newsletter onetrust pager pagination promo related share sharing
sidebar sidenav sitenav skip social subnav subscribe toc topbar
"""
BOILERPLATE_NAMES = frozenset(_NAMES.split())
"""Parts of the classes and ids that site builders give to what surrounds the text."""
WORDS = re.compile(r"[a-z]{2,40}")
MAIN = "main, [role=main]"


def remove_boilerplate(tree: LexborHTMLParser) -> LexborNode | None:
    """Returns the element with the content, after everything around it was taken out.

    Returns None for a page without a body.
    """
    body = tree.body
    if body is None:
        return None

    total = _length(body)
    for main in tree.css(MAIN):
        if _length(main) >= MIN_MAIN_SHARE * total or main.css_first("h1") is not None:
            _remove_surroundings(main, is_main=True)
            return main

    kept = body.html
    _remove_surroundings(body, is_main=False)
    # A page that is all menu, or whose classes mean something else, is read as a whole.
    if not _length(body) and kept:
        return LexborHTMLParser(kept).body

    return body


def _remove_surroundings(root: LexborNode, *, is_main: bool) -> None:
    for node in root.css("nav, header, footer, aside, [role], [class], [id]"):
        if node.tag in ("html", "body", "main", "article") or node.parent is None:
            continue
        if _is_boilerplate(node, is_main=is_main):
            node.decompose()


def _is_boilerplate(node: LexborNode, *, is_main: bool) -> bool:
    attributes = node.attributes
    role = (attributes.get("role") or "").casefold()
    if node.tag == "nav" or role in ("navigation", "search", "menu", "menubar"):
        return True
    # Generators write hints and warnings as `aside` inside the text.
    if is_main and (node.tag in ("aside", "header") or role == "complementary"):
        return False

    is_landmark = node.tag in ("footer", "header", "aside") or role in BOILERPLATE_ROLES
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".casefold()
    if not is_landmark and BOILERPLATE_NAMES.isdisjoint(WORDS.findall(names)):
        return False
    if node.css_first("h1, main, [role=main], article") is not None:
        return False

    length = _length(node)
    return length <= MAX_BOILERPLATE_CHARS or _link_length(node) >= MIN_LINK_SHARE * length


def _length(node: LexborNode) -> int:
    """Returns the letters of an element's text, without its scripts and styles."""
    length = len(node.text(deep=True).strip())
    for silent in node.css("script, style, template, noscript"):
        length -= len(silent.text(deep=True).strip())

    return max(0, length)


def _link_length(node: LexborNode) -> int:
    return sum(len(link.text(deep=True)) for link in node.css("a"))
