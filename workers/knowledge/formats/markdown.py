"""Reads Markdown as its page looks: rendered to HTML, which the reader of HTML turns into text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from workers.knowledge.formats import Parsed, clean, first_heading, slug, without_title
from workers.knowledge.formats._encoding import decode
from workers.knowledge.markup.dialects import as_plain_markdown, heading_id
from workers.knowledge.markup.front_matter import changed_at, split_front_matter
from workers.knowledge.markup.html_text import fragment_sections

SUFFIXES = (".md", ".markdown", ".mdx")


def read(data: bytes, name: str, charset: str = "") -> Parsed:
    """Returns the page; its title is the front matter's, its first heading's, or `name`."""
    fields, text = split_front_matter(decode(data, name, charset))
    is_mdx = PurePosixPath(name).suffix.casefold() == ".mdx"

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(as_plain_markdown(text, is_mdx=is_mdx))
    _set_heading_ids(tokens)

    sections = fragment_sections(str(parser.renderer.render(tokens, parser.options, {})))
    title = clean(str(fields.get("title") or "")).replace("\n", " ")
    title = title or first_heading(sections) or name
    return Parsed(title, without_title(sections, title), changed_at(fields))


def _set_heading_ids(tokens: Sequence[Token]) -> None:
    """Gives each heading the id that site generators give it: its own `{#id}`, or its words."""
    counts: dict[str, int] = {}
    for position, token in enumerate(tokens):
        if token.type != "heading_open":
            continue

        inline = tokens[position + 1]
        own = ""
        if inline.children and inline.children[-1].type == "text":
            last = inline.children[-1]
            last.content, own = heading_id(last.content)

        anchor = own or slug(_words(inline))
        # A repeated heading gets a number in its link: `#setup`, `#setup-1`, …
        counts[anchor] = counts.get(anchor, -1) + 1
        token.attrSet("id", anchor + (f"-{counts[anchor]}" if counts[anchor] else ""))


def _words(inline: Token) -> str:
    words = [child.content for child in inline.children or () if child.type != "html_inline"]
    return "".join(words)
