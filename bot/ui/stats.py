"""A period's figures for the eye: chart and table in the newest blocks, plainer ones where those are refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from bot.ui.blocks import Block, Shown, button, clipped, money, words
from bot.ui.texts import common as texts
from bot.ui.texts import stats as names
from router.store.usage.stats import Period, RouteStats

CATEGORIES = 20
LABEL = 20
ROWS = 50
BARS = "▁▂▃▄▅▆▇█"
SPANS = {"7d": 7, "30d": 30, "90d": 90}


def shown(span: str, period: Period, more: dict[str, str]) -> Shown:
    """The figures of a span, with `more` lines of the caller's; plainer where Slack does not know the newest blocks."""
    top = [header(names.TITLE.format(span=span)), fields(figures(period) | more)]
    if not period.routes:
        return Shown(in_words(span, period), [*top, choices(span)])

    plainest = Shown(in_words(span, period), [words(clipped(in_words(span, period), 3000))])
    plainer = Shown(in_words(span, period), [*top, table(period), choices(span)], plainest)
    return Shown(
        in_words(span, period),
        [*top, chart(period), data_table(span, period), choices(span)],
        plainer,
    )


def figures(period: Period) -> dict[str, str]:
    """What a period comes to, by what people call it; at most ten, which is what a section holds."""
    per = period.usd / period.answered if period.answered else 0.0
    return {
        names.REQUESTS: f"{period.requests}  {sparkline(period.days)}".strip(),
        names.ANSWERED: str(period.answered),
        names.LATENCY: f"{period.p50_seconds:.1f} s / {period.p95_seconds:.1f} s",
        names.COST: names.EACH.format(usd=money(period.usd), each=money(per)),
        names.CORRECTED: share(period.corrected, period.requests),
        names.NOT_FOUND: share(period.not_found, period.requests),
        names.NO_ROUTE: f"{period.asked} / {period.out_of_scope}",
        names.FAILED: str(period.failed),
    }


def share(part: int, whole: int) -> str:
    """A count with its share."""
    return f"{part} ({part / whole:.0%})" if whole else "0"


def sparkline(days: Sequence[int]) -> str:
    """A line of bars, one for each of the last days; nothing where there is no second day to compare with."""
    shown_days = list(days)[-30:]
    most = max(shown_days, default=0)
    if len(shown_days) < 2 or not most:
        return ""

    return "".join(BARS[round(count / most * (len(BARS) - 1))] for count in shown_days)


def header(title: str) -> Block:
    """A heading."""
    return {"type": "header", "text": {"type": "plain_text", "text": title}}


def fields(values: dict[str, str]) -> Block:
    """Names over values, two beside each other."""
    return {
        "type": "section",
        "fields": [
            {"type": "mrkdwn", "text": f"*{name}*\n{value}"}
            for name, value in list(values.items())[:10]
        ],
    }


def chart(period: Period) -> Block:
    """Requests by route, as bars."""
    routes = period.routes[:CATEGORIES]
    labels = unique([route.route for route in routes])
    points = [
        {"label": label, "value": route.requests}
        for label, route in zip(labels, routes, strict=True)
    ]

    return {
        "type": "data_visualization",
        "title": texts.CHART,
        "chart": {
            "type": "bar",
            "series": [{"name": texts.REQUESTS, "data": points}],
            "axis_config": {"categories": labels, "y_label": texts.REQUESTS},
        },
    }


def unique(names: Sequence[str]) -> list[str]:
    """The names, each short enough for an axis and none twice."""
    found: list[str] = []
    for name in names:
        label, number = clipped(name, LABEL), 2
        while label in found:
            label, number = f"{name[: LABEL - 3]}…{number}", number + 1

        found.append(label)

    return found


def data_table(span: str, period: Period) -> Block:
    """The routes as a table that can be sorted and paged."""
    rows = [[_cell(name) for name in names.HEAD]]
    for route in period.routes[:ROWS]:
        row = [_cell(value) for value in _values(route)]
        row[2] = {"type": "raw_number", "value": route.requests}
        rows.append(row)

    return {
        "type": "data_table",
        "caption": names.CAPTION.format(span=span),
        "rows": rows,
        "page_size": 10,
        "row_header_column_index": 0,
    }


def table(period: Period) -> Block:
    """The same as a plain table."""
    rows = [list(names.HEAD), *(_values(route) for route in period.routes[:ROWS])]
    return {"type": "table", "rows": [[_cell(value) for value in row] for row in rows]}


def choices(span: str) -> Block:
    """Buttons for the other spans and for the file."""
    others = [
        button(other, f"stats_span:{other}", {"span": other}) for other in SPANS if other != span
    ]
    export = button(texts.EXPORT, "stats_csv", {"span": span})
    return {"type": "actions", "elements": [*others, export]}


def in_words(span: str, period: Period) -> str:
    """The figures as one paragraph, for screen readers and notifications."""
    said = ", ".join(f"{name} {value}" for name, value in figures(period).items())
    routes = "; ".join(f"{route.route} {route.share:.0%}" for route in period.routes)
    return clipped(names.IN_WORDS.format(span=span, figures=said, routes=routes).strip(), 3000)


def as_csv(period: Period) -> str:
    """One line for each route with full precision; seconds, USD and shares in 0-1."""
    out = io.StringIO()
    lines = csv.writer(out)
    columns = (
        "route",
        "kinds",
        "requests",
        "share",
        "p50_seconds",
        "p95_seconds",
        "usd",
        "usd_each",
        "corrected",
    )

    lines.writerow(columns)
    for r in period.routes:
        # A spreadsheet runs what begins like a formula; route names are file names, but nobody has
        # to trust that.
        name = f"'{r.route}" if r.route[:1] in "=+-@" else r.route
        each = r.usd / r.requests
        lines.writerow(
            [
                name,
                " ".join(r.kinds),
                r.requests,
                r.share,
                r.p50_seconds,
                r.p95_seconds,
                r.usd,
                each,
                r.corrected,
            ]
        )

    return out.getvalue()


def _values(route: RouteStats) -> list[str]:
    return [
        route.route,
        ", ".join(route.kinds) or "—",
        str(route.requests),
        f"{route.share:.0%}",
        f"{route.p50_seconds:.1f} s",
        f"{route.p95_seconds:.1f} s",
        money(route.usd),
        money(route.usd / route.requests),
        share(route.corrected, route.requests),
    ]


def _cell(value: str) -> dict[str, Any]:
    return {"type": "raw_text", "text": value}
