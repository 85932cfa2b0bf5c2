"""Rewrites what wikis and site generators add to Markdown, so that it reads as their pages do."""

from __future__ import annotations

import re
from collections.abc import Iterator

FENCE = re.compile(r"[ ]{0,3}(?:>[ ]?)?(`{3,}|~{3,})")
CODE_SPAN = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{1,500})\1(?!`)")
COMMENT = re.compile(r"%%[^%]{0,9999}%%|\{/\*[^*]{0,9999}\*/\}")
EMBED = re.compile(r"!\[\[[^\[\]\n]{1,300}\]\]")
WIKI_LINK = re.compile(r"\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]\n]{1,300}))?\]\]")
SHORTCODE = re.compile(r"\{\{[<%][^{}\n]{0,500}[>%]\}\}|\{%[^{}\n]{0,500}%\}")
ATTRIBUTES = re.compile(r"[ \t]{0,9}\{:?[ ]{0,9}[#.:][^{}\n]{0,200}\}")
BLOCK_ID = re.compile(r"[ ]\^[A-Za-z0-9-]{1,60}$")
HIGHLIGHT = re.compile(r"==(?=\S)([^=\n]{1,500})(?<=\S)==")
CALLOUT = re.compile(r"^([ ]{0,3}>[ >]{0,20})\[!([A-Za-z-]{2,30})\][+-]?[ ]?(.{0,300})$")
TASK = re.compile(r"^([ \t]{0,40}(?:[-*+]|[0-9]{1,9}[.)])[ ]{1,4})\[([ xX])\](?=[ ])")
ADMONITION = re.compile(r"^[ ]{0,12}:{3,9}[ ]{0,9}(?:\{?([A-Za-z][\w-]{0,30})\}?)?(.{0,300})$")
MKDOCS = re.compile(
    r"^[ ]{0,12}(?:!!!|\?\?\?\+?)[ ]([\w -]{1,60})(?:\"([^\"\n]{0,300})\")?[ ]{0,9}$"
)
CONTENTS = re.compile(r"^\s{0,9}\[(?:\[_?toc_?\]|toc)\]\s{0,9}$", re.IGNORECASE)
EXPORT = re.compile(
    r"export const (\w{1,60})\s{0,9}=\s{0,9}[\"'`]?([^\"'`;{}\[\]()\n]{1,200})[\"'`]?;?\s{0,9}$"
)
MAX_INDENT = 4


def as_plain_markdown(text: str, *, is_mdx: bool) -> str:
    """Returns the page in plain Markdown; code stays as it is."""
    constants: dict[str, str] = {}
    lines: list[str] = []
    indented = False

    for line, is_code in _lines_outside_code(_without_comments(text, is_mdx=is_mdx)):
        if is_code:
            lines.append(line)
            continue
        if is_mdx and _is_program(line, constants):
            continue

        # The text of a MkDocs admonition is indented below its first line.
        if indented and line.strip() and not line.startswith("    "):
            indented = False
        if indented:
            line = line.removeprefix("    ")

        note = MKDOCS.match(line)
        if note is not None:
            indented = True
            lines += ["", f"**{note[2] or note[1].strip().capitalize()}**", ""]
        else:
            lines += _rewritten(line)

    return _with_constants("\n".join(lines), constants)


def heading_id(title: str) -> tuple[str, str]:
    """Returns a heading without its `{#id}`, and the id, empty without one."""
    match = re.search(r"[ \t]{0,9}\{:?[ ]{0,9}#([\w:.-]{1,100})[^{}\n]{0,200}\}[ \t]{0,9}$", title)
    return (title[: match.start()], match[1]) if match is not None else (title, "")


def _without_comments(text: str, *, is_mdx: bool) -> str:
    """Returns the text without comments, also those of several lines, that are not in code."""
    if "%%" not in text and not is_mdx:
        return text

    blocks: list[tuple[bool, list[str]]] = []
    for line, is_code in _lines_outside_code(text):
        if not blocks or blocks[-1][0] != is_code:
            blocks.append((is_code, []))

        blocks[-1][1].append(line)

    parts = []
    for is_code, lines in blocks:
        block = "\n".join(lines)
        parts.append(block if is_code else COMMENT.sub("", block))

    return "\n".join(parts)


def _lines_outside_code(text: str) -> Iterator[tuple[str, bool]]:
    """Yields each line, and whether it is in a fence of code or is one."""
    fence = ""
    for line in text.split("\n"):
        match = FENCE.match(line)
        if fence:
            yield line, True
            if match is not None and match[1].startswith(fence) and not line.strip(" >`~"):
                fence = ""
        elif match is not None:
            fence = match[1]
            yield line, True
        else:
            yield line, False


def _is_program(line: str, constants: dict[str, str]) -> bool:
    """Returns whether a line of MDX is JavaScript; simple constants are noted for their use."""
    if re.match(r"(?:import\s|export\s)", line) is None:
        return False

    constant = EXPORT.match(line)
    if constant is not None:
        constants[constant[1]] = constant[2].strip()

    return constant is not None or line.startswith("import") or "=" in line or "{" in line


def _with_constants(text: str, constants: dict[str, str]) -> str:
    for name, value in constants.items():
        text = text.replace(f"{{{name}}}", value)

    return text


def _rewritten(line: str) -> list[str]:
    callout = CALLOUT.match(line)
    if callout is not None:
        title = callout[3].strip() or callout[2].capitalize()
        return [f"{callout[1]}**{title}**", callout[1].rstrip()]

    if CONTENTS.match(line):
        return [""]

    note = ADMONITION.match(line)
    if note is not None:
        title = note[2].strip().strip("[]{}").removeprefix('title="').rstrip('"')
        name = (note[1] or "").capitalize()
        return ["", f"**{title or name}**", ""] if title or name else [""]

    return [_outside_code_spans(TASK.sub(_box, line))]


def _box(match: re.Match[str]) -> str:
    return f"{match[1]}{'☐' if match[2] == ' ' else '☑'}"


def _outside_code_spans(line: str) -> str:
    if not any(mark in line for mark in ("[[", "{", "==", " ^")):
        return line

    parts: list[str] = []
    position = 0
    for span in CODE_SPAN.finditer(line):
        parts += [_inline(line[position : span.start()]), span[0]]
        position = span.end()

    return BLOCK_ID.sub("", "".join(parts) + _inline(line[position:]))


def _inline(text: str) -> str:
    text = EMBED.sub("", text)
    text = WIKI_LINK.sub(lambda link: link[2] or link[1].replace("#", " > ").strip(" >"), text)
    text = HIGHLIGHT.sub(r"\1", SHORTCODE.sub("", text))

    # The id of a heading is read with the heading.
    return text if text.lstrip().startswith("#") else ATTRIBUTES.sub("", text)
