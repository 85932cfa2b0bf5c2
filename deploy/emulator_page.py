#!/usr/bin/env python3
"""Writes the tables of docs/slack-emulator.md from the emulator's own tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from bot.sandbox.behaviours import BEHAVIOURS, Behaviour
from bot.sandbox.block_kit.rules import BLOCK_KINDS, LIMITS, REFERENCE, Limit
from bot.sandbox.web_api import METHODS
from bot.sandbox.web_api.call import Method

PAGE = Path(__file__).resolve().parents[1] / "docs" / "slack-emulator.md"
START, END = "<!-- tables: written by `make docs` -->", "<!-- end of tables -->"
METHOD_PAGES = "https://docs.slack.dev/reference/methods/"


def page(text: str) -> str:
    """Returns the page with its tables as they are now."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{tables()}\n\n{END}{after}"


def tables() -> str:
    """Returns the tables in Markdown."""
    lines = ["## Behaviour", *_behaviour_lines()]
    lines += ["", "## Blocks", "", *_kind_lines()]
    lines += ["", "## Limits of blocks, elements, views and arguments", "", *_limit_lines()]
    lines += ["", "## Rate limits of methods", "", *_method_lines()]
    return "\n".join(lines)


def _behaviour_lines() -> Iterator[str]:
    for area, rows in groupby(BEHAVIOURS, key=lambda row: row.area):
        yield from ("", f"### {area}", "")
        yield from _table(("what the emulator does", "known", "from", "if not: fallback"))
        for row in rows:
            yield _row(row.text, row.evidence, _source(row.source), _test(row))


def _kind_lines() -> Iterator[str]:
    yield from _table(("block", "surfaces", "known"))
    for kind, rule in sorted(BLOCK_KINDS.items()):
        link = f"[`{kind}`]({REFERENCE}{rule.page})"
        yield _row(link, ", ".join(rule.surfaces), rule.evidence)


def _limit_lines() -> Iterator[str]:
    yield from _table(("field", "at least", "at most", "known", "from"))
    for name, limit in sorted(LIMITS.items()):
        source = _limit_source(limit)
        yield _row(f"`{name}`", str(limit.least), f"{limit.most:,}", limit.evidence, source)


def _limit_source(limit: Limit) -> str:
    if limit.evidence == "assumed":
        return ""
    if not limit.source:
        return "its own page"

    is_page = " " not in limit.source and not limit.source.startswith("https://")
    return _source(f"{REFERENCE}{limit.source}" if is_page else limit.source)


def _method_lines() -> Iterator[str]:
    yield from _table(("method", "calls a minute"))
    for name, method in sorted(METHODS.items()):
        yield _row(f"[`{name}`]({METHOD_PAGES}{name})", _rate(method))


def _rate(method: Method) -> str:
    if not method.limited:
        tier = "special" if method.tier is None else f"tier {method.tier}"
        return f"{tier}, not limited here"

    return "special, by channel" if method.tier is None else f"tier {method.tier}"


def _test(row: Behaviour) -> str:
    if not row.fallback:
        return ""

    file, _, name = row.fallback.partition("::")
    return f"`{name}` in `{file}`"


def _source(source: str) -> str:
    address, _, more = source.partition(" ")
    if address.startswith("https://"):
        return f"<{address.rstrip(',')}> {more}".strip()

    return source


def _table(columns: Sequence[str]) -> tuple[str, str]:
    return _row(*columns), "|" + "---|" * len(columns)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
