"""Answers in Slack: one visible message per request, however often a worker tries."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from slack_sdk.errors import SlackApiError

from bot.replies import proposals
from bot.replies.posting import EVENT_TYPE, AnswerPoster
from bot.replies.streaming import AnswerStreams
from bot.replies.withdrawal import AnswerRemover, attachment_prefix
from bot.transport.clients import UNREACHABLE, Clients, error_code
from bot.ui import blocks, outcome_text
from bot.ui.texts import common as texts
from router.errors import NoTokenError, PathError
from router.kinds import SIDE_EFFECT_KINDS
from router.log import get_log
from router.store.requests.replies import OutboxEntry, ReplyOutbox
from router.store.requests.sendings import Sending
from router.text.printable import shorten
from router.types import (
    SECOND_REQUEST,
    Decision,
    Outcome,
    Proposal,
    Request,
    RouteOffer,
    SlackPerson,
)
from workers.ports import Activity

MAX_TITLE = 60
"""Characters of a session's title."""
RATE_LIMIT_SECONDS = 15.0
"""How soon an answer is tried again when Slack, or our own pacing, has no room for it."""
PERMANENT_ERRORS = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "messages_tab_disabled",
        "missing_scope",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
    }
)
"""Slack's errors that a second attempt does not change."""
TOKEN_ERRORS = frozenset(
    {"account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed"}
)


