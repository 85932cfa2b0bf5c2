"""Statistics of a period: chart and sortable table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui.blocks import Rendered, actions, button, paragraph
from bot.ui.texts import common
from bot.ui.texts import stats as texts
from bot.ui.texts import tiers as tier_texts
from bot.ui.texts.weekly import sparkline as bars
from router.store.usage.stats import Period, RouteStats
from router.text.csv_table import csv_table
from router.text.printable import shorten
from workers.readiness.money_text import format_usd

NO_REASONS: Mapping[str, int] = {}
MAX_CHART_ROUTES = 20
LABEL_LIMIT = 20
MAX_TABLE_ROUTES = 50
MAX_TIER_LINES = 20
MAX_FIELDS = 10
"""Limits of Slack's chart, table and section blocks."""
TEXT_LIMIT = 3000
SPARKLINE_DAYS = 30
SPANS = {"7d": 7, "30d": 30, "90d": 90}
CSV_COLUMNS = (
    "route",
    "kinds",
    "requests",
    "share",
    "p50_seconds",
    "p95_seconds",
    "usd",
    "usd_each",
    "corrected",
    "failed",
)


def render_stats(
    span: str,
    period: Period,
    more: dict[str, str],
    tiers: Sequence[str] = (),
    bad_answers: Mapping[str, int] = NO_REASONS,
) -> Rendered:
    """Returns the figures of a span; `more` adds fields of the caller, `tiers` lines on tiers.

    `bad_answers` counts what people called wrong with an answer, by reason.
    """
    text = "\n".join([summary_text(span, period), *tiers])
    head = [
        header(texts.TITLE.format(span=span)),
        fields(figures(period) | more),
        *quality_notes(period, bad_answers),
        *simulated_note(period.simulated),
    ]
    if not period.routes:
        return Rendered(text, [*head, choices(span)])

    table = [chart(period), data_table(span, period), *tier_blocks(tiers)]
    return Rendered(text, [*head, *table, choices(span)])


def quality_notes(period: Period, bad_answers: Mapping[str, int]) -> list[Block]:
    """Returns why people called answers bad, and how to see what failed; nothing without either."""
    blocks = []
    reasons = [
        texts.BAD_ANSWER.format(reason=label.lower(), count=bad_answers[name])
        for name, label in common.REASONS.items()
        if bad_answers.get(name)
    ]
    if reasons:
        blocks.append(paragraph(texts.BAD_ANSWERS.format(reasons=", ".join(reasons))))
    if period.failed:
        blocks.append(paragraph(texts.FAILED_HOW))

    return blocks


def tier_blocks(lines: Sequence[str]) -> list[Block]:
    """Returns what the tiers of routes did, one line for each route; nothing without any."""
    if not lines:
        return []

    return [paragraph(tier_texts.STATS), rich_text.lines_block(lines[:MAX_TIER_LINES])]


def figures(period: Period) -> dict[str, str]:
    """Returns the totals of a period, by their names for people."""
    usd_each = period.usd / period.answered if period.answered else 0.0
    each, other = format_usd(usd_each), format_usd(period.other_usd)
    text = texts.EACH_AND_OTHER if period.other_usd else texts.EACH
    cost = text.format(usd=format_usd(period.spent_usd), each=each, other=other)
    latency = texts.SECONDS_PAIR.format(p50=period.p50_seconds, p95=period.p95_seconds)

    return {
        texts.REQUESTS: f"{period.requests}  {sparkline(period.days)}".strip(),
        texts.ANSWERED: str(period.answered),
        texts.LATENCY: latency,
        texts.COST: cost,
        texts.CORRECTED: share(period.corrected, period.requests),
        texts.NOT_FOUND: share(period.not_found, period.requests),
        texts.NO_ROUTE: without_route(
            period.asked, period.asked_answered, period.out_of_scope, period.other
        ),
        texts.FAILED: str(period.failed),
    }


def without_route(asked: int, asked_answered: int, out_of_scope: int, other: int) -> str:
    """Returns how many requests no route answered at once, by the reason."""
    text = f"{asked:,}"
    if asked_answered:
        text = texts.ASKED_ANSWERED.format(asked=text, answered=f"{asked_answered:,}")

    return f"{text} / {out_of_scope:,} / {other:,}"


def simulated_note(count: int) -> list[Block]:
    """Returns the line that says that figures hold a made-up history; nothing where they do not."""
    if not count:
        return []

    text = texts.SIMULATED.format(count=f"{count:,}")
    return [{"type": "context", "elements": [{"type": "plain_text", "text": text}]}]


