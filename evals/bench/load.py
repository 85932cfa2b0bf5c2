"""A steady stream of messages: how fast Slack is acknowledged, and what Beagle itself adds to a request."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from bot.demo.stack import Stage
from bot.sandbox.delivery.dispatcher import Answer, Parcel, Transport
from evals.bench.crowd import CHANNEL, crowd, say, told, wait_for_all
from router.log import set_up_logs
from router.store.usage.stats import quantile

MODEL_SECONDS = 0.05
WAIT_SECONDS = 120.0


def main(
    rate: Annotated[float, typer.Option(help="Messages a second.")] = 10.0,
    minutes: Annotated[float, typer.Option(help="For how long.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure the time to Slack's acknowledgement and Beagle's own share of each request."""
    set_up_logs("auto", "error")
    with crowd(MODEL_SECONDS, 1) as stage:
        warm = say(stage, 0, 5, 1.0)
        wait_for_all(stage, WAIT_SECONDS)
        timed = _time_acks(stage)
        start = time.monotonic()
        count = round(rate * minutes * 60)
        said = say(stage, len(warm), count, minutes * 60)
        wait_for_all(stage, WAIT_SECONDS)
        acks = timed.seconds
        own = _own_seconds(stage, said)
        totals = {
            "requests": count,
            "lost": count - told(stage, said).answered,
            "ack_p50_ms": round(quantile(acks, 0.5) * 1000, 1),
            "ack_p99_ms": round(quantile(acks, 0.99) * 1000, 1),
            "ack_max_ms": round(max(acks) * 1000, 1),
            "own_p50_ms": round(quantile(own, 0.5) * 1000, 1),
            "own_p95_ms": round(quantile(own, 0.95) * 1000, 1),
            "seconds": round(time.monotonic() - start, 1),
        }

    print(
        json.dumps(totals)
        if as_json
        else "\n".join(f"{name:13} {value}" for name, value in totals.items())
    )


class _Timed:
    """Slack's way to the bot, with a watch: `seconds` holds the time from each event to its acknowledgement."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.seconds: list[float] = []

    async def send(self, parcel: Parcel) -> Answer:
        """As the transport does."""
        start = time.monotonic()
        answer = await self._inner.send(parcel)
        self.seconds.append(time.monotonic() - start)

        return answer


def _time_acks(stage: Stage) -> _Timed:
    delivery = stage.sandbox.platform.delivery
    assert delivery.transport is not None
    timed = _Timed(delivery.transport)

    def swap() -> None:
        delivery.transport = timed

    stage.sandbox.call(swap)
    return timed


def _own_seconds(stage: Stage, said: list[str]) -> list[float]:
    """For each message: from its arrival to the posted answer, without the model's own time."""
    channel = stage.sandbox.actor("ada").channel(CHANNEL)
    found = []

    for ts in said:
        request = stage.store.requests.find(channel, ts)
        whole = stage.store.requests.seconds(request.id) if request else None
        if whole is not None:
            found.append(max(0.0, whole - MODEL_SECONDS))

    return found
