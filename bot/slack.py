"""Answers in Slack: one visible message per request, however often a worker tries."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from bot import blocks, proposals, texts
from bot.live import Live
from router.errors import PathError
from router.log import get_log
from router.store.replies import Replies
from router.types import Decision, Outcome, Proposal, Request

EVENT_TYPE = "beagle_answer"
RETRIES = 3
SECONDS = 10
FOR_GOOD = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "account_inactive", "token_revoked", "missing_scope"}
)
UNREACHABLE = (URLError, HTTPException, ConnectionError, TimeoutError, socket.timeout)


class GatewayErrorRetryHandler(RetryHandler):
    """Retries 502 and 504, which the SDK's own handler leaves out."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        return response is not None and response.status_code in (502, 504)


def web_client(token: str, url: str, *, posting: bool = False) -> WebClient:
    """A client that honours Retry-After and retries what is safe to repeat.

    With `posting` only 429 is retried: after a reset or a 5xx the message may stand in Slack already, so it has to be
    looked for before it is posted again.
    """
    handlers: list[RetryHandler] = [RateLimitErrorRetryHandler(max_retry_count=RETRIES)]
    if not posting:
        handlers += [
            ServerErrorRetryHandler(max_retry_count=RETRIES),
            GatewayErrorRetryHandler(max_retry_count=RETRIES),
            ConnectionErrorRetryHandler(max_retry_count=RETRIES),
        ]
    return WebClient(token=token, base_url=url, timeout=SECONDS, retry_handlers=handlers)


