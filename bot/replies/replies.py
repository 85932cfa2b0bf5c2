"""Answers in Slack: one visible message per request, however often a worker tries."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.replies import proposals
from bot.replies.streaming import Growing
from bot.transport.clients import UNREACHABLE, Clients, web_client
from bot.transport.clients import code as _code
from bot.ui import blocks
from bot.ui.texts import common as texts
from router.errors import NoTokenError, PathError
from router.log import get_log
from router.store.requests.replies import Replies
from router.types import Decision, Outcome, Proposal, Request
from workers.ports import Step

__all__ = ["EVENT_TYPE", "UNREACHABLE", "SlackReplies", "web_client"]

EVENT_TYPE = "beagle_answer"
TITLE = 60
REFUSED = frozenset({"invalid_blocks", "invalid_attachments", "msg_blocks_too_long"})
"""Slack does not take these blocks there; plainer ones may do."""
FULL_SECONDS = 15.0
"""When Slack, or its pace that we keep, has no room for an answer, it is tried again within so
long."""
FOR_GOOD = frozenset({"channel_not_found", "not_in_channel", "is_archived", "missing_scope"})
NO_TOKEN = frozenset(
    {"account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed"}
)


class SlackReplies:
    """The `Replies` port on Slack's Web API."""

    def __init__(
        self,
        clients: Clients,
        places: Replies,
        now: Callable[[], float],
        offers: Callable[[], Sequence[blocks.Offer]],
        proposal: Callable[[str], Proposal | None] | None = None,
    ) -> None:
        self._clients = clients
        self._places, self._offers, self._proposal = places, offers, proposal
        self._growing = Growing(clients, places, now)
        self._log = get_log(part="slack")

    def working(self, request: Request, decision: Decision) -> None:
        """As the port says: a status line under the thread, which Slack clears when the answer comes."""
        status = (
            texts.WORKING_ROUTE.format(route=decision.route) if decision.route else texts.WORKING
        )
        try:
            nicety = self._clients.of(request.team).nicety
            nicety.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=status
            )
            # A session in "processing" is what Slack's Stop button hangs on.
            # What the thread began with names it; a follow-up does not.
            said = re.sub(r"^!\w+\s+", "", " ".join(request.text.split()))
            title = blocks.clipped(said, TITLE) or EVENT_TYPE
            named = {"title": title} if request.thread == request.ts else {}
            nicety.agents_sessions_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status="processing", **named
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("no_status", request=request.id, error=_code(error))

    def _rested(self, request: Request) -> None:
        """The session is over for now; Slack leaves that to us."""
        try:
            self._clients.of(request.team).nicety.agents_sessions_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status="active"
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("no_session", request=request.id, error=_code(error))

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """As the port says, with Slack's own streaming; where it is missing, the whole answer comes at the end."""
        self._growing.text(request, decision, text)

    def step(self, request: Request, decision: Decision, step: Step) -> None:
        """As the port says."""
        self._growing.step(request, decision, step)

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """As the port says; that a cap is used up is nobody's business but the asker's."""
        shown = blocks.answer(request, decision, outcome, self._offers())
        asking = self._proposal if outcome.kind == "tools" else None

        waiting = asking(f"{request.id}.{decision.revision}") if asking else None
        if waiting is not None:
            shown = proposals.with_question(shown, waiting)

        try:
            self._growing.finish(request)

            place = self._places.place(request.id)
            if place is None and outcome.error == "budget" and request.channel_kind != "dm":
                self._whisper(request, shown)
                return

            ts = self._show(request, place.ts if place else None, shown, decision)
            if len(outcome.text) > blocks.ANSWER_LIMIT and (
                place is None or place.revision != decision.revision
            ):
                self._attach(request, decision, outcome, again=place is not None)

            self._places.shown(request.id, decision.revision)
            self._rested(request)
            self._log.debug("delivered", request=request.id, ts=ts)
        except SlackApiError as error:
            code = _code(error)
            if code in NO_TOKEN:
                raise NoTokenError(
                    f"posting the answer to {request.id!r}: Slack said {code!r}; install Beagle there again, or set "
                    "SLACK_BOT_TOKEN to the new token"
                ) from error

            raise PathError(
                f"posting the answer to {request.id!r}: Slack said {code!r}",
                retry=code not in FOR_GOOD,
                within=FULL_SECONDS if code == "ratelimited" else None,
            ) from error
        except UNREACHABLE as error:
            raise PathError(
                f"posting the answer to {request.id!r}: Slack was not reached ({_code(error)})",
                retry=True,
            ) from error

    def _attach(
        self, request: Request, decision: Decision, outcome: Outcome, *, again: bool
    ) -> None:
        """The whole text stands below as a file of plain text, once: another worker's is looked for first."""
        name = f"answer-{request.id}-{decision.revision}.txt"
        client = self._clients.of(request.team).patient

        try:
            if again and any(
                file.get("name") == name
                for one in self._thread(request)
                for file in one.get("files", [])
            ):
                return

            client.files_upload_v2(
                channel=request.channel,
                thread_ts=request.thread,
                filename=name,
                title=texts.WHOLE_ANSWER,
                content=outcome.text,
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("not_attached", request=request.id, error=_code(error))

    def _thread(self, request: Request) -> list[dict[str, Any]]:
        """The messages of the request's thread since it came."""
        response = self._clients.of(request.team).patient.conversations_replies(
            channel=request.channel,
            ts=request.thread,
            oldest=request.ts,
            limit=200,
            include_all_metadata=True,
        )

        found: list[dict[str, Any]] = response.get("messages", [])
        return found

    def _whisper(self, request: Request, shown: blocks.Shown) -> None:
        """The asker alone sees it, until they reload. A worker that dies here may say it twice."""
        # In a thread that nobody has answered yet Slack shows no such message, so it stands in the
        # channel then.
        self._clients.of(request.team).patient.chat_postEphemeral(
            channel=request.channel,
            user=request.user,
            text=shown.text,
            blocks=shown.blocks,
            parse="none",
            thread_ts=request.thread_ts,
        )
        try:  # the status line ends with the next message, and none will come
            nicety = self._clients.of(request.team).nicety
            nicety.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=""
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("no_status", request=request.id, error=_code(error))

    def _show(
        self, request: Request, ts: str | None, shown: blocks.Shown, decision: Decision
    ) -> str:
        """As `_put`, in plainer blocks where Slack refuses these; in the end as nothing but words."""
        barest = blocks.barest(shown)
        try:
            return self._put(request, ts, shown, decision)
        except SlackApiError as error:
            if _code(error) not in REFUSED or shown == barest:
                raise

            self._log.info("plainer_blocks", request=request.id, error=_code(error))

        place = self._places.place(request.id)
        return self._show(request, place.ts if place else None, shown.plainer or barest, decision)

    def _put(
        self, request: Request, ts: str | None, shown: blocks.Shown, decision: Decision
    ) -> str:
        """The ts of the one message, which shows this now; None for `ts` where none is known to stand yet."""
        if ts is None:
            return self._post(request, shown, decision)

        self._update(request, ts, shown, decision)
        return ts

    def _post(self, request: Request, shown: blocks.Shown, decision: Decision) -> str:
        """The ts of the one message. A post whose fate is unknown is looked for first."""
        found = (
            self._find(request)
            if self._places.announce(request.id, request.channel) is not None
            else None
        )
        if found is not None:
            kept = self._places.settle(request.id, found)
            self._update(request, kept, shown, decision)
            return kept

        message = self._message(request, shown, decision)
        response = self._clients.of(request.team).poster.chat_postMessage(
            channel=request.channel,
            thread_ts=request.thread,
            unfurl_links=False,
            unfurl_media=False,
            **message,
        )

        ts = str(response["ts"])

        kept = self._places.settle(request.id, ts)
        if kept != ts:
            # Another worker, paused past its lease, had posted; theirs was recorded first.
            self._clients.of(request.team).patient.chat_delete(channel=request.channel, ts=ts)
            self._update(request, kept, shown, decision)

        return kept

    def _update(self, request: Request, ts: str, shown: blocks.Shown, decision: Decision) -> None:
        message: dict[str, Any] = self._message(request, shown, decision)
        try:
            self._clients.of(request.team).patient.chat_update(
                channel=request.channel, ts=ts, **message
            )
        except SlackApiError as error:
            code = _code(error)
            if code == "message_not_found":
                return  # somebody deleted the answer: they do not want it back

            if code not in (
                "cant_update_message",
                "message_in_streaming_state",
                "streaming_state_conflict",
            ):
                raise

            # A worker that died left the message open for streaming.
            self._growing.stop(request, ts)
            self._clients.of(request.team).patient.chat_update(
                channel=request.channel, ts=ts, **message
            )

    def _find(self, request: Request) -> str | None:
        """An answer that reached Slack without being recorded: marked as this request's, or ours and nobody's."""
        unknown = None
        for message in self._thread(request):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE:
                if metadata.get("event_payload", {}).get("request") == request.id:
                    return str(message["ts"])
            elif (
                message.get("bot_id")
                and not message.get("files")
                and str(message["ts"]) > request.ts
            ):
                owner = self._places.request_at(request.channel, str(message["ts"]), request.team)
                # A stream carries no metadata; one request of a thread is answered at a time, so it
                # is this one's.
                unknown = str(message["ts"]) if owner is None else unknown

        return unknown

    def _message(self, request: Request, shown: blocks.Shown, decision: Decision) -> dict[str, Any]:
        payload = {
            "request": request.id,
            "revision": decision.revision,
            "route": decision.route or "",
        }

        return {
            "text": shown.text,
            "blocks": shown.blocks,
            "parse": "none",
            "link_names": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": payload},
        }