class SlackReplies:
    """The `Replies` port on Slack's Web API.

    `offers` returns the routes that the asker may use where they asked, `proposal` what an answer
    asks them to confirm, `part` the request that a click made of the other one in its message,
    `sent` where people passed an answer on.
    """

    def __init__(
        self,
        clients: Clients,
        replies: ReplyOutbox,
        now: Callable[[], float],
        offers: Callable[[Request], Sequence[RouteOffer]],
        proposal: Callable[[str], Proposal | None] | None = None,
        part: Callable[[str], Request | None] | None = None,
        sent: Callable[[str, int], Sequence[Sending]] = lambda *_: (),
    ) -> None:
        self._clients = clients
        self._outbox = replies
        self._offers = offers
        self._proposal = proposal
        self._part = part
        self._sent = sent
        self._streams = AnswerStreams(clients, replies, now)
        self._poster = AnswerPoster(clients, replies, self._streams)
        self._remover = AnswerRemover(clients, replies, self._poster)
        self._log = get_log(part="slack")

    def show_working(self, request: Request, decision: Decision) -> None:
        """See `Replies.show_working`. Slack clears this status line with the next message."""
        status = texts.WORKING
        if decision.route:
            status = texts.WORKING_ROUTE.format(route=decision.route)

        try:
            self._set_status(request, status)
            # Slack shows its Stop button only for a session that is "processing".
            self._set_session(request, "processing", title=_session_title(request))
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("slack_status_failed", request=request.id, error=error_code(error))

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """See `Replies.stream`. Where Slack does not stream, the answer comes at the end."""
        self._streams.append(request, decision, text)

    def show_activity(self, request: Request, decision: Decision, step: Activity) -> None:
        """See `workers.ports.Replies.show_activity`."""
        self._streams.show_activity(request, decision, step)

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """See `Replies.deliver`. Only the person whose budget is used up sees that it is."""
        part = None
        if self._part is not None and SECOND_REQUEST in decision.reason:
            part = self._part(request.id)

        offers, proposal = self._offers(request), None
        if self._proposal is not None and outcome.kind in SIDE_EFFECT_KINDS:
            proposal = self._proposal(f"{request.id}.{decision.revision}")

        try:
            # First: Slack refuses to update a message that is still open for streaming.
            self._streams.finish(request)
            entry = self._outbox.get(request.id)
            # What is not shown yet was sent nowhere.
            sent = self._sent(request.id, decision.revision) if entry is not None else ()
            message = blocks.answer(request, decision, outcome, offers, part, sent)
            if proposal is not None:
                message = proposals.with_confirmation(message, proposal)

            self._deliver(request, decision, outcome, message, entry)
        except (SlackApiError, *UNREACHABLE) as error:
            _raise_path_error(request, error)

    def withdraw(self, request: Request) -> bool:
        """See `Replies.withdraw`."""
        try:
            is_clear = self._remover.remove(request)
            self._end_session(request)
        except (SlackApiError, *UNREACHABLE) as error:
            _raise_path_error(request, error)

        return is_clear

    def _deliver(
        self,
        request: Request,
        decision: Decision,
        outcome: Outcome,
        message: blocks.Rendered,
        entry: OutboxEntry | None,
    ) -> None:
        payer = request.asker
        if decision.asked_by:
            payer = SlackPerson(request.team, decision.asked_by, decision.asked_by_team)

        # Somebody else's click must not replace what the asker has in the thread by a refusal.
        is_private = payer != request.asker or (entry is None and request.channel_kind != "dm")
        if outcome.error == "budget" and is_private:
            self._post_ephemeral(request, payer.user, message)
            return

        ts = self._poster.show(request, message, decision, entry)

        is_new = entry is None or entry.revision != decision.revision
        if len(outcome.text) > outcome_text.ANSWER_LIMIT and is_new:
            self._attach_text(request, decision, outcome, is_retry=entry is not None)

        self._outbox.mark_shown(request.id, decision.revision)
        if entry is not None:
            # What was there has been changed in its place, which is no new message.
            self._clear_status(request)

        self._end_session(request)
        self._log.debug("delivered", request=request.id, ts=ts)

    def _attach_text(
        self, request: Request, decision: Decision, outcome: Outcome, *, is_retry: bool
    ) -> None:
        """Uploads the whole text as a file in the thread, once."""
        name = f"{attachment_prefix(request)}{decision.revision}.txt"

        try:
            # An earlier attempt may have uploaded it before its worker died.
            if is_retry and self._is_attached(request, name):
                return

            self._clients.for_team(request.team).retrying.files_upload_v2(
                channel=request.channel,
                thread_ts=request.thread,
                filename=name,
                title=texts.WHOLE_ANSWER,
                content=outcome.text,
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("not_attached", request=request.id, error=error_code(error))

    def _is_attached(self, request: Request, name: str) -> bool:
        for message in self._poster.thread_messages(request):
            for file in message.get("files", []):
                if file.get("name") == name:
                    return True

        return False

    def _post_ephemeral(self, request: Request, user: str, message: blocks.Rendered) -> None:
        """Shows the message to one person alone, until they reload Slack.

        It is not recorded: a worker that dies here may post it twice.
        """
        self._clients.for_team(request.team).retrying.chat_postEphemeral(
            channel=request.channel,
            user=user,
            text=message.text,
            blocks=message.blocks,
            parse="none",
            # Slack shows no ephemeral message in a thread that has no reply yet. So it is posted
            # in the channel, unless the request itself is in a thread.
            thread_ts=request.thread_ts,
        )

        self._clear_status(request)

    def _clear_status(self, request: Request) -> None:
        """Takes the status line away where no new message does: Slack keeps it for two minutes."""
        try:
            self._set_status(request, "")
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("slack_status_failed", request=request.id, error=error_code(error))

    def _end_session(self, request: Request) -> None:
        """Takes the session out of "processing", which Slack does not do by itself."""
        try:
            self._set_session(request, "active")
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("session_missing", request=request.id, error=error_code(error))

    def _set_status(self, request: Request, status: str) -> None:
        self._clients.for_team(request.team).best_effort.assistant_threads_setStatus(
            channel_id=request.channel, thread_ts=request.thread, status=status
        )

    def _set_session(self, request: Request, status: str, title: str | None = None) -> None:
        extra = {} if title is None else {"title": title}
        self._clients.for_team(request.team).best_effort.agents_sessions_setStatus(
            channel_id=request.channel, thread_ts=request.thread, status=status, **extra
        )


def _session_title(request: Request) -> str | None:
    """Returns the start of a thread's first request; None for a follow-up."""
    if request.thread != request.ts:
        return None

    text = re.sub(r"^!\w+\s+", "", " ".join(request.text.split()))  # "!route" names a route
    return shorten(text, MAX_TITLE) or EVENT_TYPE


def _raise_path_error(request: Request, error: Exception) -> NoReturn:
    """Raises what the queue understands in place of Slack's error."""
    slack_code = error_code(error)
    doing = f"changing the answer to {request.id!r}"

    if not isinstance(error, SlackApiError):
        raise PathError(f"{doing}: Slack was not reached ({slack_code})", retry=True) from error

    if slack_code in TOKEN_ERRORS:
        raise NoTokenError(
            f"{doing}: Slack said {slack_code!r}; install Beagle there again, or set "
            "SLACK_BOT_TOKEN to the new token"
        ) from error

    raise PathError(
        f"{doing}: Slack said {slack_code!r}",
        retry=slack_code not in PERMANENT_ERRORS,
        retry_within=RATE_LIMIT_SECONDS if slack_code == "ratelimited" else None,
    ) from error