class SlackReplies:
    """The `Replies` port on Slack's Web API."""

    def __init__(
        self,
        token: str,
        url: str,
        places: Replies,
        now: Callable[[], float],
        offers: Callable[[], Sequence[blocks.Offer]],
        proposal: Callable[[str], Proposal | None] | None = None,
    ) -> None:
        self._client = web_client(token, url)
        self._poster = web_client(token, url, posting=True)
        # What only makes waiting pleasant is never worth waiting for.
        self._nicety = WebClient(token=token, base_url=url, timeout=SECONDS, retry_handlers=[])
        self._places, self._now, self._offers, self._proposal = places, now, offers, proposal
        self._live: dict[str, Live] = {}
        self._lock = threading.Lock()
        self._streams = True
        self._log = get_log(part="slack")

    def working(self, request: Request, decision: Decision) -> None:
        """As the port says: a status line under the thread, which Slack clears when the answer comes."""
        status = texts.WORKING_ROUTE.format(route=decision.route) if decision.route else texts.WORKING
        try:
            self._nicety.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=status
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("no_status", request=request.id, error=_code(error))

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """As the port says, with Slack's own streaming; where it is missing, the whole answer comes at the end."""
        if not self._streams:
            return
        with self._lock:
            live = self._live.get(request.id)
        try:
            if live is None:
                live = self._open(request)
                if live is None:
                    return
            live.add(text)
        except SlackApiError as error:
            self._log.info("no_stream", request=request.id, error=_code(error))
            if _code(error) in ("unknown_method", "method_deprecated", "feature_not_enabled"):
                self._streams = False
            self._drop(request)
        except UNREACHABLE as error:
            self._log.info("no_stream", request=request.id, error=_code(error))
            self._drop(request)

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """As the port says; that a cap is used up is nobody's business but the asker's."""
        shown = blocks.answer(request, decision, outcome, self._offers())
        asking = self._proposal if outcome.kind == "tools" else None
        waiting = asking(f"{request.id}.{decision.revision}") if asking else None
        if waiting is not None:
            shown = proposals.with_question(shown, waiting)
        try:
            self._finish_stream(request)
            place = self._places.place(request.id)
            if place is None and outcome.error == "budget" and request.channel_kind != "dm":
                self._whisper(request, shown)
                return
            if place is None or place.ts is None:
                ts = self._post(request, shown, decision)
            else:
                ts = place.ts
                self._update(request, ts, shown, decision)
            self._places.shown(request.id, decision.revision)
            self._log.debug("delivered", request=request.id, ts=ts)
        except SlackApiError as error:
            code = _code(error)
            raise PathError(
                f"posting the answer to {request.id!r}: Slack said {code!r}", retry=code not in FOR_GOOD
            ) from error
        except UNREACHABLE as error:
            raise PathError(
                f"posting the answer to {request.id!r}: Slack was not reached ({_code(error)})", retry=True
            ) from error

    def _whisper(self, request: Request, shown: blocks.Shown) -> None:
        """The asker alone sees it, until they reload. A worker that dies here may say it twice."""
        # In a thread that nobody has answered yet Slack shows no such message, so it stands in the channel then.
        where = {"thread_ts": request.thread_ts} if request.thread_ts else {}
        self._client.chat_postEphemeral(
            channel=request.channel, user=request.user, text=shown.text, blocks=shown.blocks, parse="none", **where
        )
        try:  # the status line ends with the next message, and none will come
            self._nicety.assistant_threads_setStatus(channel_id=request.channel, thread_ts=request.thread, status="")
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("no_status", request=request.id, error=_code(error))

    def _open(self, request: Request) -> Live | None:
        """A stream whose ts is stored; None when an answer stands or may stand there already."""
        if self._places.announce(request.id, request.channel) is not None:
            return None
        response = self._nicety.chat_startStream(
            channel=request.channel,
            thread_ts=request.thread,
            recipient_team_id=request.team,
            recipient_user_id=request.user,
        )
        live = Live(self._nicety, request.channel, self._places.settle(request.id, str(response["ts"])), self._now)
        with self._lock:
            self._live[request.id] = live
        return live

    def _drop(self, request: Request) -> Live | None:
        with self._lock:
            return self._live.pop(request.id, None)

    def _finish_stream(self, request: Request) -> None:
        live = self._drop(request)
        if live is not None:
            self._stop(request.channel, live.ts)

    def _stop(self, channel: str, ts: str) -> None:
        try:
            self._client.chat_stopStream(channel=channel, ts=ts)
        except SlackApiError as error:
            # The stream ran out or was stopped before; the update that follows puts the whole answer there.
            self._log.info("stream_over", error=_code(error))

    def _post(self, request: Request, shown: blocks.Shown, decision: Decision) -> str:
        """The ts of the one message. A post whose fate is unknown is looked for first."""
        found = self._find(request) if self._places.announce(request.id, request.channel) is not None else None
        if found is not None:
            kept = self._places.settle(request.id, found)
            self._update(request, kept, shown, decision)
            return kept
        message = self._message(request, shown, decision)
        response = self._poster.chat_postMessage(
            channel=request.channel, thread_ts=request.thread, unfurl_links=False, unfurl_media=False, **message
        )
        ts = str(response["ts"])
        kept = self._places.settle(request.id, ts)
        if kept != ts:
            # Another worker, paused past its lease, had posted; theirs was recorded first.
            self._client.chat_delete(channel=request.channel, ts=ts)
            self._update(request, kept, shown, decision)
        return kept

    def _update(self, request: Request, ts: str, shown: blocks.Shown, decision: Decision) -> None:
        message: dict[str, Any] = self._message(request, shown, decision)
        try:
            self._client.chat_update(channel=request.channel, ts=ts, **message)
        except SlackApiError as error:
            code = _code(error)
            if code == "message_not_found":
                return  # somebody deleted the answer: they do not want it back
            if code not in ("cant_update_message", "message_in_streaming_state", "streaming_state_conflict"):
                raise
            # A worker that died left the message open for streaming.
            self._stop(request.channel, ts)
            self._client.chat_update(channel=request.channel, ts=ts, **message)

    def _find(self, request: Request) -> str | None:
        """An answer that reached Slack without being recorded: marked as this request's, or ours and nobody's."""
        response = self._client.conversations_replies(
            channel=request.channel, ts=request.thread, oldest=request.ts, limit=200, include_all_metadata=True
        )
        unknown = None
        found: list[dict[str, Any]] = response.get("messages", [])
        for message in found:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE:
                if metadata.get("event_payload", {}).get("request") == request.id:
                    return str(message["ts"])
            elif message.get("bot_id") and str(message["ts"]) > request.ts:
                owner = self._places.request_at(request.channel, str(message["ts"]))
                # A stream carries no metadata; one request of a thread is answered at a time, so it is this one's.
                unknown = str(message["ts"]) if owner is None else unknown
        return unknown

    def _message(self, request: Request, shown: blocks.Shown, decision: Decision) -> dict[str, Any]:
        payload = {"request": request.id, "revision": decision.revision, "route": decision.route or ""}
        return {
            "text": shown.text,
            "blocks": shown.blocks,
            "parse": "none",
            "link_names": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": payload},
        }


def _code(error: BaseException) -> str:
    """Slack's word for what went wrong, or the kind of the failure."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown_error"))
    return type(error).__name__
