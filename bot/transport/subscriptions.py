"""The events that the app is subscribed to, and a record of which of them arrive.

Slack tells no app what it is subscribed to. One that is missing shows only in what never comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from slack_bolt import BoltResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.payloads import EventBody
from bot.transport.events import receiving_team
from router.errors import StoreAwayError
from router.log import get_log
from router.store.workspace.event_kinds import ArrivedEvents, EventKinds
from workers.runtime.bounded import BoundedDict

BOT_EVENTS = {
    "agent_session_stopped": "stop an answer",
    "app_home_opened": "show the Home",
    "app_mention": "answer in channels",
    "app_uninstalled": "erase everything of a workspace that removes Beagle",
    "channel_created": "know a new channel",
    "channel_deleted": "forget a channel that is gone",
    "channel_left": "forget a channel that Beagle left",
    "channel_rename": "name channels as they are called now",
    "channel_shared": "know that another company reads along",
    "channel_unshared": "know that no other company reads along",
    "file_deleted": "forget a file that is gone",
    "group_deleted": "forget a private channel that is gone",
    "group_left": "forget a private channel that Beagle left",
    "group_rename": "name private channels as they are called now",
    "member_joined_channel": "know who may read a channel",
    "member_left_channel": "know who may read a channel no longer",
    "message.channels": "follow a thread, and see edits and deletions",
    "message.groups": "the same in private channels",
    "message.im": "answer direct messages",
    "message.mpim": "the same in group messages",
    "reaction_added": "offer to save an answer that was marked",
    "team_join": "know a new colleague",
    "tokens_revoked": "notice that a token is gone",
    "user_change": "know who became a guest or an admin",
}
"""The events of the manifest, and what Beagle cannot do where one is missing."""
OF_THE_END = frozenset({"app_uninstalled", "tokens_revoked"})
"""They come when a workspace leaves; one that is still here cannot have had them."""
QUIET_DAYS = 30.0
DAY_SECONDS = 86_400.0
RECORD_SECONDS = 600.0
"""Between two writes about one kind in one workspace: busy channels must not cost more."""
MAX_REMEMBERED = 10_000
_MESSAGES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


class SubscriptionRecorder:
    """A Bolt middleware that records which kinds of events arrive. Safe for many threads."""

    def __init__(self, kinds: EventKinds, now: Callable[[], float]) -> None:
        self._kinds = kinds
        self._now = now
        self._recorded: BoundedDict[tuple[str, str], float] = BoundedDict(MAX_REMEMBERED)
        self._lock = threading.Lock()
        self._log = get_log(part="events")

    def __call__(
        self,
        body: EventBody,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Passes everything on, recorded or not."""
        kind, team = subscription(body), receiving_team(body)
        if kind in BOT_EVENTS and kind not in OF_THE_END and team and self._is_due(team, kind):
            try:
                self._kinds.record(team, kind, self._now())
            except (StoreAwayError, SQLAlchemyError):
                # Intake says what an outage is to people; this record is not worth a retry.
                self._log.warning("event_kind_not_recorded", kind=kind, team=team)

        return next()

    def _is_due(self, team: str, kind: str) -> bool:
        moment = self._now()
        with self._lock:
            if moment < self._recorded.get((team, kind), float("-inf")) + RECORD_SECONDS:
                return False

            self._recorded[team, kind] = moment
            return True


def subscription(body: EventBody) -> str:
    """Returns the subscription that an event came by, such as `message.im`; empty for no event."""
    event = body.get("event")
    if not event:
        return ""
    if event.get("type") == "message":
        return f"message.{_MESSAGES.get(str(event.get('channel_type')), '')}"

    return str(event.get("type") or "")


def quiet_subscriptions(arrived: ArrivedEvents, moment: float) -> Iterable[str]:
    """Returns the events of the manifest of which none came for `QUIET_DAYS`, in order."""
    oldest = moment - QUIET_DAYS * DAY_SECONDS
    for kind in sorted(BOT_EVENTS.keys() - OF_THE_END):
        if arrived.last_at.get(kind, float("-inf")) < oldest:
            yield kind
