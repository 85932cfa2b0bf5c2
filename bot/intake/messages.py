"""Acts on what intake stored: decides new requests, and follows edited and deleted messages."""

from __future__ import annotations

from slack_bolt import App, BoltContext
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.intake.foreign_homes import HomeLookup
from bot.intake.requests import DELETED, EDITED, REFUSED, REQUEST
from bot.payloads import Ack, Action, ActionBody, Respond, clicker
from bot.routing.service import RoutingService
from bot.transport.clients import UNREACHABLE, error_code
from bot.ui import dialogs
from bot.ui.blocks import Rendered, actions, button, paragraph, refusal
from bot.ui.texts import common as texts
from router.errors import BudgetError, RateLimitError
from router.log import get_log
from router.store import Store
from router.types import Request

RUN_NEW = "run_new"


class MessageListener:
    """Runs on Bolt's threads, after the event is acknowledged."""

    def __init__(self, store: Store, routing: RoutingService, homes: HomeLookup) -> None:
        self._store = store
        self._routing = routing
        self._homes = homes
        self._log = get_log(part="messages")

    def listen(self, app: App) -> None:
        """Registers for messages, mentions and the button under an edited message."""
        app.event("app_mention")(self.handle)
        app.event("message")(self.handle)
        app.action(RUN_NEW)(self.rerun_edited)

    def handle(self, context: BoltContext, client: WebClient) -> None:
        """Acts on the request that intake put into the context."""
        new, deleted, edited = context.get(REQUEST), context.get(DELETED), context.get(EDITED)
        refused = context.get(REFUSED)
        if new is not None:
            self._routing.decide(self._homes.complete(new))
        if refused is not None:
            request, error = refused
            self._tell_refusal(request, error, client)
        for key in deleted or ():
            self._routing.wake(key, "withdraw")
        if edited is not None:
            self._offer_rerun(edited, client)

    def rerun_edited(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Answers the edited text in place of the old answer: for its author only, and once."""
        ack()
        value = dialogs.button_value(action)
        request = self._store.requests.get(str(value.get("request", "")))

        person = clicker(body)
        problem = None
        if request is None or request.asker != person:
            problem = texts.ALREADY
        else:
            try:
                if self._routing.redecide(request, value.get("revision", -1), person) is None:
                    problem = texts.ALREADY  # a click on an old button
            except BudgetError as error:
                problem = refusal(error)

        if problem is not None:
            respond(text=problem, response_type="ephemeral", replace_original=True)
            return

        respond(response_type="ephemeral", delete_original=True)

    def _tell_refusal(self, request: Request, error: RateLimitError, client: WebClient) -> None:
        """Tells the person alone that they ask too often, and until when nothing is accepted."""
        try:
            client.chat_postEphemeral(
                channel=request.channel,
                user=request.user,
                text=refusal(error),
                thread_ts=request.thread_ts,
            )
        except (SlackApiError, *UNREACHABLE) as failure:
            self._log.warning("refusal_not_told", request=request.id, error=error_code(failure))

    def _offer_rerun(self, request: Request, client: WebClient) -> None:
        """Asks the author whether to answer again; nothing runs again by itself."""
        decision = self._store.decisions.newest(request.id)
        if decision is None:
            return

        message = rerun_offer(request.id, decision.revision)
        client.chat_postEphemeral(
            channel=request.channel,
            user=request.user,
            text=message.text,
            blocks=message.blocks,
            thread_ts=request.thread_ts,
        )


def rerun_offer(request: str, revision: int) -> Rendered:
    """Returns the question whether an edited message is to be answered again."""
    again = button(texts.RUN_NEW, RUN_NEW, {"request": request, "revision": revision})
    return Rendered(texts.EDITED, [paragraph(texts.EDITED), actions([again])])
