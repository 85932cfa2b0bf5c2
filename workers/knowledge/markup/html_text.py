"""Turns an HTML tree into sections of text: what a browser shows, under its headings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from workers.knowledge.formats import Section, dedent
from workers.knowledge.markup.html_tables import is_data_table, table_rows
from workers.knowledge.markup.inline_text import inline_text, is_silent, plain_inline
from workers.knowledge.markup.line_writer import LineWriter
from workers.knowledge.markup.visibility import HiddenNames, hidden_names, is_hidden

_PARAGRAPHS = "p section article table ul ol dl pre blockquote figure main form fieldset hr details"
PARAGRAPHS = frozenset(_PARAGRAPHS.split())
"""Elements with an empty line before and after them."""
_BLOCKS = """
div li tr dd dt header footer aside nav br address figcaption caption legend option textarea label
center thead tbody tfoot hgroup body html th td menu dir search
"""
BLOCKS = frozenset(_BLOCKS.split()) | PARAGRAPHS
"""Elements that begin a line of their own."""
HEADING = re.compile("h[1-6]")
LISTS = frozenset({"ul", "ol", "menu", "dir"})
QUESTION_LEVEL = 7
"""Below every heading: the questions of an FAQ that are buttons or summaries."""
MIN_BUTTON_WORDS = 3
"""A button with fewer words is something to press, not to read."""


def page_sections(root: LexborNode, tree: LexborHTMLParser) -> list[Section]:
    """Returns the text under each heading of an element, in order; the first may have none."""
    names = hidden_names(sheet.text(deep=True) for sheet in tree.css("style"))
    page = _Page(names, _opened_by_buttons(tree))
    page.read(root)
    return page.sections


def fragment_sections(html: str) -> list[Section]:
    """Returns the sections of a piece of HTML that is content as a whole."""
    tree = LexborHTMLParser(html)
    return page_sections(tree.body, tree) if tree.body is not None else []


class _Page:
    """Walks the tree in document order, without recursion: pages may be nested without end."""

    def __init__(self, names: HiddenNames, shown_by: set[str]) -> None:
        self.sections: list[Section] = []
        self._names = names
        self._shown_by = shown_by
        self._lines = LineWriter()
        self._path: list[tuple[int, str]] = []
        self._anchor = ""
        self._lists: list[tuple[str, int]] = []
        self._details: list[int] = []

    def read(self, root: LexborNode) -> None:
        """Reads the element and everything in it."""
        stack: list[tuple[LexborNode, bool]] = [(root, False)]
        while stack:
            node, is_end = stack.pop()
            if is_end:
                self._end(node)
            elif node.is_text_node:
                self._lines.add(node.text_content or "")
            elif node.is_element_node and self._begin(node):
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(list(_children(node))))

        self._end_section()

    def _begin(self, node: LexborNode) -> bool:
        """Returns whether the children are read too; what is read as a whole is added here."""
        tag = node.tag or ""
        if is_silent(tag) or is_hidden(node.attributes, self._names, self._shown_by):
            return False

        if HEADING.fullmatch(tag) or node.attributes.get("role") == "heading" or tag == "summary":
            return self._begin_heading(node)
        if tag == "button":
            return self._begin_button(node)

        if tag == "pre":
            self._lines.add_code(dedent(node.text(deep=True)))
            return False
        if tag == "table" and is_data_table(node):
            self._add_table(node)
            return False
        if tag in BLOCKS:
            self._begin_block(node, tag)
            return True

        # Bold words, links and pictures: what they add to the line.
        words = inline_text(node)
        if words is not None:
            self._lines.add(words)

        return words is None

    def _begin_block(self, node: LexborNode, tag: str) -> None:
        if tag in PARAGRAPHS and not (tag in LISTS and self._lists) and not self._is_in_item(node):
            self._lines.end_paragraph()
        else:
            self._lines.end_line()

        if tag in LISTS:
            self._lists.append((tag, _integer(node.attributes.get("start"), 1)))
        elif tag == "li":
            self._begin_item(node)
        elif tag == "details":
            self._details.append(len(self._path))

    def _begin_item(self, node: LexborNode) -> None:
        kind, number = self._lists[-1] if self._lists else ("ul", 1)
        mark = "- "
        if kind == "ol":
            number = _integer(node.attributes.get("value"), number)
            self._lists[-1] = (kind, number + 1)
            mark = f"{number}. "

        self._lines.begin_item(mark, max(0, len(self._lists) - 1))

    def _end(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "li":
            self._lines.end_item(max(0, len(self._lists) - 1))
        elif tag in LISTS and self._lists:
            self._lists.pop()
            self._lines.end_item(len(self._lists))
        elif tag == "details" and self._details:
            # What follows a folded answer belongs to the heading around it.
            depth = self._details.pop()
            if len(self._path) > depth:
                self._end_section()
                self._path = self._path[:depth]

        if tag in PARAGRAPHS and not self._lists:
            self._lines.end_paragraph()
        elif tag in BLOCKS:
            self._lines.end_line()

    def _begin_heading(self, node: LexborNode) -> bool:
        title = plain_inline(node, self._names, self._shown_by)
        if not title:
            # A heading may hold nothing but blocks, or a picture without words.
            return False

        tag = node.tag or ""
        if HEADING.fullmatch(tag):
            level = int(tag[1])
        elif tag == "summary":
            level = QUESTION_LEVEL + len(self._details)
        else:
            level = _integer(node.attributes.get("aria-level"), 2)

        self._end_section()
        self._path = [heading for heading in self._path if heading[0] < level] + [(level, title)]
        self._anchor = _anchor(node)
        return False

    def _begin_button(self, node: LexborNode) -> bool:
        title = plain_inline(node, self._names, self._shown_by)
        attributes = node.attributes
        classes = (attributes.get("class") or "").casefold()
        opens = "aria-expanded" in attributes or "accordion" in classes or "collaps" in classes

        if title and opens:
            self._end_section()
            level = QUESTION_LEVEL
            self._path = [part for part in self._path if part[0] < level] + [(level, title)]
            self._anchor = _anchor(node)
        elif len(title.split()) >= MIN_BUTTON_WORDS:
            self._lines.add_line(title)

        return False

    def _add_table(self, node: LexborNode) -> None:
        self._lines.end_paragraph()
        for row in table_rows(node, lambda cell: plain_inline(cell, self._names, self._shown_by)):
            self._lines.add_line(row)

        self._lines.end_paragraph()

    def _end_section(self) -> None:
        text = self._lines.take()
        self.sections.append(Section([title for _, title in self._path], self._anchor, text))

    def _is_in_item(self, node: LexborNode) -> bool:
        """Returns whether the block is the first of a list item, whose mark stands before it."""
        parent = node.parent
        return bool(self._lists) and parent is not None and parent.tag in ("li", "dd")


def _children(node: LexborNode) -> Iterable[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _anchor(node: LexborNode) -> str:
    """Returns the id that a link needs to open the page here: the heading's, or its section's."""
    own = node.attributes.get("id")
    if own:
        return own

    for inner in node.css("[id], a[name]"):
        found = inner.attributes.get("id") or inner.attributes.get("name")
        if found:
            return found

    parent = node.parent
    if parent is not None and parent.tag in ("section", "article", "div", "details", "hgroup"):
        first = next((child for child in _children(parent) if child.is_element_node), None)
        # Only where the section begins with this heading.
        if first is not None and first.mem_id == node.mem_id:
            return parent.attributes.get("id") or ""

    return ""


def _opened_by_buttons(tree: LexborHTMLParser) -> set[str]:
    opened = set()
    for node in tree.css("[aria-controls], [data-bs-target], [data-target]"):
        for name in ("aria-controls", "data-bs-target", "data-target"):
            opened.update((node.attributes.get(name) or "").replace("#", "").split())

    return opened


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,6}", text) else default
