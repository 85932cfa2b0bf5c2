"""Reads reStructuredText: a section for each heading, without directives and roles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workers.knowledge.formats import (
    Parsed,
    Section,
    clean,
    clean_code,
    first_heading,
    slug,
    without_title,
)
from workers.knowledge.formats._encoding import decode
from workers.knowledge.formats._paragraphs import join_wrapped_lines

SUFFIXES = (".rst",)
RULE = re.compile(r"([=\-`:.'\"~^_*+#<>])\1{2,}\s{0,9}")
ROLE = re.compile(r":[\w+:.-]{1,40}:`([^`\n]{1,300})`")
LINK = re.compile(r"`([^`<\n]{1,300}?)\s{0,9}(?:<[^`\n]{1,300}>)?`_{0,2}")
DIRECTIVE = re.compile(r"\s{0,40}\.\.\s+(?:([\w-]{1,40})::\s{0,9}(.{0,300}))?")
OPTION = re.compile(r"\s{1,40}:[\w-]{1,40}:")
SPOKEN = frozenset(
    ["note", "tip", "hint", "important", "warning", "caution", "danger", "attention", "seealso"]
)
SHOWN = frozenset(
    ["code", "code-block", "parsed-literal", "topic", "sidebar", "admonition", "rubric"]
)


def read(data: bytes, name: str, charset: str = "") -> Parsed:
    """Returns the page. Raises SourceError when the bytes are not text."""
    lines = clean_code(decode(data, name, charset)).split("\n")
    sections = list(_sections(list(_headings(lines))))
    title = first_heading(sections) or name
    return Parsed(title, without_title(sections, title))


def _headings(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yields each line with the mark of its heading, empty for text."""
    place = 0
    while place < len(lines):
        line = lines[place]
        below = lines[place + 1] if place + 1 < len(lines) else ""
        after = lines[place + 2] if place + 2 < len(lines) else ""
        is_rule = RULE.fullmatch(line) is not None

        if is_rule and below.strip() and RULE.fullmatch(after):
            yield below.strip(), line[0] * 2
            place += 3
        elif line.strip() and not is_rule and RULE.fullmatch(below) and len(below) >= len(line):
            yield line.strip(), below[0]
            place += 2
        else:
            yield ("" if is_rule else line), ""
            place += 1


def _sections(lines: list[tuple[str, str]]) -> Iterator[Section]:
    levels: list[str] = []
    path: list[tuple[int, str]] = []
    words: list[str] = []
    anchor = ""

    for line, mark in lines:
        if not mark:
            words.append(line)
            continue

        yield Section([title for _, title in path], anchor, _text(words))
        if mark not in levels:
            levels.append(mark)

        level = levels.index(mark)
        title = clean(_inline(line))
        path = [heading for heading in path if heading[0] < level] + [(level, title)]
        anchor, words = slug(title), []

    yield Section([title for _, title in path], anchor, _text(words))


def _text(lines: list[str]) -> str:
    result = []
    is_skipped = False

    for line in lines:
        directive = DIRECTIVE.match(line)
        if directive is not None:
            kind = (directive[1] or "").casefold()
            # Comments, labels, pictures and lists of contents say nothing.
            is_skipped = kind not in SPOKEN | SHOWN
            if kind in SPOKEN:
                result.append(f"{kind.capitalize()}: {directive[2]}".strip())
            elif kind == "image" or kind == "figure":
                result.append("")
        elif line.strip() and not line[0].isspace():
            is_skipped = False
            result.append(re.sub(r"::$", ":", line))
        elif not is_skipped and not OPTION.match(line):
            result.append(line)

    return join_wrapped_lines(_inline("\n".join(result))).strip()


def _inline(text: str) -> str:
    text = ROLE.sub(lambda role: role[1].split("<")[0].strip(), text)
    text = LINK.sub(r"\1", text)
    return re.sub(r"(\*{1,2}|`{1,2})(?=\S)([^*`\n]{1,300})(?<=\S)\1", r"\2", text)
