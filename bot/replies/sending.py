"""Passes answers on in Slack: to a channel, to a person, back into a thread, as a reminder.

A post whose result is unknown is looked for in Slack before it is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import SERVER_ERRORS, UNREACHABLE, Clients, error_code
from bot.transport.pages import pages
from bot.ui.sent_message import (
    EVENT_TYPE,
    ending_text,
    is_reminder,
    metadata,
    reminder_text,
    sent_message,
)
from router.errors import SendError
from router.log import get_log
from router.store.requests.reminders import Reminders, ScheduledReminder
from router.store.requests.sendings import Sending
from router.store.workspace.audit import ActionOutcome
from router.types import Request

PAGE_SIZE, MAX_PAGES = 200, 10
"""Messages that are asked for at once, and how often, to find one that was posted without being
recorded: a page of Slack's may hold fewer than there are."""
EARLIER_SECONDS = 60.0
"""Slack's clock and ours may differ by so much."""
NOT_IN = ("not_in_channel", "channel_not_found", "is_archived")
BUSY = ("ratelimited", "rate_limited", "message_limit_exceeded", "restricted_too_many")
TOO_LATE = ("invalid_scheduled_message_id", "channel_not_found", "is_archived")
"""Slack's errors where nothing can be cancelled: it was posted, is posted within a minute, or will
never be (https://docs.slack.dev/reference/methods/chat.deleteScheduledMessage)."""
CODE = re.compile(r"[a-z0-9_]{1,80}")
"""Slack's own errors. Where a proxy answered in its place, the SDK puts the page there."""


class SlackSender:
    """The `Sender` port on Slack's Web API.

    `is_current` says right before a post whether it is still this worker's to make. `reminders`
    keeps where those are that Slack is to post.
    """

    def __init__(
        self, clients: Clients, is_current: Callable[[Sending], bool], reminders: Reminders
    ) -> None:
        self._clients = clients
        self._is_current = is_current
        self._reminders = reminders
        self._log = get_log(part="sending")

    def send(self, request: Request, sending: Sending) -> None:
        """See `Sender.send`."""
        has_begun = False
        try:
            clients = self._clients.for_team(request.team)
            channel = self._channel(clients.retrying, request, sending)
            if sending.resumed and self._is_there(clients.retrying, channel, request, sending):
                return
            if not self._is_current(sending):
                raise SendError("sending an answer: it was deleted", "gone", is_sure=True)

            if sending.kind == "reminder":
                self._begin_reminder(channel, request, sending)

            has_begun = True
            if sending.kind == "reminder":
                self._schedule(clients.posting, channel, request, sending)
            else:
                self._post(clients.posting, channel, request, sending)
        except SlackApiError as error:
            raise _refused(error) from error
        except UNREACHABLE as error:
            # Before the post nothing can have arrived; after it, the next try looks for it.
            raise SendError(
                f"sending an answer: Slack was not reached ({error_code(error)})",
                "unreachable",
                retry=True,
                is_sure=not has_begun,
            ) from error

    def cancel(self, reminder: ScheduledReminder) -> ActionOutcome | None:
        """See `Sender.cancel`."""
        try:
            client = self._clients.for_team(reminder.team).retrying
            ids = [reminder.scheduled] if reminder.scheduled else self._unrecorded(client, reminder)
            outcomes = [_delete_scheduled(client, reminder.channel, found) for found in ids]
        except SlackApiError as error:
            raise _refused(error) from error
        except UNREACHABLE as error:
            raise SendError(
                f"cancelling a reminder: Slack was not reached ({error_code(error)})",
                "unreachable",
                retry=True,
                is_sure=False,
            ) from error

        if not outcomes:
            return None

        return "applied" if all(outcomes) else "late"

    def tell(self, request: Request, sending: Sending) -> bool:
        """See `Sender.tell`. Only the person sees it."""
        text = ending_text(sending)
        try:
            client = self._clients.for_team(request.team).retrying
            if sending.kind == "reply":
                # Who answers is not in the thread: the message that asked them is where they are.
                client.chat_postMessage(channel=sending.user, text=text)
            else:
                client.chat_postEphemeral(
                    channel=request.channel,
                    user=sending.user,
                    thread_ts=request.thread,
                    text=text,
                )
        except SlackApiError as error:
            self._log.warning("presser_not_told", error=error_code(error))
            return True
        except UNREACHABLE as error:
            self._log.warning("presser_not_told", error=error_code(error))
            return False

        return True

    def _channel(self, client: WebClient, request: Request, sending: Sending) -> str:
        """Returns the conversation that it goes to."""
        if sending.kind == "channel":
            return sending.target
        if sending.kind == "person":
            opened: dict[str, Any] = client.conversations_open(users=sending.target)["channel"]
            return str(opened["id"])

        return request.channel

    def _post(self, client: WebClient, channel: str, request: Request, sending: Sending) -> None:
        message = sent_message(sending.kind, sending.content, sending.key)
        client.chat_postMessage(
            channel=channel,
            thread_ts=request.thread if sending.kind == "reply" else None,
            text=message.text,
            blocks=message.blocks,
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
            metadata=metadata(sending),
        )

    def _schedule(
        self, client: WebClient, channel: str, request: Request, sending: Sending
    ) -> None:
        scheduled = client.chat_scheduleMessage(
            channel=channel,
            thread_ts=request.thread,
            post_at=int(sending.post_at),
            # Without metadata: Slack would never post it.
            text=reminder_text(sending.content),
        )
        self._reminders.record(sending.key, str(scheduled["scheduled_message_id"]))

    def _begin_reminder(self, channel: str, request: Request, sending: Sending) -> None:
        new = ScheduledReminder(
            key=sending.key,
            team=request.team,
            channel=channel,
            request=request.id,
            user=sending.user,
            # When this try has ended at the latest.
            at=sending.wake_at or sending.at,
            post_at=sending.post_at,
        )
        if not self._reminders.begin(new):
            raise SendError("sending a reminder: its words were deleted", "gone", is_sure=True)

    def _unrecorded(self, client: WebClient, reminder: ScheduledReminder) -> list[str]:
        """Returns the ids of reminders for that second which no worker lived to record."""
        found = []
        for message in _scheduled(client, reminder.channel, reminder.post_at):
            key = str(message.get("id"))
            if is_reminder(message) and not self._reminders.is_recorded(key):
                found.append(key)

        return found

    def _is_there(
        self, client: WebClient, channel: str, request: Request, sending: Sending
    ) -> bool:
        """Returns whether an earlier try reached Slack."""
        if sending.kind == "reminder":
            # Slack lists neither thread nor metadata of what is scheduled: text and second decide.
            text = reminder_text(sending.content)
            for message in _scheduled(client, channel, sending.post_at):
                if _same_text(message, text):
                    self._reminders.record(sending.key, str(message.get("id")))
                    return True

            return False

        since = {"channel": channel, "oldest": str(sending.at - EARLIER_SECONDS)}
        if sending.kind == "reply":
            read = _pages(
                client.conversations_replies,
                ts=request.thread,
                include_all_metadata=True,
                **since,
            )
        else:
            read = _pages(client.conversations_history, include_all_metadata=True, **since)

        return any(_is_marked(one, sending.key) for page in read for one in page["messages"])


