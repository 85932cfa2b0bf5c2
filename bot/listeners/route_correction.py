"""The "Wrong route?" dialog: a person says which route is right, and the router learns it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from slack_bolt import App
from slack_sdk import WebClient

from bot.listeners.clicked_request import clicked_request
from bot.listeners.labelling import correction_thanks, learning_thanks
from bot.payloads import (
    Ack,
    Action,
    ActionBody,
    Block,
    InteractionBody,
    View,
    ViewBody,
    clicker,
    clicker_home,
)
from bot.routing.correction_state import correction_state
from bot.routing.service import RoutingService
from bot.ui import dialogs
from bot.ui.blocks import Rendered, refusal
from bot.ui.texts import common as texts
from router.errors import BudgetError
from router.log import get_log
from router.store import Store
from router.types import Decision, Feedback, Request, SlackPerson

VIEW = "wrong_route"
LEARN_SECONDS = 4.0
"""How long thanks wait for retraining; with thousands of examples it takes longer."""
MAX_OPTIONS = 100
"""Options that Slack allows in a select."""
MAX_NOTE = 500
"""Characters of a note."""


class RouteCorrection:
    """Opens the dialog and stores what it says. It offers only routes that the person may use."""

    def __init__(self, store: Store, routing: RoutingService, now: Callable[[], float]) -> None:
        self._store = store
        self._routing = routing
        self._now = now
        self._log = get_log(part="actions")

    def listen(self, app: App) -> None:
        """Registers for the button and the dialog."""
        app.action("wrong_route")(self.open)
        app.view(VIEW)(self.correct)

    def open(self, ack: Ack, action: Action, body: ActionBody, client: WebClient) -> None:
        """Opens the dialog for the answer whose button was clicked."""
        ack()
        request_id = str(dialogs.button_value(action).get("request", ""))
        self.show_dialog(client, body.get("trigger_id", ""), request_id, body)

    def show_dialog(
        self, client: WebClient, trigger: str, request_id: str, body: InteractionBody
    ) -> bool:
        """Opens the dialog; returns False if the request is of another channel or workspace."""
        request = clicked_request(self._store, {"request": request_id}, body)
        decision = self._store.decisions.newest(request_id)
        if request is None or decision is None:
            return False

        usable = self._routing.usable_routes(clicker(body), request.channel)
        client.views_open(trigger_id=trigger, view=correction_dialog(request, decision, usable))
        return True

    def correct(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Stores the correction as a label, runs the request again if wanted, and retrains."""
        ack()
        value = dialogs.dialog_value(view)
        request = clicked_request(self._store, value, body, channel=value.get("channel", ""))
        user = body["user"]["id"]
        route = dialogs.answer_to(view, "route")

        # The dialog may be forged, or older than a change of the person's rights.
        if request is None:
            return
        if route not in self._routing.usable_routes(clicker(body), request.channel):
            return

        # A label even if the request does not run again: it teaches the router all the same.
        home = clicker_home(body)
        self._record(Feedback(request.id, user, "route", route, self._now(), home))
        note = dialogs.answer_to(view, "note")
        if note:
            self._record(Feedback(request.id, user, "note", note, self._now(), home))

        if dialogs.answers_to(view, "again"):
            self._run_again(request, value.get("revision", -1), route, clicker(body), client)

        self._learn(request, route, user, client)

    def _learn(self, request: Request, route: str, user: str, client: WebClient) -> None:
        """Has the router trained, and tells the person what became of their correction."""

        def say_result() -> None:
            result = self._routing.training_result(request.team)
            state = correction_state(self._store, result, request, user)
            self._log.info("correction_judged", request=request.id, outcome=state.outcome)
            _say(correction_thanks(request.id, route, state), request, user, client)

        trainer = self._routing.trainer
        run = trainer.request_run(request.team, is_urgent=True)
        if not trainer.wait_for(run, LEARN_SECONDS):
            # Slack lets nobody change a message that one person sees, so a second one follows.
            _say(learning_thanks(request.id, route), request, user, client)

        trainer.call_after(run, say_result)

    def _run_again(
        self, request: Request, seen: int, route: str, person: SlackPerson, client: WebClient
    ) -> None:
        """Answers with the route; the person who corrects pays, or is told why it does not run."""
        try:
            self._routing.override(request, seen, route, person)
        except BudgetError as error:
            client.chat_postEphemeral(
                channel=request.channel,
                user=person.user,
                thread_ts=request.thread,
                text=refusal(error),
            )

    def _record(self, feedback: Feedback) -> None:
        self._store.feedback.record(feedback)
        # A note is a person's own text, which does not belong in a log.
        value = None if feedback.aspect == "note" else feedback.value
        self._log.info("feedback", request=feedback.request, aspect=feedback.aspect, value=value)


def _say(message: Rendered, request: Request, user: str, client: WebClient) -> None:
    """Posts the message for that person alone, in the request's thread."""
    client.chat_postEphemeral(
        channel=request.channel,
        user=user,
        thread_ts=request.thread,
        text=message.text,
        blocks=message.blocks,
    )


def correction_dialog(request: Request, decision: Decision, routes: Collection[str]) -> Block:
    """Returns the dialog with a choice of `routes`."""
    now = texts.WRONG_NOWHERE
    if decision.route:
        confidence = f"{decision.confidence:.0%}"
        now = texts.WRONG_NOW.format(route=decision.route, confidence=confidence)

    options = [dialogs.option(name, name) for name in sorted(routes)][:MAX_OPTIONS]
    again = dialogs.option(texts.RUN_AGAIN, "yes")
    blocks: list[Block] = [
        dialogs.notice(now),
        dialogs.question("route", texts.WRONG_PICK, {"type": "static_select", "options": options}),
        dialogs.question("note", texts.WRONG_NOTE, dialogs.text_field(MAX_NOTE), optional=True),
        dialogs.question(
            "again",
            texts.WRONG_AGAIN,
            {"type": "checkboxes", "options": [again], "initial_options": [again]},
            optional=True,
        ),
    ]

    return dialogs.dialog(
        VIEW,
        texts.WRONG_TITLE,
        (texts.SUBMIT, texts.CANCEL),
        {"request": request.id, "revision": decision.revision, "channel": request.channel},
        blocks,
    )
