"""The App Home: what an admin and what a member sees there, as pure functions of what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.ui import rich_text
from bot.ui import stats as figures
from bot.ui.blocks import Block, Offer, button, clipped, clock, menu_block, money, words
from bot.ui.texts import common as texts
from bot.weekly.candidate_view import home_cards
from router.store.usage.stats import Period
from router.types import Candidate, Request

OPT_OUT, OPT_IN = "home_opt_out", "home_opt_in"
RECENT = 5
CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """One of the person's own requests, with the route that served it."""

    request: Request
    route: str


@dataclass(frozen=True, slots=True)
class Running:
    """How Beagle does in this workspace, for admins."""

    week: Period
    spent_usd: float
    cap_usd: float
    routes: Sequence[tuple[str, str, str]]
    """Name, kind and state of each route's live version."""
    candidates: Sequence[Candidate]
    open_requests: int
    oldest_seconds: float
    dead: int
    drifting: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Why a candidate's live version drifts, by its id."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that a home shows. `running` is None for members."""

    mine: Period
    recent: Sequence[Asked]
    offers: Sequence[Offer]
    left_out: bool
    at: float
    running: Running | None = None
    actions: Sequence[Block] = field(default_factory=tuple)


def view(known: Known, *, framed: bool = True) -> Block:
    """The person's home; an admin's begins with the workspace. Without `framed` it does without the newest blocks."""
    blocks = [*(_workspace(known.running, framed=framed) if known.running else []), *_own(known)]
    # Slack shows at most 100; what comes last is what can be missed most easily.
    return {"type": "home", "blocks": blocks[:100]}


def fingerprint(shown: Block) -> str:
    """The same for homes that say the same, whatever the time in their last line."""
    return repr(shown["blocks"][:-1])


def _own(known: Known) -> list[Block]:
    mine = known.mine
    blocks: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Beagle"}},
        words(texts.HOME_HELLO),
        words(texts.HOME_YOURS),
        figures.fields(
            {
                texts.REQUESTS: f"{mine.requests}  {figures.sparkline(mine.days)}".strip(),
                "Answered": str(mine.answered),
                "Latency p50": f"{mine.p50_seconds:.1f} s",
                "Cost": money(mine.usd),
            }
        ),
        words(texts.HOME_RECENT),
        _recent(known.recent),
        words(texts.HOME_ROUTES),
        menu_block(known.offers),
        {"type": "divider"},
    ]

    if known.left_out:
        blocks.append(words(texts.HOME_LEFT_OUT))
        press = button(texts.HOME_OPT_IN, OPT_IN, {})
    else:
        press = button(texts.HOME_OPT_OUT, OPT_OUT, {})

    blocks.append({"type": "actions", "elements": [press]})
    fresh = {"type": "plain_text", "text": texts.HOME_FRESH.format(when=clock(known.at))}
    return [*blocks, {"type": "context", "elements": [fresh]}]


def _recent(recent: Sequence[Asked]) -> Block:
    if not recent:
        return words(texts.HOME_NOTHING)

    lines = []
    for one in recent[:RECENT]:
        route = one.route or "—"
        lines.append(
            [
                *rich_text.text(clipped(one.request.text or "…", 150)),
                *rich_text.text(f"  {route}", code=True),
            ]
        )

    return rich_text.block([rich_text.bullets(lines)])


def _workspace(running: Running, *, framed: bool) -> list[Block]:
    week = running.week
    cap = money(running.cap_usd) if running.cap_usd else "no cap"
    health = texts.HOME_CALM

    if running.open_requests or running.dead:
        counts = {
            "open": running.open_requests,
            "seconds": running.oldest_seconds,
            "dead": running.dead,
        }

        health = texts.HOME_WAITING.format(**counts)

    top = figures.figures(week) | {
        texts.HOME_SPEND: f"{money(running.spent_usd)} of {cap}",
        texts.HOME_HEALTH: health,
    }
    blocks: list[Block] = [figures.header(texts.HOME_WEEK), figures.fields(top)]
    blocks.append(words(texts.HOME_CANDIDATES))

    if running.candidates:
        shown = sorted(running.candidates, key=lambda one: one.id not in running.drifting)[
            :CANDIDATES
        ]
        blocks += home_cards(shown, running.drifting, framed=framed)
    else:
        blocks.append(words(texts.HOME_NO_CANDIDATES))

    if running.routes:
        served = {route.route: route for route in week.routes}
        rows = [["Route", "Kind", "State", "Requests", "Cost"]]

        for name, kind, state in running.routes[: figures.ROWS]:
            found = served.get(name)
            rows.append(
                [
                    name,
                    kind,
                    state,
                    str(found.requests if found else 0),
                    money(found.usd if found else 0.0),
                ]
            )

        blocks.append(
            {
                "type": "table",
                "rows": [
                    [{"type": "raw_text", "text": cell or "—"} for cell in row] for row in rows
                ],
            }
        )

    return [*blocks, {"type": "divider"}]