def share(part: int, whole: int) -> str:
    """Returns a count with its share."""
    return f"{part} ({part / whole:.0%})" if whole else "0"


def sparkline(days: Sequence[int]) -> str:
    """Returns a bar for each of the last days; empty where there is nothing to compare."""
    # One bar alone has nothing to be compared with.
    recent = list(days)[-SPARKLINE_DAYS:]
    return bars(recent) if len(recent) > 1 and any(recent) else ""


def header(title: str) -> Block:
    """Returns a heading."""
    return {"type": "header", "text": {"type": "plain_text", "text": title}}


def fields(values: dict[str, str]) -> Block:
    """Returns names over values, in two columns."""
    texts_of_fields = [f"*{name}*\n{value}" for name, value in values.items()]
    return {
        "type": "section",
        "fields": [{"type": "mrkdwn", "text": text} for text in texts_of_fields[:MAX_FIELDS]],
    }


def chart(period: Period) -> Block:
    """Returns the requests by route, as bars."""
    routes = period.routes[:MAX_CHART_ROUTES]
    labels = unique_labels(route.route for route in routes)
    points = []
    for label, route in zip(labels, routes, strict=True):
        points.append({"label": label, "value": route.requests})

    return {
        "type": "data_visualization",
        "title": common.CHART,
        "chart": {
            "type": "bar",
            "series": [{"name": common.REQUESTS, "data": points}],
            "axis_config": {"categories": labels, "y_label": common.REQUESTS},
        },
    }


def unique_labels(names: Iterable[str]) -> list[str]:
    """Returns a distinct label for each name, short enough for a chart's axis."""
    # A chart with two equal categories is refused.
    labels: list[str] = []
    for name in names:
        label, number = shorten(name, LABEL_LIMIT), 2
        while label in labels:
            label = f"{name[: LABEL_LIMIT - 3]}…{number}"
            number += 1

        labels.append(label)

    return labels


def data_table(span: str, period: Period) -> Block:
    """Returns the routes as a table that can be sorted and paged."""
    rows = [[_cell(name) for name in texts.HEAD]]
    for route in period.routes[:MAX_TABLE_ROUTES]:
        row = [_cell(value) for value in _values(route)]
        # As a number, so that it sorts as one.
        row[2] = {"type": "raw_number", "value": route.requests, "text": str(route.requests)}
        rows.append(row)

    if period.other_usd:
        other = [texts.OTHER_WORK, *["—"] * (len(texts.HEAD) - 1)]
        other[6] = format_usd(period.other_usd)
        rows.append([_cell(value) for value in other])

    return {
        "type": "data_table",
        "caption": texts.CAPTION.format(span=span),
        "rows": rows,
        "page_size": 10,
        "row_header_column_index": 0,
    }


def choices(span: str) -> Block:
    """Returns buttons for the other spans and for the export."""
    buttons = [
        button(other, f"stats_span:{other}", {"span": other}) for other in SPANS if other != span
    ]
    export = button(common.EXPORT, "stats_csv", {"span": span})
    return actions([*buttons, export])


def summary_text(span: str, period: Period) -> str:
    """Returns the figures as one paragraph, for screen readers and notifications."""
    totals = ", ".join(f"{name} {value}" for name, value in figures(period).items())
    routes = "; ".join(f"{route.route} {route.share:.0%}" for route in period.routes)
    text = texts.IN_WORDS.format(span=span, figures=totals, routes=routes)
    return shorten(text.strip(), TEXT_LIMIT)


def as_csv(period: Period) -> str:
    """Returns one line for each route in full precision: seconds, USD, and shares in 0-1."""
    rows = []
    for route in period.routes:
        rows.append(
            [
                route.route,
                " ".join(route.kinds),
                route.requests,
                route.share,
                route.p50_seconds,
                route.p95_seconds,
                route.usd,
                route.usd / route.requests if route.requests else 0.0,
                route.corrected,
                route.failed,
            ]
        )

    # With it the column of costs adds up to the total.
    rows.append([texts.OTHER_WORK, "", 0, 0.0, 0.0, 0.0, period.other_usd, 0.0, 0, 0])
    return csv_table(CSV_COLUMNS, rows)


def _values(route: RouteStats) -> list[str]:
    return [
        route.route,
        ", ".join(route.kinds) or "—",
        str(route.requests),
        f"{route.share:.0%}",
        f"{route.p50_seconds:.1f} s",
        f"{route.p95_seconds:.1f} s",
        format_usd(route.usd),
        share(route.corrected, route.answers),
    ]


def _cell(value: str) -> Block:
    return {"type": "raw_text", "text": value}
