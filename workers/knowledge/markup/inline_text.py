"""The text of elements within a line: links, pictures, raised figures and marks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborNode

from workers.knowledge.formats import clean
from workers.knowledge.markup.visibility import HiddenNames, is_hidden

_SILENT = """
script style template noscript svg head iframe object embed canvas audio video select datalist input
nav del s strike rt rp colgroup map title meta link base
"""
SILENT = frozenset(_SILENT.split())
"""Elements without words of the text, and words that are struck out."""
SUPERSCRIPTS = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
SUBSCRIPTS = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
RAISED = re.compile(r"[0-9+\-=()n]{1,6}")
PERMALINK_CLASSES = (
    "headerlink",
    "anchor",
    "permalink",
    "hash-link",
    "heading-link",
    "direct-link",
)
PERMALINK_MARKS = frozenset(["¶", "#", "§", "🔗", "⚓", "↩", "↑", "^"])
FORMULA_SIGNS = {"mfrac": "/", "msup": "^", "msub": "_", "mroot": "^1/"}
_BREAKS = "br p div li tr td th dt dd ul ol table h1 h2 h3 h4 h5 h6 section hr summary"
BREAKS = frozenset(_BREAKS.split())


def is_silent(tag: str) -> bool:
    """Returns whether nothing of the element is read."""
    return tag in SILENT


def inline_text(node: LexborNode) -> str | None:
    """Returns what the element adds to its line; None where its children say it."""
    tag = node.tag
    if tag == "img":
        # The description stands in for the picture; one that is a file's name says nothing.
        text = clean(node.attributes.get("alt") or "").replace("\n", " ")
        return "" if re.fullmatch(r"\S{1,200}\.[a-z]{3,4}", text, re.IGNORECASE) else text
    if tag == "sup":
        return _raised(node, SUPERSCRIPTS)
    if tag == "sub":
        return _raised(node, SUBSCRIPTS)
    if tag == "q":
        return f"“{node.text(deep=True)}”"
    if tag == "wbr":
        return ""
    if tag == "math":
        return _formula(node)
    if tag == "a" and _is_permalink(node):
        return ""

    return None


def plain_inline(root: LexborNode, names: HiddenNames, shown_by: set[str]) -> str:
    """Returns the text of a heading or a cell on one line."""
    words: list[str] = []
    # A string on the stack is text that comes after a node's children.
    stack: list[LexborNode | str] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            words.append(node)
        elif node.is_text_node:
            words.append(node.text_content or "")
        elif node.is_element_node and not is_silent(node.tag or ""):
            is_root = node.mem_id == root.mem_id
            if is_root or not is_hidden(node.attributes, names, shown_by):
                _push_element(node, stack)

    return clean(" ".join("".join(words).split()))


def _push_element(node: LexborNode, stack: list[LexborNode | str]) -> None:
    text = inline_text(node)
    if text is not None:
        stack.append(text)
        return

    if node.tag in BREAKS:
        stack.append(" ")

    child = node.last_child
    while child is not None:
        stack.append(child)
        child = child.prev

    if node.tag in BREAKS:
        stack.append(" ")


def _raised(node: LexborNode, letters: Mapping[int, int]) -> str | None:
    """Returns a raised or lowered figure in Unicode: without it 10² would read 102."""
    text = node.text(deep=True).strip()
    if node.css_first("a") is not None:
        # The mark of a note.
        return f" [{text.strip('[]')}]" if text else ""

    return text.translate(letters) if RAISED.fullmatch(text) else None


def _formula(node: LexborNode) -> str:
    """Returns a MathML formula on one line, such as `(a + b)/2`."""
    described = node.attributes.get("alttext")
    if described:
        return described

    parts = []
    child = node.child
    while child is not None:
        if child.is_text_node:
            parts.append((child.text_content or "").strip())
        elif child.is_element_node and child.tag not in ("annotation", "annotation-xml"):
            parts.append(_formula(child))
        child = child.next

    parts = [part for part in parts if part]
    sign = FORMULA_SIGNS.get(node.tag or "")
    if sign and len(parts) == 2:
        return sign.join(f"({part})" if " " in part else part for part in parts)
    if node.tag == "msqrt":
        return f"√({' '.join(parts)})"

    return " ".join(parts)


def _is_permalink(node: LexborNode) -> bool:
    """Returns whether a link is only there to copy a heading's address, or to go back to one."""
    if node.text(deep=True).strip() in PERMALINK_MARKS:
        return True

    classes = node.attributes.get("class") or ""
    has_words = len(node.text(deep=True).strip()) > 2
    return not has_words and any(name in classes for name in PERMALINK_CLASSES)
