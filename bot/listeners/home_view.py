"""The App Home of members and admins, as pure functions of its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui import stats as stats_view
from bot.ui.blocks import (
    actions,
    button,
    clock_time,
    menu_block,
    paragraph,
)
from bot.ui.texts import common
from bot.ui.texts import home as texts
from bot.weekly.candidate_view import home_cards
from router.store.usage.stats import Period
from router.text.printable import shorten
from router.types import Candidate, Request, RouteOffer
from workers.readiness.money_text import format_usd

OPT_OUT, OPT_IN = "home_opt_out", "home_opt_in"
MAX_RECENT = 5
MAX_CANDIDATES = 8
MAX_REQUEST_TEXT = 150
"""Characters of a recent request."""
MAX_BLOCKS = 100
"""Blocks that Slack shows in a home."""


@dataclass(frozen=True, slots=True)
class RecentRequest:
    """One of the person's own requests, with the route that served it."""

    request: Request
    route: str


@dataclass(frozen=True, slots=True)
class RouteState:
    """A route as an admin sees it: its live version's kind, empty without one."""

    name: str
    kind: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class AdminHome:
    """How Beagle does in this workspace, for admins.

    `drifting` says, by candidate id, why its live version drifts. `tiers` has a line for each route
    with several tiers. `included_model` says that no larger model is set, `bad_answers`
    counts what people called wrong with an answer, by reason.
    """

    week: Period
    spent_usd: float
    cap_usd: float
    routes: Sequence[RouteState]
    candidates: Sequence[Candidate]
    open_requests: int
    oldest_seconds: float
    dead: int
    drifting: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tiers: Sequence[str] = ()
    included_model: bool = False
    bad_answers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemberHome:
    """Everything that a home shows. `admin` is None for members."""

    month: Period
    recent: Sequence[RecentRequest]
    offers: Sequence[RouteOffer]
    is_opted_out: bool
    at: float
    admin: AdminHome | None = None


def render_home(data: MemberHome) -> Block:
    """Returns the person's home; an admin's begins with the workspace."""
    blocks: list[Block] = []
    if data.admin is not None:
        blocks += _workspace_blocks(data.admin)

    blocks += _member_blocks(data)
    # What comes last can be missed most easily.
    return {"type": "home", "blocks": blocks[:MAX_BLOCKS]}


def fingerprint(home: Block) -> str:
    """Returns the same for homes that differ only in the time in their last line."""
    blocks = home["blocks"]
    assert isinstance(blocks, list)
    return repr(blocks[:-1])


def _member_blocks(data: MemberHome) -> list[Block]:
    month = data.month
    requests = f"{month.requests}  {stats_view.sparkline(month.days)}".strip()
    figures = {
        common.REQUESTS: requests,
        texts.HOME_ANSWERED: str(month.answered),
        texts.HOME_LATENCY: f"{month.p50_seconds:.1f} s",
        texts.HOME_COST: format_usd(month.usd),
    }
    blocks: list[Block] = [
        stats_view.header(texts.HOME_TITLE),
        paragraph(texts.HOME_HELLO),
        paragraph(texts.HOME_YOURS),
        stats_view.fields(figures),
        paragraph(texts.HOME_RECENT),
        _recent_block(data.recent),
        paragraph(texts.HOME_ROUTES),
        menu_block(data.offers),
        {"type": "divider"},
    ]

    if data.is_opted_out:
        blocks.append(paragraph(texts.HOME_LEFT_OUT))
        choice = button(texts.HOME_OPT_IN, OPT_IN, {})
    else:
        choice = button(texts.HOME_OPT_OUT, OPT_OUT, {})

    blocks.append(actions([choice]))
    updated = texts.HOME_FRESH.format(when=clock_time(data.at))
    footer: Block = {"type": "context", "elements": [{"type": "plain_text", "text": updated}]}
    return [*blocks, footer]


def _recent_block(recent: Sequence[RecentRequest]) -> Block:
    if not recent:
        return paragraph(texts.HOME_NOTHING)

    lines = []
    for item in recent[:MAX_RECENT]:
        line = rich_text.text(shorten(item.request.text or "…", MAX_REQUEST_TEXT))
        line += rich_text.text(f"  {item.route or '—'}", code=True)
        lines.append(line)

    return rich_text.block([rich_text.bullets(lines)])


def _workspace_blocks(data: AdminHome) -> list[Block]:
    cap = format_usd(data.cap_usd) if data.cap_usd else texts.HOME_NO_CAP
    spent = texts.HOME_SPENT.format(spent=format_usd(data.spent_usd), cap=cap)
    figures = stats_view.figures(data.week)
    figures |= {texts.HOME_SPEND: spent, texts.HOME_HEALTH: _health(data)}

    blocks: list[Block] = [
        stats_view.header(texts.HOME_WEEK),
        stats_view.fields(figures),
        *stats_view.quality_notes(data.week, data.bad_answers),
        *stats_view.simulated_note(data.week.simulated),
    ]
    if data.included_model:
        blocks.append(paragraph(common.INCLUDED_MODEL))

    blocks.append(paragraph(texts.HOME_CANDIDATES))

    if data.candidates:
        # Candidates whose live version drifts come first: they need a decision.
        ordered = sorted(data.candidates, key=lambda item: item.id not in data.drifting)
        blocks += home_cards(ordered[:MAX_CANDIDATES], data.drifting)
    else:
        blocks.append(paragraph(texts.HOME_NO_CANDIDATES))

    if data.routes:
        blocks.append(_route_table(data))

    blocks += stats_view.tier_blocks(data.tiers)
    return [*blocks, {"type": "divider"}]


def _health(data: AdminHome) -> str:
    if not data.open_requests and not data.dead:
        return texts.HOME_CALM

    return texts.HOME_WAITING.format(
        open=data.open_requests, seconds=data.oldest_seconds, dead=data.dead
    )


def _route_table(data: AdminHome) -> Block:
    served = {route.route: route for route in data.week.routes}
    rows = [list(texts.HOME_ROUTE_COLUMNS)]

    for route in data.routes[: stats_view.MAX_TABLE_ROUTES]:
        stats = served.get(route.name)
        rows.append(
            [
                route.name,
                route.kind,
                texts.HOME_LIVE if route.is_live else texts.HOME_NOT_LIVE,
                str(stats.requests if stats else 0),
                format_usd(stats.usd if stats else 0.0),
            ]
        )

    # Slack refuses empty cells.
    cells = [[{"type": "raw_text", "text": cell or "—"} for cell in row] for row in rows]
    return {"type": "table", "rows": cells}
