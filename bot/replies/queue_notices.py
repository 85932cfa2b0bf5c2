"""Says to people who wait how long the queue is, when there are more requests than workers."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE, Clients, error_code
from bot.ui.texts import common as texts
from router.errors import BeagleError
from router.log import get_log
from router.store.requests.waiting import WaitingRequests
from router.types import Request
from workers.runtime.scheduling.leader import confirm_leadership

QUEUE_NOTICE_SECONDS = 2.0
"""Between two looks at the queue."""
PATIENCE_SECONDS = 8.0
"""How long a request waits before its person is told. With the time between two looks that stays
below the 15 seconds in which everybody sees something."""
MAX_NOTICES = 50
"""Notices of one look, oldest first; the rest follows with the next ones. Those who came since the
start go before those who waited then: however many these are, nobody new waits behind them."""


class QueueNotices:
    """`tick` is called every `QUEUE_NOTICE_SECONDS`.

    The notice is the status line, which the answer clears. Each request is told once, and once more
    in the same words by a bot that takes over the periodic work.
    """

    def __init__(
        self, waiting: WaitingRequests, clients: Clients, now: Callable[[], float]
    ) -> None:
        self._waiting = waiting
        self._clients = clients
        self._now = now
        self._started_at = self._told_until = now()
        # Whoever waits since before the start is told as well.
        self._backlog_until = 0.0
        self._log = get_log(part="queue")

    def tick(self) -> None:
        """Tells those who wait for so long since the last look."""
        now = self._now()
        late = self._late(now)
        if not late:
            return

        count = self._waiting.count(now)
        self._log.warning("queue_is_long", waiting=count, told=len(late))
        for request in late:
            self._tell(request, count)

    def _late(self, now: float) -> list[Request]:
        """Returns those to be told now, each once."""
        patient = now - PATIENCE_SECONDS
        late = self._waiting.received_between(self._told_until, patient, now, MAX_NOTICES)
        if late:
            self._told_until = late[-1].received_at

        room = MAX_NOTICES - len(late)
        if room and self._backlog_until < self._started_at:
            until = min(patient, self._started_at)
            older = self._waiting.received_between(self._backlog_until, until, now, room)
            # One more page than there is: nothing is left of the backlog.
            self._backlog_until = older[-1].received_at if older else until
            late += older

        return late

    def _tell(self, request: Request, count: int) -> None:
        confirm_leadership()
        status = texts.QUEUED.format(count=count) if count > 1 else texts.QUEUED_ALONE
        try:
            self._clients.for_team(request.team).best_effort.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=status
            )
        except (SlackApiError, BeagleError, *UNREACHABLE) as error:
            self._log.info("slack_status_failed", request=request.id, error=error_code(error))
