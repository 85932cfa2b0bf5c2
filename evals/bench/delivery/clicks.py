"""Users who double-click a button, and users who click on an outdated message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.demo.stack import LocalStack
from bot.sandbox.actor import Actor
from bot.sandbox.element_values import ActionError
from bot.sandbox.seed_data import TEAM_ID
from evals.bench.stacks.message_stack import CHANNEL
from workers.runtime.processes import wait_until

VAGUE = "the vpn leave {n}"
"""Two routes fit this a little, so Beagle asks back with buttons."""
WAIT_SECONDS = 60.0
SETTLE_SECONDS = 1.0
Json = dict[str, Any]


@dataclass(slots=True)
class ClickCounts:
    """Counts of clicks, of new decisions expected from them, and of those applied."""

    clicks: int = 0
    expected: int = 0
    applied: int = 0


def choose_twice_and_late(stack: LocalStack, timestamps: Sequence[str]) -> ClickCounts:
    """Double-clicks a route where Beagle asked back, and clicks again after the answer."""
    ada, counts = stack.sandbox.actor("ada"), ClickCounts()

    questions = [
        (ts, question) for ts in timestamps if (question := _open_question(ada, ts)) is not None
    ]
    for ts, question in questions:
        _press_twice(partial(ada.click_outdated, CHANNEL, question, "choose_route:0"), counts)
        wait_until(partial(_is_redecided, stack, ts), WAIT_SECONDS)

    for ts, question in questions:
        wait_until(partial(_is_answered, ada, ts), WAIT_SECONDS)
        ada.click_outdated(CHANNEL, question, "choose_route:1")
        counts.clicks += 1

    counts.expected = len(questions)
    counts.applied = sum(_revisions(stack, ts) for ts, _ in questions)
    return counts


def correct_twice(
    stack: LocalStack, timestamps: Sequence[str], count: int, route: str = "summarise"
) -> ClickCounts:
    """Opens the dialog of `count` answers with a double click and saves it with another.

    The route must change exactly once for each answer.
    """
    ada, counts = stack.sandbox.actor("ada"), ClickCounts()
    messages = [(ts, message) for ts in timestamps for message in ada.answers(CHANNEL, ts)]

    # An answer that failed on a busy machine has a different button.
    answered = [
        (ts, message) for ts, message in messages if "wrong_route" in str(message.get("blocks"))
    ][:count]
    for ts, answer in answered:
        _press_twice(partial(ada.click_outdated, CHANNEL, answer, "wrong_route"), counts)
        wait_until(lambda: bool(ada.views()), WAIT_SECONDS)
        # The second click's dialog replaces that of the first. Then *Save* is double-clicked as
        # well.
        wait_until(lambda: False, SETTLE_SECONDS)
        (view,) = ada.views()
        _press_twice(partial(_submit, ada, view["id"], route), counts)
        counts.expected += 1
        wait_until(partial(_is_redecided, stack, ts), WAIT_SECONDS)

    counts.applied = sum(_revisions(stack, ts) for ts, _ in answered)
    return counts


def _submit(ada: Actor, view: str, route: str) -> None:
    with suppress(ActionError):  # the dialog has closed under the second press
        ada.submit_view(view, {"route": route})


def _press_twice(press: Callable[[], object], counts: ClickCounts) -> None:
    with ThreadPoolExecutor(2) as pool:
        for click in [pool.submit(press), pool.submit(press)]:
            click.result()

    counts.clicks += 2


def _open_question(ada: Actor, ts: str) -> Json | None:
    """Returns Beagle's question with its buttons; None if it is gone."""
    messages = [m for m in ada.answers(CHANNEL, ts) if "choose_route:0" in str(m.get("blocks"))]
    return messages[0] if messages else None


def _is_answered(ada: Actor, ts: str) -> bool:
    return _open_question(ada, ts) is None


def _is_redecided(stack: LocalStack, ts: str) -> bool:
    return _revisions(stack, ts) > 0


def _revisions(stack: LocalStack, ts: str) -> int:
    """Returns how many new decisions the request got."""
    request = stack.store.requests.find(TEAM_ID, stack.sandbox.actor("ada").channel(CHANNEL), ts)
    decision = stack.store.decisions.newest(request.id) if request else None
    return decision.revision if decision else 0
