"""What happens after a message was remembered and acknowledged: it is decided; a changed or deleted one is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.intake.requests import DELETED, EDITED, REQUEST
from bot.routing.service import Decider
from bot.transport.clients import UNREACHABLE, code
from bot.ui import dialogs as forms
from bot.ui.blocks import button, words
from bot.ui.texts import common as texts
from router.log import get_log
from router.store import Store
from router.types import Request

RUN_NEW = "run_new"


class Messages:
    """On Bolt's threads, after the ack."""

    def __init__(self, store: Store, decider: Decider) -> None:
        self._store, self._decider = store, decider
        self._log = get_log(part="messages")

    def listen(self, app: App) -> None:
        """Messages, mentions and the button under a changed message are answered."""
        app.event("app_mention")(self.heard)
        app.event("message")(self.heard)
        app.action(RUN_NEW)(self.run_new)

    def heard(self, context: Any, client: WebClient) -> None:
        """What intake found is acted upon."""
        steps: tuple[tuple[str, Callable[[Request, WebClient], None]], ...] = (
            (REQUEST, lambda request, _: self._decide(request)),
            (DELETED, self._deleted),
            (EDITED, self._edited),
        )
        for name, act in steps:
            request = context.get(name)
            if request is not None:
                act(request, client)

    def run_new(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """The new words are decided and answered in place of the old answer, once, for their author only."""
        ack()
        value = forms.parsed(str(action.get("value", "")))
        request = self._store.requests.get(str(value.get("request", "")))

        mine = (
            request is not None
            and request.user == body["user"]["id"]
            and request.team == body["team"]["id"]
        )
        if (
            request is None
            or not mine
            or self._decider.again(request, int(value.get("revision", -1))) is None
        ):
            respond(text=texts.ALREADY, response_type="ephemeral", replace_original=True)
            return

        respond(response_type="ephemeral", delete_original=True)

    def _decide(self, request: Request) -> None:
        self._decider.decide(request)

    def _deleted(self, request: Request, client: WebClient) -> None:
        """The answer goes with the message, and so does what was kept of both."""
        place = self._store.replies.place(request.id)
        if place is not None and place.ts is not None:
            try:
                client.chat_delete(channel=place.channel, ts=place.ts)
            except (SlackApiError, *UNREACHABLE) as error:
                self._log.info("answer_not_deleted", request=request.id, error=code(error))

        self._store.requests.forget([request.id])
        self._log.info("deleted", request=request.id)

    def _edited(self, request: Request, client: WebClient) -> None:
        """The author is asked; nothing runs again by itself."""
        decision = self._store.decisions.newest(request.id)
        if decision is None:
            return

        press = button(
            texts.RUN_NEW, RUN_NEW, {"request": request.id, "revision": decision.revision}
        )
        client.chat_postEphemeral(
            channel=request.channel,
            user=request.user,
            text=texts.EDITED,
            blocks=[words(texts.EDITED), {"type": "actions", "elements": [press]}],
            thread_ts=request.thread_ts,
        )
