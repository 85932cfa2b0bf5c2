"""`/beagle stats [7d|30d|90d]`: requests, shares, latency and cost, by route."""

from __future__ import annotations

from typing import Any

from bot.blocks import Shown, money, words
from bot.commands import Asked
from router.store.spend import Spend
from router.store.stats import Period

HELP = "`[7d|30d|90d]` requests, share per route, latency and cost"
DAY = 86_400.0
SPANS = {"7d": 7, "30d": 30, "90d": 90}
ROWS = 50


def run(asked: Asked) -> Shown:
    """The figures of the last days, 7 unless said otherwise."""
    span = asked.words[0].lower() if asked.words else "7d"
    if span not in SPANS:
        said = f"I know the spans {', '.join(SPANS)}."
        return Shown(said, [words(said)])
    period = asked.store.stats.since(asked.team, asked.now() - SPANS[span] * DAY)
    figures = _figures(period) | _budget(asked)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"Beagle, last {span}"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*{k}*\n{v}"} for k, v in figures.items()]},
    ]
    if period.routes:
        blocks.append(_table(period))
    return Shown(_text(span, period), blocks)


def _figures(period: Period) -> dict[str, str]:
    per = period.usd / period.answered if period.answered else 0.0
    return {
        "Requests": str(period.requests),
        "Answered": str(period.answered),
        "Latency p50 / p95": f"{period.p50_seconds:.1f} s / {period.p95_seconds:.1f} s",
        "Cost": f"{money(period.usd)} ({money(per)} each)",
        "Asked back": str(period.asked),
        "Out of scope": str(period.out_of_scope),
        "Corrected": str(period.corrected),
        "Failed": str(period.failed),
    }


def _budget(asked: Asked) -> dict[str, str]:
    """What the workspace may still spend today; for admins, where there is a cap."""
    cap = asked.settings.cap_team_usd
    if not asked.admin or not cap:
        return {}
    spent = Spend(asked.store.engine).of(("team", asked.team), int(asked.now() // DAY)).usd
    return {"Budget left today": f"{money(max(0.0, cap - spent))} of {money(cap)}"}


def _table(period: Period) -> dict[str, Any]:
    head = ["Route", "Kind", "Requests", "Share", "p50", "p95", "Cost", "Corrected"]
    rows = [
        [
            route.route,
            ", ".join(route.kinds),
            str(route.requests),
            f"{route.share:.0%}",
            f"{route.p50_seconds:.1f} s",
            f"{route.p95_seconds:.1f} s",
            money(route.usd),
            str(route.corrected),
        ]
        for route in period.routes[:ROWS]
    ]
    cells = [[{"type": "raw_text", "text": cell or "—"} for cell in row] for row in [head, *rows]]
    return {"type": "table", "rows": cells}


def _text(span: str, period: Period) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in _figures(period).items())
    routes = "; ".join(f"{route.route} {route.share:.0%}" for route in period.routes)
    return f"Last {span}: {figures}. {routes}".strip()
