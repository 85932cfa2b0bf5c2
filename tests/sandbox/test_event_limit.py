"""Slack's limit on events: what is beyond it is dropped, and one notice a minute says so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.actor import Actor
from bot.sandbox.delivery.dispatcher import DeliveryResult, Envelope
from bot.sandbox.delivery.event_limit import HOUR, EventLimit
from bot.sandbox.server import Sandbox


class Received:
    """A transport that acknowledges and keeps what it is sent."""

    def __init__(self) -> None:
        self.types: list[str] = []

    async def send(self, envelope: Envelope) -> DeliveryResult:
        payload = envelope.payload
        self.types.append(str(payload.get("event", payload)["type"]))
        return DeliveryResult(True)


@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(0, 10_000)), max_size=60))
def test_no_workspace_gets_more_in_any_sixty_minutes(arrivals: list[tuple[str, float]]) -> None:
    limit = EventLimit(5)
    admitted: dict[str, list[float]] = {"A": [], "B": []}
    noticed = set()
    for team, at in sorted(arrivals, key=lambda arrival: arrival[1]):
        is_admitted, notice = limit.admit({"team_id": team}, at)
        if is_admitted:
            assert notice is None
            admitted[team].append(at)
        if notice is not None:
            minute = (team, notice["minute_rate_limited"])
            assert minute not in noticed
            noticed.add(minute)

    for times in admitted.values():
        for first, sixth in zip(times, times[5:], strict=False):
            # Slack counts by the minute.
            assert sixth - first > HOUR - 60


def test_the_bot_is_told_once_and_gets_no_more(sandbox: Sandbox, ada: Actor) -> None:
    received = Received()

    def limit() -> None:
        sandbox.context.dispatcher.transport = received
        sandbox.context.dispatcher.limit = EventLimit(2)

    sandbox.call(limit)
    for number in range(4):
        ada.say("general", f"message {number}")
    sandbox.wait_until(lambda _: len(received.types) >= 3)

    assert sorted(received.types) == ["app_rate_limited", "message", "message"]
    assert sandbox.call(lambda: sandbox.context.dispatcher.counts["rate_limited"]) == 2
