"""Shortcuts on a message: ask Beagle about it, or say that its answer took the wrong route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.intake.message_files import file_ids
from bot.intake.message_text import strip_mention
from bot.intake.requests import DECIDE_SECONDS
from bot.listeners.route_correction import RouteCorrection
from bot.payloads import Ack, Respond, ShortcutBody, clicker, clicker_home, team_and_user
from bot.routing.service import RoutingService
from bot.transport.clients import UNREACHABLE, error_code
from bot.ui.blocks import refusal
from bot.ui.ephemeral import send_text
from bot.ui.texts import common as texts
from router.errors import RateLimitError
from router.log import get_log
from router.store import Store
from router.types import Request
from workers.knowledge.membership import ReadingRights
from workers.knowledge.sources.slack_message import home_team

ASK, WRONG = "ask_beagle", "wrong_route"
NOT_A_MEMBER = frozenset({"channel_not_found", "not_in_channel"})


class ShortcutListener:
    """Answers both shortcuts. `me` returns Beagle's own user in a workspace."""

    def __init__(
        self,
        store: Store,
        routing: RoutingService,
        correction: RouteCorrection,
        rights: ReadingRights,
        me: Callable[[str], str],
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._routing = routing
        self._correction = correction
        self._rights = rights
        self._me = me
        self._new_id = new_id
        self._now = routing.admins.now
        self._log = get_log(part="shortcuts")

    def listen(self, app: App) -> None:
        """Registers for both shortcuts."""
        app.message_shortcut(ASK)(self.ask)
        app.message_shortcut(WRONG)(self.ask_for_route)

    def ask(self, ack: Ack, body: ShortcutBody, client: WebClient, respond: Respond) -> None:
        """Stores the message as a request of the person who clicked; acknowledges, then decides."""
        team, user = team_and_user(body)
        message = body["message"]
        text = strip_mention(message.get("text") or "", self._me(team))
        author = message.get("user") or ""

        # Words without an author could not be erased with them.
        if not text or not author or message.get("bot_id"):
            ack()
            send_text(respond, texts.NOTHING_TO_ASK)
            return

        is_other = (author, home_team(message, team)) != (user, clicker_home(body))
        if is_other and self._store.opt_outs.is_opted_out(team, author, home_team(message, team)):
            ack()
            send_text(respond, texts.AUTHOR_LEFT_OUT)
            return

        try:
            self._routing.limit.check(clicker(body))
        except RateLimitError as error:
            ack()
            send_text(respond, refusal(error))
            return

        request = self._request(body, text)
        is_new = self._store.requests.insert(request, self._now() + DECIDE_SECONDS)
        # Only now: without an acknowledgement Slack tells the person that it failed, and nothing
        # that was acknowledged may be lost. Not later: Slack waits three seconds for it.
        ack()
        if not is_new:
            return

        if not self._can_answer_in(client, request):
            self._store.requests.ignore(request.id)
            send_text(respond, texts.INVITE_ME)
            return

        self._log.info("received", request=request.id, source="shortcut", length=len(text))
        self._routing.decide(self._with_channel_kind(request))

    def _with_channel_kind(self, request: Request) -> Request:
        """Returns the request with its channel's kind, for which Slack may have to be asked."""
        kind = self._rights.channel_kind(request.team, request.channel)
        if kind != request.channel_kind:
            self._store.requests.set_channel_kind(request.id, kind)

        return replace(request, channel_kind=kind)

    def ask_for_route(
        self, ack: Ack, body: ShortcutBody, client: WebClient, respond: Respond
    ) -> None:
        """Opens the correction dialog, for one of our answers or the message that it answers."""
        ack()
        team, _ = team_and_user(body)
        channel, ts = _channel(body), body["message_ts"]

        request = self._store.requests.find(team, channel, ts)
        key = request.id if request else self._store.replies.request_at(team, channel, ts)
        trigger = body.get("trigger_id", "")
        if key is None or not self._correction.show_dialog(client, trigger, key, body):
            send_text(respond, texts.NOT_AN_ANSWER)

    def _request(self, body: ShortcutBody, text: str) -> Request:
        team, user = team_and_user(body)
        channel = _channel(body)
        home = clicker_home(body)
        # The words are those of whoever wrote them, not of whoever asks about them.
        writer = (body["message"].get("user") or "", home_team(body["message"], team))
        author, author_team = ("", "") if writer == (user, home) else writer

        return Request(
            id=self._new_id(),
            team=team,
            channel=channel,
            user=user,
            # The message may be a request already. This is another one, at the time of the click.
            ts=body["action_ts"],
            event_id=f"shortcut:{team}:{channel}:{body['action_ts']}",
            text=text,
            received_at=self._now(),
            thread_ts=body["message"].get("thread_ts") or body["message_ts"],
            # Slack's word: neither the id's first letter nor a name says what a channel is.
            channel_kind=self._rights.stored_channel_kind(team, channel) or "private",
            source="shortcut",
            user_team=home,
            author=author,
            author_team=author_team,
            files=file_ids(body["message"]),
        )

    def _can_answer_in(self, client: WebClient, request: Request) -> bool:
        """Returns whether Beagle is in the channel, by trying to set a status line there."""
        try:
            client.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=texts.WORKING
            )
        except SlackApiError as error:
            return error_code(error) not in NOT_A_MEMBER
        except UNREACHABLE:
            return True  # nothing is known, and the worker tries again

        return True


def _channel(body: ShortcutBody) -> str:
    channel = body.get("channel")
    return channel["id"] if channel else ""
