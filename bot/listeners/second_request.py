"""The button beside the line about a second request in a message: it is answered by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from slack_bolt import App

from bot.intake.requests import DECIDE_SECONDS
from bot.listeners.clicked_request import clicked_request
from bot.payloads import Ack, Action, ActionBody, Respond, clicker
from bot.routing.service import RoutingService
from bot.ui import dialogs
from bot.ui.blocks import ANSWER_SECOND, refusal
from bot.ui.ephemeral import send_text
from bot.ui.texts import common as texts
from router.classifier.second_request import second_request_in
from router.errors import BudgetError
from router.log import get_log
from router.store import Store
from router.types import PART_EVENT, Request, SlackPerson


class SecondRequestActions:
    """Answers the click: for the author of the message alone, and once for each message.

    The button carries no words. They are found again in the message as it is stored now, and read
    by themselves: neither the rest of the message nor its thread has a say in what they ask for.
    """

    def __init__(self, store: Store, routing: RoutingService, new_id: Callable[[], str]) -> None:
        self._store = store
        self._routing = routing
        self._new_id = new_id
        self._now = routing.admins.now
        self._log = get_log(part="actions")

    def listen(self, app: App) -> None:
        """Registers for the button."""
        app.action(ANSWER_SECOND)(self.answer)

    def answer(self, ack: Ack, action: Action, body: ActionBody, respond: Respond) -> None:
        """Stores the words as a request of the person; acknowledges, then decides it."""
        value, person = dialogs.button_value(action), clicker(body)
        whole = clicked_request(self._store, value, body)
        words = self._words(whole, value.get("revision", -1)) if whole is not None else ""
        at = action.get("action_ts", "")

        problem, made = texts.SECOND_LATE, None
        if whole is not None and whole.asker != person:
            problem = texts.SECOND_NOT_YOURS
        elif whole is not None and words and at:
            try:
                problem, made = self._take_up(whole, words, at)
            except BudgetError as error:
                problem = refusal(error)

        # Stored before: what was acknowledged must not be lost.
        ack()
        if problem:
            send_text(respond, problem)
        if made is not None:
            self._log.info("received", request=made.id, source="part", length=len(words))
            self._routing.decide(made)
        if whole is not None and problem in ("", texts.SECOND_ALREADY):
            self._routing.wake(whole.id, "show_again")

    def _words(self, whole: Request, revision: int) -> str:
        """Returns the words of the second request, empty where the answer is no longer that one."""
        newest = self._store.decisions.newest(whole.id)
        if newest is None or newest.revision != revision:
            return ""

        second = second_request_in(whole.text, newest.reason)
        return second.words if second is not None else ""

    def _take_up(self, whole: Request, words: str, at: str) -> tuple[str, Request | None]:
        """Returns why the words are not served, if they are not, and the new request, if it is one.

        Raises BudgetError where the person asks too often.
        """
        earlier = self._store.message_parts.get(whole.id)
        if earlier is not None and earlier.text != words:
            return self._answer_again(earlier, words, whole.asker), None

        if earlier is None:
            self._routing.limit.check(whole.asker)
            part = self._part(whole, words, at)
            if self._store.message_parts.insert(part, self._now() + DECIDE_SECONDS, whole.text):
                return "", part

            # Pressed twice at the same time; or the message was changed or deleted just now.
            earlier = self._store.message_parts.get(whole.id)

        return (texts.SECOND_LATE if earlier is None else texts.SECOND_ALREADY), None

    def _answer_again(self, earlier: Request, words: str, person: SlackPerson) -> str:
        """Answers the edited words in place of the former ones; returns why not, if it does not.

        Raises BudgetError, and changes nothing, where the person asks too often.
        """
        newest = self._store.decisions.newest(earlier.id)
        if newest is None:
            return texts.SECOND_ALREADY

        # Before the decision: a worker answers the text that is stored.
        self._store.requests.update_text(earlier.id, words)
        revised = None
        try:
            revised = self._routing.redecide(replace(earlier, text=words), newest.revision, person)
        finally:
            if revised is None:
                self._store.requests.update_text(earlier.id, earlier.text)

        return "" if revised is not None else texts.SECOND_LATE

    def _part(self, whole: Request, words: str, at: str) -> Request:
        """Returns the request that the words make, at the time of the click."""
        team, channel = whole.team, whole.channel
        kind = self._routing.rights.stored_channel_kind(team, channel)
        return replace(
            whole,
            id=self._new_id(),
            ts=at,
            event_id=f"{PART_EVENT}{whole.id}",
            text=words,
            received_at=self._now(),
            thread_ts=whole.thread,
            channel_kind=kind or whole.channel_kind,
            source="part",
            state="received",
            files="",
        )
