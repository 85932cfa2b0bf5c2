"""Draws the ladder as SVG: a bar for each rung with its 95 % interval, cost and latency."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

ROW, TOP, LEFT, WIDTH, RIGHT = 34, 64, 190, 420, 260
KEPT_COLOUR, DROPPED_COLOUR, INK, PALE = "#2f6f4f", "#b9c7bf", "#1d1c1d", "#e8e8e8"

NOTE = "Whiskers: 95 % interval. Pale: not kept, it did not help on the dev rows."


def chart(report: Mapping[str, Any]) -> str:
    """Returns an SVG document that needs no external font, script or style.

    The report's `title` and `note` replace the default ones.
    """
    rungs = report["rungs"]
    height = TOP + ROW * len(rungs) + 40
    about = f"{report.get('route', '')} with {report.get('model', '')}"
    usual = f"{about}: accuracy by rung, {report.get('rows', 0)} test rows"
    title = report.get("title", usual)
    note = report.get("note", NOTE)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" '
        f'font-family="sans-serif" font-size="13" fill="{INK}" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="16" y="26" font-size="16" font-weight="bold">{escape(title)}</text>',
        *(_grid_line(share, height) for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
        f'<text x="{LEFT + WIDTH + 20}" y="{TOP - 10}">prompt tokens, p50</text>',
        *(_bar(number, rung) for number, rung in enumerate(rungs)),
        f'<text x="{LEFT}" y="{height - 12}" font-size="11">{escape(note)}</text>',
        "</svg>",
    ]

    return "\n".join(parts) + "\n"


def _grid_line(share: float, height: int) -> str:
    x = LEFT + share * WIDTH
    return (
        f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{height - 34}" stroke="{PALE}"/>'
        f'<text x="{x}" y="{TOP - 10}" text-anchor="middle" font-size="11">{share:.0%}</text>'
    )


def _bar(number: int, rung: Mapping[str, Any]) -> str:
    y = TOP + ROW * number + 6
    middle = y + 10
    low, high = (LEFT + edge * WIDTH for edge in rung["ci95"])
    tokens = sum(
        count for name, count in rung["tokens"].items() if name not in ("output", "cached")
    )
    width = max(1.0, rung["accuracy"] * WIDTH)
    beside = f"{rung['accuracy']:.0%}   {tokens:.0f} tokens, {rung['p50_ms'] / 1000:.1f} s"
    colour = KEPT_COLOUR if rung["kept"] else DROPPED_COLOUR

    return (
        f'<text x="{LEFT - 12}" y="{y + 15}" text-anchor="end">{escape(rung["name"])}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="20" fill="{colour}"/>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" '
        f'stroke="{INK}" stroke-width="1.5"/>'
        f'<text x="{LEFT + WIDTH + 20}" y="{y + 15}">{escape(beside)}</text>'
    )
