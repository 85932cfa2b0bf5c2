"""A version's report for the eye: chart and table in the newest blocks, plainer ones where those are refused."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from bot.ui import rich_text
from bot.ui.blocks import Block, Shown
from bot.ui.stats import header
from router.store.weekly.datasets import Report
from workers.evaluation.report_markdown import MONEY, NAMES, bill, forgetting, under, usd

HEAD = (
    "Version",
    "Kind",
    "Right",
    "95 %",
    "Valid",
    "Tokens",
    "p50 ms",
    "p95 ms",
    "USD",
    "USD uncached",
    "USD cached",
)
CHART = "Right answers, %"
SHORT = {"new": "new", "live": "live", "prompted": "best prompt", "head": "head"}
LEVELS = (0, 1, 2)
"""How plain: newest blocks, a plain table, words alone."""


def shown(report: Report) -> Shown:
    """The report, plainer where Slack does not know the newest blocks."""
    said = escape(f"Report of {report.route} {report.version}: {verdict(report)}", quote=False)
    found: Shown | None = None

    for level in reversed(LEVELS):
        found = Shown(
            said, [header(f"Report: {report.route}"[:150]), *blocks(report, level)], found
        )

    assert found is not None
    return found


def blocks(report: Report, level: int) -> list[Block]:
    """The verdict with its reasons, then the figures as `level` allows."""
    body = report.body
    lines = [
        verdict(report),
        *body["reasons"],
        forgetting(body),
        bill(body),
        *([under(body)] if body.get("settings") else []),
    ]

    if level == LEVELS[-1]:
        lines[1:1] = [words(name, body) for name in body["figures"]]

    found = [rich_text.block([rich_text.bullets([rich_text.text(line) for line in lines])])]
    if level == LEVELS[0]:
        return [*found, chart(report), data_table(report)]

    return [*found, table(report)] if level == LEVELS[1] else found


def verdict(report: Report) -> str:
    """Whether it passed, and on how many rows."""
    body = report.body
    return f"{'Passed' if body['passed'] else 'Not passed'} on {body['rows']} test rows that no version has seen"


def words(name: str, body: Mapping[str, Any]) -> str:
    """One version's figures as a line."""
    one = body["figures"][name]
    low, high = one["ci95"]
    return (
        f"{NAMES.get(name, name)} ({body['kinds'][name]}): {one['accuracy']:.1%} right ({low:.1%} to {high:.1%}), "
        f"p50 {one['p50_ms']:.0f} ms, ${one['usd']:.6f}"
    )


def chart(report: Report) -> Block:
    """Right answers by version, as bars."""
    figures = report.body["figures"]
    labels = [SHORT.get(name, name)[:20] for name in figures]
    points = [
        {"label": label, "value": round(100 * one["accuracy"], 1)}
        for label, one in zip(labels, figures.values(), strict=True)
    ]

    return {
        "type": "data_visualization",
        "title": f"{CHART}: {report.route}"[:50],
        "chart": {
            "type": "bar",
            "series": [{"name": CHART, "data": points}],
            "axis_config": {"categories": labels, "y_label": CHART},
        },
    }


def data_table(report: Report) -> Block:
    """The versions as a table that can be sorted."""
    return {
        "type": "data_table",
        "caption": f"Report of {report.route} {report.version}",
        "rows": _rows(report),
        "page_size": 5,
        "row_header_column_index": 0,
    }


def table(report: Report) -> Block:
    """The same as a plain table."""
    return {"type": "table", "rows": _rows(report)}


def _rows(report: Report) -> list[list[dict[str, Any]]]:
    body = report.body
    rows = [HEAD, *(_values(name, body) for name in body["figures"])]
    return [[{"type": "raw_text", "text": value} for value in row] for row in rows]


def _values(name: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    one = body["figures"][name]
    low, high = one["ci95"]
    tokens = sum(
        one["tokens"][part] for part in ("system", "few_shot", "context", "query", "output")
    )

    return (
        SHORT.get(name, name),
        body["kinds"][name],
        f"{one['accuracy']:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{one['schema_valid']:.1%}",
        f"{tokens:.0f}",
        f"{one['p50_ms']:.0f}",
        f"{one['p95_ms']:.0f}",
        *(usd(one[name]) for name in MONEY),
    )
