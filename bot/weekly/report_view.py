"""A version's evaluation report: a summary, a chart and a sortable table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, TypeAlias

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui.blocks import Rendered
from bot.ui.stats import header, simulated_note
from bot.ui.texts import report as texts
from router.store.weekly.datasets import Report
from workers.evaluation.report_markdown import (
    MONEY,
    NAMES,
    PARTS,
    bill_text,
    forgetting_text,
    format_amount,
    rows_description,
    settings_text,
)

ReportBody: TypeAlias = Mapping[str, Any]
"""The JSON that an evaluation stores (`workers/evaluation/compare.py`)."""
TITLE_LIMIT = 150
CHART_TITLE_LIMIT = 50
LABEL_LIMIT = 20


def render_report(report: Report, simulated: int = 0) -> Rendered:
    """Returns the report as a message; `simulated` requests of the workspace are made up."""
    verdict_text = verdict(report)
    text = texts.FALLBACK.format(route=report.route, version=report.version, verdict=verdict_text)
    text = escape(text, quote=False)
    title = header(texts.TITLE.format(route=report.route)[:TITLE_LIMIT])

    summary = rich_text.lines_block([verdict_text, *_lines(report)])
    note = simulated_note(simulated)
    return Rendered(text, [title, summary, *note, chart(report), data_table(report)])


def verdict(report: Report) -> str:
    """Returns whether the version passed, and on which rows."""
    body = report.body
    text = texts.PASSED if body["passed"] else texts.NOT_PASSED
    return text.format(rows=body["rows"], kind=rows_description(body))


def figures_line(name: str, body: ReportBody) -> str:
    """Returns one version's figures as a line."""
    figures = body["figures"][name]
    low, high = figures["ci95"]
    return texts.FIGURES.format(
        name=NAMES.get(name, name),
        kind=body["kinds"][name],
        accuracy=figures["accuracy"],
        low=low,
        high=high,
        p50=figures["p50_ms"],
        usd=figures["usd"],
    )


def chart(report: Report) -> Block:
    """Returns the accuracy of each version, as bars."""
    labels, points = [], []
    for name, figures in report.body["figures"].items():
        label = texts.SHORT_NAMES.get(name, name)[:LABEL_LIMIT]
        labels.append(label)
        points.append({"label": label, "value": round(100 * figures["accuracy"], 1)})

    return {
        "type": "data_visualization",
        "title": texts.CHART_TITLE.format(route=report.route)[:CHART_TITLE_LIMIT],
        "chart": {
            "type": "bar",
            "series": [{"name": texts.CHART, "data": points}],
            "axis_config": {"categories": labels, "y_label": texts.CHART},
        },
    }


def data_table(report: Report) -> Block:
    """Returns the versions as a table that can be sorted."""
    return {
        "type": "data_table",
        "caption": texts.CAPTION.format(route=report.route, version=report.version),
        "rows": _rows(report),
        "page_size": 5,
        "row_header_column_index": 0,
    }


def _lines(report: Report) -> list[str]:
    body = report.body
    lines = [*body["reasons"], forgetting_text(body), bill_text(body)]
    if body.get("settings"):
        lines.append(settings_text(body))

    return lines


def _rows(report: Report) -> list[list[Block]]:
    rows: list[tuple[str, ...]] = [texts.HEAD]
    for name in report.body["figures"]:
        rows.append(_cells(name, report.body))

    return [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]


def _cells(name: str, body: ReportBody) -> tuple[str, ...]:
    figures = body["figures"][name]
    low, high = figures["ci95"]
    tokens = sum(figures["tokens"][part] for part in PARTS)

    return (
        texts.SHORT_NAMES.get(name, name),
        body["kinds"][name],
        f"{figures['accuracy']:.1%}",
        texts.INTERVAL.format(low=low, high=high),
        f"{figures['schema_valid']:.1%}",
        f"{tokens:.0f}",
        f"{figures['p50_ms']:.0f}",
        f"{figures['p95_ms']:.0f}",
        *(format_amount(figures[name]) for name in MONEY),
    )
