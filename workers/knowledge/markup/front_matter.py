"""Splits the front matter off a Markdown page: YAML, TOML or JSON."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, date, datetime
from typing import Any

from router.text.strict_yaml import load_yaml

MAX_CHARS = 100_000
FENCES = {"---": ("---", "..."), "+++": ("+++",), ";;;": (";;;",)}
"""What begins a front matter (YAML, TOML, JSON), and what ends it."""
FIELD = re.compile(
    r"(title|date|updated|lastmod|last_update|slug)[ \t]{0,9}[:=][ \t]{0,9}([\"']?[^\W_].{0,500})",
    re.I,
)


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Returns the fields at the head of the page, and the page without them.

    Fields that break the rules of their language are still read, line by line, if they are simple.
    """
    fence = text[:3]
    if text.startswith("{"):
        return _split_json(text)
    if fence not in FENCES or text[3:].split("\n", 1)[0].strip():
        return {}, text

    position = text.find("\n") + 1
    start = position
    while 0 < position <= MAX_CHARS:
        end = text.find("\n", position)
        line = text[position : end if end >= 0 else None]
        if line.rstrip() in FENCES[fence]:
            rest = text[end + 1 :] if end >= 0 else ""
            return _fields(fence, text[start:position]), rest

        position = end + 1

    return {}, text


def changed_at(fields: dict[str, Any]) -> float | None:
    """Returns when the page says that it was changed, in unix seconds."""
    for name in ("updated", "lastmod", "last_update", "date"):
        value = fields.get(name)
        if isinstance(value, dict):
            value = value.get("date")
        if isinstance(value, str):
            value = _parsed_date(value)

        if isinstance(value, datetime):
            return value.replace(tzinfo=value.tzinfo or UTC).timestamp()
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()

    return None


def _split_json(text: str) -> tuple[dict[str, Any], str]:
    try:
        fields, end = json.JSONDecoder().raw_decode(text[:MAX_CHARS])
    except (ValueError, RecursionError):
        return {}, text

    # A brace may also begin a page's text.
    rest = text[end:]
    if not isinstance(fields, dict) or (rest.strip() and not rest.startswith("\n")):
        return {}, text

    return fields, rest.lstrip("\n")


def _fields(fence: str, block: str) -> dict[str, Any]:
    fields: Any = None
    try:
        if fence == "---":
            fields = load_yaml(block, dates=True)
        elif fence == "+++":
            fields = tomllib.loads(block)
        else:
            fields = json.loads(block if block.lstrip().startswith("{") else f"{{{block}}}")
    except (ValueError, RecursionError):
        # A page whose front matter is broken is still a page.
        fields = None

    return fields if isinstance(fields, dict) else _simple_fields(block)


def _simple_fields(block: str) -> dict[str, Any]:
    """Returns the fields that are one line each, as they are written."""
    fields: dict[str, Any] = {}
    for line in block.split("\n"):
        match = FIELD.match(line)
        if match is not None:
            fields.setdefault(match[1].casefold(), match[2].strip().strip("\"'"))

    return fields


def _parsed_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
