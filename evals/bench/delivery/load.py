"""A steady load: Slack acknowledgement times, and the latency that Beagle itself adds."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from bot.demo.stack import LocalStack
from bot.sandbox.delivery.dispatcher import DeliveryResult, Envelope, Transport
from bot.sandbox.seed_data import TEAM_ID
from evals.bench.soak.process_usage import UsageLog, process_ids
from evals.bench.stacks.message_stack import (
    CHANNEL,
    count_answers,
    message_stack,
    post_messages,
    wait_for_all,
)
from evals.figures import print_figures
from router.log import set_up_logs
from router.store.usage.latency import quantile

MODEL_SECONDS = 0.05
WAIT_SECONDS = 120.0


def main(
    rate: Annotated[float, typer.Option(help="Messages a second.")] = 10.0,
    minutes: Annotated[float, typer.Option(help="For how long.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure the time to Slack's acknowledgement and Beagle's own share of each request.

    The processor time is that of bot, worker and broker together; the database is in the first two.
    """
    set_up_logs("auto", "error")
    with message_stack(MODEL_SECONDS, 1) as stack:
        warm = post_messages(stack, 0, 5, 1.0)
        wait_for_all(stack, WAIT_SECONDS)
        transport = _time_acks(stack)
        usage = UsageLog()
        usage.sample(process_ids(stack))
        start = time.monotonic()
        count = round(rate * minutes * 60)
        timestamps = post_messages(stack, len(warm), count, minutes * 60)
        wait_for_all(stack, WAIT_SECONDS)
        usage.sample(process_ids(stack))
        acks = transport.seconds
        own = _own_seconds(stack, timestamps)
        totals = {
            "requests": count,
            "lost": count - count_answers(stack, timestamps).answered,
            "ack_p50_ms": round(quantile(acks, 0.5) * 1000, 1),
            "ack_p99_ms": round(quantile(acks, 0.99) * 1000, 1),
            "ack_max_ms": round(max(acks) * 1000, 1),
            "own_p50_ms": round(quantile(own, 0.5) * 1000, 1),
            "own_p95_ms": round(quantile(own, 0.95) * 1000, 1),
            "cpu_ms_per_request": round(usage.cpu_seconds() / count * 1000, 1),
            "seconds": round(time.monotonic() - start, 1),
        }

    print_figures(totals, as_json=as_json, width=13)


class _TimedTransport:
    """A transport that times each event: `seconds` holds the times to acknowledgement."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.seconds: list[float] = []

    async def send(self, envelope: Envelope) -> DeliveryResult:
        """Sends the envelope and records how long its acknowledgement took."""
        start = time.monotonic()
        answer = await self._inner.send(envelope)
        self.seconds.append(time.monotonic() - start)

        return answer


def _time_acks(stack: LocalStack) -> _TimedTransport:
    delivery = stack.sandbox.context.dispatcher
    assert delivery.transport is not None
    transport = _TimedTransport(delivery.transport)

    def swap() -> None:
        delivery.transport = transport

    stack.sandbox.call(swap)
    return transport


def _own_seconds(stack: LocalStack, timestamps: list[str]) -> list[float]:
    """Returns each message's seconds from arrival to answer, less the model's own time."""
    channel = stack.sandbox.actor("ada").channel(CHANNEL)
    own_seconds = []

    for ts in timestamps:
        request = stack.store.requests.find(TEAM_ID, channel, ts)
        total = stack.store.requests.answer_seconds(request.id) if request else None
        if total is not None:
            own_seconds.append(max(0.0, total - MODEL_SECONDS))

    return own_seconds
