"""Gives Bolt's listeners a client and a `respond` that fall back to plainer blocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltContext, BoltResponse
from slack_sdk.webhook import WebhookResponse

from bot.plainer.bodies import Body
from bot.plainer.fallback import Fallback, SendResult
from bot.plainer.refusals import Refusal, read_refusal
from bot.transport.clients import with_fallback
from router.log import get_log

HTTP_OK, SERVER_ERROR = 200, 500
SURFACE = "response"
"""Messages through a response URL: Slack may refuse there what it accepts in a channel."""
HOPELESS = frozenset({"expired_url", "used_url", "ratelimited", "channel_not_found"})
"""Refusals that other blocks do not change."""


class PlainerCalls:
    """A Bolt middleware. `fallback` is shared with the clients of the workspaces."""

    def __init__(self, fallback: Fallback) -> None:
        self._fallback = fallback

    def __call__(
        self,
        context: BoltContext,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Replaces both before any listener sees them."""
        team = context.team_id or ""
        if context.client is not None:
            context["client"] = with_fallback(context.client, team, self._fallback)
        if context.response_url:
            assert context.respond is not None
            context["respond"] = PlainerRespond(context.respond, team, self._fallback)

        return next()


class PlainerRespond:
    """Posts to a response URL, in plainer blocks where Slack refuses these."""

    def __init__(
        self, respond: Callable[..., WebhookResponse], team: str, fallback: Fallback
    ) -> None:
        self._respond = respond
        self._team = team
        self._fallback = fallback

    def __call__(self, **message: Any) -> WebhookResponse:
        """Returns Slack's answer to the last form that was sent."""
        return self._fallback.send(self._team, SURFACE, message, self._attempt)

    def _attempt(self, form: Body) -> SendResult[WebhookResponse]:
        response = self._respond(**form)
        answer = refused_answer(response)
        if answer is None:
            return SendResult(response)

        code = str(answer.get("error"))
        get_log(part="slash").info("response_refused", error=code[:40], status=response.status_code)
        refusal = read_refusal(answer, form)
        if refusal is None and code not in HOPELESS and response.status_code < SERVER_ERROR:
            # Slack documents no codes here: whatever else it says may be about the blocks. After an
            # error of its own the message may be there, so it is not posted again.
            refusal = Refusal(code)

        return SendResult(response, refusal)


def refused_answer(response: WebhookResponse) -> Mapping[str, object] | None:
    """Returns what Slack says when it refuses a response; None where it accepted.

    It answers `ok`, or `invalid_blocks` with another status, or `{"ok": false}` with status 200.
    """
    text = str(response.body or "").strip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            found = {}

        if isinstance(found, dict) and found.get("ok") is False:
            return found

    return None if response.status_code == HTTP_OK else {"error": text or "unknown_error"}
