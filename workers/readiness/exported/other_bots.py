"""How often people ask the other assistants of a workspace, what repeats there, what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.llm.model_prices import LOCAL
from workers.mining.exports import BotRequest
from workers.mining.pipeline import Encode, MiningLimits, mine
from workers.mining.rows import Row
from workers.readiness.evidence import (
    ANSWER_TOKENS,
    CHEAP_MODEL,
    PROMPT_TOKENS,
    monthly_requests,
)
from workers.readiness.prices import Prices
from workers.readiness.roi import CostModel

MAX_BOTS = 10
MAX_LABELS = 5


@dataclass(frozen=True, slots=True)
class AskedBot:
    """One other assistant.

    Attributes:
        requests, people: How often it was asked, and by how many people.
        labels: What repeats among these requests, where it may be shown.
        repeated: How many of the requests these are.
        monthly_usd: A month of them at the list price of `model`; None without one.
        here_usd: The same with the included model, at the set price of this machine's processor.
    """

    name: str
    requests: int
    people: int
    labels: Sequence[str]
    repeated: int
    model: str
    monthly_usd: float | None
    here_usd: float | None


def describe_bots(
    asked: Sequence[BotRequest],
    rows: Sequence[Row],
    encode: Encode,
    limits: MiningLimits,
    names: frozenset[str],
    prices: Prices,
) -> list[AskedBot]:
    """Returns the assistants that people asked in these rows, the most asked first."""
    kept = {id(row) for row in rows}
    by_bot: dict[str, list[Row]] = {}
    for request in asked:
        if id(request.row) in kept:
            by_bot.setdefault(request.bot, []).append(request.row)

    ordered = sorted(by_bot.items(), key=lambda item: (-len(item[1]), item[0]))[:MAX_BOTS]
    return [_describe(bot, own, encode, limits, names, prices) for bot, own in ordered]


def _describe(
    bot: str,
    rows: Sequence[Row],
    encode: Encode,
    limits: MiningLimits,
    names: frozenset[str],
    prices: Prices,
) -> AskedBot:
    visible = mine(rows, encode, limits, names=names).visible
    repeated = sum(len(cluster.rows) for cluster in visible)
    monthly = monthly_requests(rows)
    listed = _call_usd(CHEAP_MODEL, prices)
    here = _call_usd(LOCAL, prices)

    return AskedBot(
        name=bot,
        requests=len(rows),
        people=len({row.user for row in rows}),
        labels=[cluster.label for cluster in visible[:MAX_LABELS]],
        repeated=repeated,
        model=CHEAP_MODEL,
        monthly_usd=None if listed is None else monthly * listed,
        here_usd=None if here is None else monthly * here,
    )


def _call_usd(model: str, prices: Prices) -> float | None:
    """Returns what one request would cost with a prompt on that model; None without a price."""
    price = prices.price_of(model)
    return None if price is None else CostModel(model, price, PROMPT_TOKENS, ANSWER_TOKENS).usd
