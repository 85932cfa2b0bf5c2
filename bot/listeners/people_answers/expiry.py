"""Asks owners whether their answers still hold, and lets go of those that lapsed."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.listeners.people_answers import view as screens
from bot.transport.clients import UNREACHABLE, error_code
from router.log import get_log
from router.store import Store
from router.store.knowledge.captured_answers import CapturedAnswer
from router.types import SlackPerson
from workers.knowledge.membership import ReadingRights

EVERY_SECONDS = 300.0
NOTICE_SECONDS = 7 * 86_400.0
"""How long before it lapses the owner of an answer is asked."""
MAX_ANSWERS = 1_000
"""Answers that one round looks at, the first to lapse first."""


class AnswerExpiry:
    """`tick` is called every `EVERY_SECONDS`. Any number of processes may run it.

    `client` returns a workspace's client.
    """

    def __init__(
        self,
        store: Store,
        rights: ReadingRights,
        client: Callable[[str], WebClient],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._rights = rights
        self._client = client
        self._now = now
        self._log = get_log(part="people_answers")

    def tick(self) -> None:
        """Removes what has lapsed, and asks about what lapses within a week."""
        now = self._now()
        for answer in self._store.captured_answers.ending(now + NOTICE_SECONDS, MAX_ANSWERS):
            place = (answer.team, answer.channel, answer.ts)
            if answer.valid_until <= now:
                self._store.captured_answers.remove(*place)
                self._log.info("answer_removed", channel=answer.channel, reason="lapsed")
            elif answer.asked_at == 0.0 and self._store.captured_answers.mark_asked(*place, now):
                self._ask(answer)

    def _ask(self, answer: CapturedAnswer) -> None:
        if not answer.owner:  # an owner whose data was erased
            return

        message = screens.lapsing(answer, self._question(answer))
        try:
            self._client(answer.team).chat_postMessage(
                channel=answer.owner, text=message.text, blocks=message.blocks
            )
        except (SlackApiError, *UNREACHABLE) as error:
            # Without an answer it lapses, as if the owner had said nothing.
            self._log.warning("owner_not_asked", error=error_code(error))

    def _question(self, answer: CapturedAnswer) -> str:
        """Returns the question; empty where the owner may not read the channel any more."""
        owner = SlackPerson(answer.team, answer.owner)
        if not self._rights.readable(owner, [answer.channel]):
            return ""

        return self._store.captured_answers.question(answer.team, answer.channel, answer.ts)