def _pages(method: Callable[..., Any], **arguments: Any) -> Iterator[Any]:
    return pages(method, MAX_PAGES, limit=PAGE_SIZE, **arguments)


def _is_marked(message: Any, key: str) -> bool:
    """Returns whether the message carries the key of this sending, unseen by people."""
    marked = message.get("metadata") or {}
    payload = marked.get("event_payload") or {}
    return marked.get("event_type") == EVENT_TYPE and payload.get("key") == key


def _scheduled(client: WebClient, channel: str, post_at: float) -> Iterator[Any]:
    """Yields what Slack is to post in the channel at that second."""
    at = str(int(post_at))
    for page in _pages(client.chat_scheduledMessages_list, channel=channel, oldest=at, latest=at):
        yield from page["scheduled_messages"]


def _delete_scheduled(client: WebClient, channel: str, key: str) -> bool:
    """Deletes a scheduled message; returns False where Slack has posted it, or is about to."""
    try:
        client.chat_deleteScheduledMessage(channel=channel, scheduled_message_id=key)
    except SlackApiError as error:
        if error_code(error) not in TOO_LATE:
            raise

        return False

    return True


def _same_text(scheduled: Any, text: str) -> bool:
    return " ".join(str(scheduled.get("text")).split()) == " ".join(text.split())


def _refused(error: SlackApiError) -> SendError:
    """Returns what Slack's refusal means for the sending."""
    code = error_code(error)
    doing = f"sending an answer: Slack said {code[:80]!r}"
    if code in BUSY:
        return SendError(doing, "busy", retry=True, is_sure=True)
    if code in SERVER_ERRORS or not CODE.fullmatch(code):
        return SendError(doing, "unreachable", retry=True, is_sure=False)

    return SendError(doing, "not_in_channel" if code in NOT_IN else code, is_sure=True)
