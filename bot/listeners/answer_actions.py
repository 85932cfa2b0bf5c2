"""Clicks under an answer: choosing a route, thumbs, reasons, why, try again.

A button carries a request id and a revision. Whatever it claims is checked against the store at
each click: late and double clicks change nothing and say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from slack_bolt import App
from slack_sdk import WebClient

from bot.listeners.clicked_request import clicked_request
from bot.listeners.route_correction import RouteCorrection
from bot.payloads import Ack, Action, ActionBody, Listener, Respond, clicker, clicker_home
from bot.routing.service import RoutingService
from bot.ui import dialogs
from bot.ui.blocks import (
    ANSWER_WITHOUT,
    Rendered,
    actions,
    button,
    paragraph,
    refusal,
)
from bot.ui.button_values import decode_value
from bot.ui.ephemeral import send_ephemeral, send_text
from bot.ui.explanation import explanation_message
from bot.ui.texts import common as texts
from router.errors import BudgetError
from router.log import get_log
from router.store import Store
from router.types import Feedback, Request


class AnswerActions:
    """Answers clicks on Beagle's messages; the correction dialog is in `correction`."""

    def __init__(
        self,
        store: Store,
        routing: RoutingService,
        correction: RouteCorrection,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._routing = routing
        self._correction = correction
        self._now = now
        self._log = get_log(part="actions")

    def listen(self, app: App) -> None:
        """Registers for the buttons. Each click is acknowledged at once and then carried out."""
        listeners: dict[str | re.Pattern[str], Listener] = {
            re.compile(r"choose_route:\d+"): self.choose,
            "choose_none": self.choose_none,
            "try_again": self.retry,
            ANSWER_WITHOUT: self.answer_without_files,
            "thumb": self.thumb,
            "why_route": self.explain,
            re.compile(r"reason:\w+"): self.reason,
        }
        for action_id, listener in listeners.items():
            app.action(action_id)(listener)

    def choose(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Answers with the chosen route in place of the question; stores the choice as a label."""
        ack()
        request = self._request(action, body)
        if request is None:
            send_text(respond, texts.ALREADY)
            return

        value = dialogs.button_value(action)
        route, revision = str(value.get("route", "")), value.get("revision", -1)
        try:
            chosen = self._routing.override(request, revision, route, clicker(body))
        except BudgetError as error:
            send_text(respond, refusal(error))
            return

        if chosen is None:
            send_text(respond, texts.ALREADY)
            return

        # Without waiting: the person wants the answer, which does not depend on the training.
        self._record(request, body, "route", route)
        self._routing.trainer.request(request.team)

    def choose_none(self, ack: Ack, action: Action, body: ActionBody, respond: Respond) -> None:
        """Runs nothing, because none of the offered routes fits."""
        ack()
        request = self._request(action, body)
        if request is not None:
            offers = self._routing.offers(clicker(body), request.channel)
            names = ", ".join(offer.name for offer in offers)
            send_text(respond, texts.NONE_CHOSEN.format(routes=names))

    def retry(self, ack: Ack, action: Action, body: ActionBody, respond: Respond) -> None:
        """Runs a failed request again, with its newest decision."""
        ack()
        request = self._request(action, body)
        if request is None:
            send_text(respond, texts.ALREADY)
            return

        revision = dialogs.button_value(action).get("revision", -1)
        try:
            runs_again = self._routing.retry(request, revision, clicker(body))
        except BudgetError as error:
            send_text(respond, refusal(error))
            return

        if runs_again is None:
            send_text(respond, texts.ALREADY)

    def answer_without_files(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond
    ) -> None:
        """Runs a request again, from its words alone: nothing of its files could be read."""
        request = self._request(action, body)
        if request is not None:
            self._store.requests.leave_files(request.id)

        self.retry(ack, action, body, respond)

    def thumb(self, ack: Ack, action: Action, body: ActionBody, respond: Respond) -> None:
        """Stores a thumb. A person's last one counts: Slack sends each change, never the state."""
        ack()
        # Both thumbs are one element, so the direction comes before the ids: "up {...}".
        direction, _, encoded = str(action.get("value", "")).partition(" ")

        request = clicked_request(self._store, decode_value(encoded), body)
        if request is None or direction not in ("up", "down"):
            return

        self._record(request, body, "thumb", direction)
        self._routing.note_thumb(request, is_good=direction == "up")
        if direction == "down":
            send_ephemeral(respond, reason_question(request.id))

    def reason(
        self, ack: Ack, action: Action, body: ActionBody, client: WebClient, respond: Respond
    ) -> None:
        """Stores what was wrong. A wrong route leads on to the correction dialog."""
        ack()
        request = self._request(action, body)

        reason = str(dialogs.button_value(action).get("reason", ""))
        if request is None or reason not in texts.REASONS:
            return

        self._record(request, body, "reason", reason)
        thanks = texts.REASON_THANKS.format(reason=texts.REASONS[reason].lower())
        respond(text=thanks, response_type="ephemeral", replace_original=True)

        if reason == "route":
            self._correction.show_dialog(client, body.get("trigger_id", ""), request.id, body)

    def explain(self, ack: Ack, action: Action, body: ActionBody, respond: Respond) -> None:
        """Tells the person who clicked why the request went to its route."""
        ack()
        request = self._request(action, body)

        decision = self._store.decisions.newest(request.id) if request else None
        if request is None or decision is None:
            return

        explanation = self._routing.explanation(request, decision, clicker(body))
        send_ephemeral(respond, explanation_message(explanation))

    def _request(self, action: Action, body: ActionBody) -> Request | None:
        return clicked_request(self._store, dialogs.button_value(action), body)

    def _record(
        self,
        request: Request,
        body: ActionBody,
        aspect: Literal["thumb", "route", "reason"],
        value: str,
    ) -> None:
        user, home = body["user"]["id"], clicker_home(body)
        self._store.feedback.record(Feedback(request.id, user, aspect, value, self._now(), home))
        self._log.info("feedback", request=request.id, aspect=aspect, value=value)


def reason_question(request_id: str) -> Rendered:
    """Returns the question to a person who pressed thumbs down."""
    buttons = []
    for name, label in texts.REASONS.items():
        value = {"request": request_id, "reason": name}
        buttons.append(button(label, f"reason:{name}", value))

    return Rendered(texts.REASON_ASK, [paragraph(texts.REASON_ASK), actions(buttons)])
