"""Shortcuts on a message: ask Beagle about it, or say that its answer took the wrong route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.intake.requests import DECIDE_SECONDS, TEXT_LIMIT, clean
from bot.listeners.answer_actions import Actions
from bot.routing.service import Decider
from bot.transport.clients import UNREACHABLE, code
from bot.transport.events import KINDS, home_of
from bot.ui.texts import common as texts
from router.log import get_log
from router.store import Store
from router.types import Request

ASK, WRONG = "ask_beagle", "wrong_route"
CHANNEL_TYPES = {"C": "channel", "G": "group", "D": "im"}


class Shortcuts:
    """Answers both shortcuts. `me` gives Beagle's own user in a workspace."""

    def __init__(
        self,
        store: Store,
        decider: Decider,
        actions: Actions,
        me: Callable[[str], str],
        ids: Callable[[], str],
    ) -> None:
        self._store, self._decider, self._actions, self._me, self._ids = (
            store,
            decider,
            actions,
            me,
            ids,
        )

        self._log = get_log(part="shortcuts")

    def listen(self, app: App, now: Callable[[], float]) -> None:
        """Both are heard from now on."""
        self._now = now
        app.message_shortcut(ASK)(self.ask)
        app.message_shortcut(WRONG)(self.wrong)

    def ask(self, ack: Any, body: dict[str, Any], client: WebClient, respond: Any) -> None:
        """The message is a request of the person who took the shortcut; stored before Slack is answered."""
        team, user, message = body["team"]["id"], body["user"]["id"], body["message"]
        text = clean(str(message.get("text") or ""), self._me(team))[:TEXT_LIMIT]
        author = str(message.get("user") or "")

        if not text or message.get("bot_id"):
            ack()
            respond(text=texts.NOTHING_TO_ASK, response_type="ephemeral", replace_original=False)
            return

        if author != user and self._store.opt_outs.out(team, author):
            ack()
            respond(text=texts.AUTHOR_LEFT_OUT, response_type="ephemeral", replace_original=False)
            return

        channel = str(body["channel"]["id"])

        request = Request(
            id=self._ids(),
            team=team,
            channel=channel,
            user=user,
            # The message may be a request already; the shortcut is one of its own, at the time it
            # was taken.
            ts=str(body["action_ts"]),
            event_id=f"shortcut:{team}:{channel}:{body['action_ts']}",
            text=text,
            received_at=self._now(),
            thread_ts=str(message.get("thread_ts") or body["message_ts"]),
            channel_kind=KINDS.get(CHANNEL_TYPES.get(channel[:1], ""), "private"),
            source="shortcut",
            user_team=home_of({"user_team": body["user"].get("team_id")}, team),
        )
        if not self._inside(client, request):
            ack()
            respond(text=texts.INVITE_ME, response_type="ephemeral", replace_original=False)
            return

        fresh = self._store.requests.remember(request, self._now() + DECIDE_SECONDS)
        ack()

        if fresh:
            self._log.info("received", request=request.id, source="shortcut", length=len(text))
            self._decider.decide(request)

    def wrong(self, ack: Any, body: dict[str, Any], client: WebClient, respond: Any) -> None:
        """The dialog of *Wrong route?* is open, for an answer of ours or for the message that it answers."""
        ack()
        channel, ts, team = (
            str(body["channel"]["id"]),
            str(body["message_ts"]),
            str(body["team"]["id"]),
        )

        found = self._store.requests.find(channel, ts, team)
        key = found.id if found else self._store.replies.request_at(channel, ts, team)
        if key is None or not self._actions.show_dialog(client, str(body["trigger_id"]), key, body):
            respond(text=texts.NOT_AN_ANSWER, response_type="ephemeral", replace_original=False)

    def _inside(self, client: WebClient, request: Request) -> bool:
        """Whether we may answer there. The sign of life that an answer begins with tells."""
        try:
            client.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=texts.WORKING
            )
        except SlackApiError as error:
            return code(error) not in ("channel_not_found", "not_in_channel")
        except UNREACHABLE:
            return True

        return True
