"""Posts the one visible message of a request, and updates it.

A post whose result is unknown (a worker died, the connection broke) is looked for in Slack before
it is repeated, so that nobody sees two answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.errors import SlackApiError

from bot.replies.deletion import OPEN_STREAM, delete_message
from bot.replies.streaming import AnswerStreams
from bot.replies.thread_pages import MessageMetadata, PostedMessage, ThreadPages
from bot.transport.clients import Clients, error_code
from bot.ui.blocks import Rendered
from bot.ui.sent_message import is_reminder
from router.errors import StoppedError
from router.store.requests.replies import OutboxEntry, ReplyOutbox
from router.types import Decision, Request

EVENT_TYPE = "beagle_answer"
"""Marks our answers in Slack's message metadata."""


class AnswerPoster:
    """Keeps one message per request. Every method raises SlackApiError or one of `UNREACHABLE`."""

    def __init__(self, clients: Clients, outbox: ReplyOutbox, streams: AnswerStreams) -> None:
        self._clients = clients
        self._outbox = outbox
        self._streams = streams
        self._pages = ThreadPages(clients)

    def show(
        self, request: Request, message: Rendered, decision: Decision, entry: OutboxEntry | None
    ) -> str:
        """Makes the request's one message show this; returns its ts.

        `entry` says where it is posted, as it was read a moment ago.
        """
        if entry is None or entry.ts is None:
            return self._post(request, message, decision)

        self._update(request, entry.ts, message, decision)
        return entry.ts

    def thread_messages(self, request: Request) -> list[PostedMessage]:
        """Returns the messages of the request's thread that were posted since the request."""
        return self._pages.read(request)

    def _post(self, request: Request, message: Rendered, decision: Decision) -> str:
        """Posts the message, or updates the one that an earlier attempt posted; returns its ts."""
        # An entry from before means that an earlier attempt may have reached Slack unrecorded.
        earlier = self._outbox.begin_post(request.id, request.channel)
        posted = None
        if earlier is not None:
            posted = self.find_unrecorded(request, self.thread_messages(request))
        if posted is not None:
            recorded = self._record(request, posted)
            self._update(request, recorded, message, decision)
            return recorded

        response = self._clients.for_team(request.team).posting.chat_postMessage(
            channel=request.channel,
            thread_ts=request.thread,
            unfurl_links=False,
            unfurl_media=False,
            text=message.text,
            blocks=message.blocks,
            parse="none",
            link_names=False,
            metadata=_metadata(request, decision),
        )
        ts = str(response["ts"])

        recorded = self._record(request, ts)
        if recorded != ts:
            # Another worker, paused past its lease, had posted too, and its message was recorded
            # first. Ours is the second visible answer, so it goes.
            client = self._clients.for_team(request.team).retrying
            delete_message(client, request.channel, ts)
            self._update(request, recorded, message, decision)

        return recorded

    def _record(self, request: Request, ts: str) -> str:
        """Records our message and returns the ts that counts.

        Raises StoppedError, without our message, when the question was deleted meanwhile.
        """
        recorded = self._outbox.complete_post(request.id, ts)
        if recorded is None:
            client = self._clients.for_team(request.team).retrying
            delete_message(client, request.channel, ts)
            raise StoppedError(f"posting the answer to {request.id!r}: its message was deleted")

        return recorded

    def _update(self, request: Request, ts: str, message: Rendered, decision: Decision) -> None:
        try:
            self._send_update(request, ts, message, decision)
        except SlackApiError as error:
            if error_code(error) == "message_not_found":
                return  # somebody deleted the answer: they do not want it back
            if error_code(error) not in OPEN_STREAM:
                raise

            # A worker that died left the message open for streaming.
            self._streams.stop(request, ts)
            self._send_update(request, ts, message, decision)

    def _send_update(
        self, request: Request, ts: str, message: Rendered, decision: Decision
    ) -> None:
        self._clients.for_team(request.team).retrying.chat_update(
            channel=request.channel,
            ts=ts,
            text=message.text,
            blocks=message.blocks,
            parse="none",
            link_names=False,
            metadata=_metadata(request, decision),
        )

    def find_unrecorded(self, request: Request, messages: Sequence[PostedMessage]) -> str | None:
        """Returns the ts of an answer that reached Slack without being recorded.

        `messages` are those of its thread. It is one whose metadata names this request, or else one
        of ours that belongs to no request.
        """
        unclaimed = []
        for message in messages:
            ts = message["ts"]
            metadata: MessageMetadata = message.get("metadata") or {}

            if metadata.get("event_type"):
                payload = metadata.get("event_payload", {})
                if metadata["event_type"] == EVENT_TYPE and payload.get("request") == request.id:
                    return ts
                # Another request's answer, or what a person had us post.
                continue

            # A stream carries no metadata. One request of a thread is answered at a time, so a
            # message of ours that no request owns is this one's.
            is_other = "bot_id" not in message or message.get("files") or is_reminder(message)
            if is_other or ts <= request.ts:
                continue
            if self._outbox.request_at(request.team, request.channel, ts) is None:
                unclaimed.append(message)

        if not unclaimed:
            return None

        # Other apps write in threads, too: their messages can be neither changed nor deleted.
        me = self._clients.for_team(request.team).retrying.auth_test().get("bot_id")
        ours = [message["ts"] for message in unclaimed if message.get("bot_id") == me]
        return ours[-1] if ours else None


def _metadata(request: Request, decision: Decision) -> dict[str, object]:
    payload = {
        "request": request.id,
        "revision": decision.revision,
        "route": decision.route or "",
    }
    return {"event_type": EVENT_TYPE, "event_payload": payload}
