"""Takes in what was said while no event of Slack could arrive.

Slack sends an event that was not acknowledged three times more, the last time after about six
minutes (https://docs.slack.dev/apis/events-api), and then never again; what a workspace sends
beyond 30,000 events an hour it does not send at all, and says for which minute. After a longer gap,
and after such a minute, the history of the places where Beagle is used is read. Each message in it
goes through the same middleware as an event: what arrived meanwhile is known by its timestamp and
is not taken twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.intake.outage_notice import is_addressed
from bot.payloads import Event, EventBody, Json
from bot.transport.clients import SERVER_ERRORS, UNREACHABLE, error_code
from bot.transport.directory import parse_channel
from bot.transport.events import is_authored
from bot.transport.pages import pages
from router.log import get_log
from router.store import Store
from router.store.workspace.contact import MINUTE

EVERY_SECONDS = 5.0
"""How often the time of contact is written down, and with it how late a gap is noticed."""
GAP_SECONDS = 60.0
"""A shorter gap is left to Slack, which repeats an event at once and after a minute."""
OVERLAP_SECONDS = 30.0
"""So much before the last contact is read too: what was on its way then never arrived."""
USED_SECONDS = 30 * 86_400.0
"""Direct messages in which somebody asked within so long are read."""
THREAD_SECONDS = 86_400.0
"""Threads in which somebody asked within so long before the gap are read."""
MAX_PLACES, MAX_THREADS = 200, 20
"""Places of a workspace that are read, and threads of a place."""
PAGE_SIZE, MAX_PAGES = 100, 10
"""Messages of a place that are asked for at once, and how often."""
TICK_SECONDS = 5.0
"""How long one tick reads; the next one goes on, so that a bot that stops need not wait."""
MAX_SECONDS = 900.0
"""How long one catch-up may take: an app outside Slack's Marketplace reads a page a minute."""
MAX_MINUTES = 5
"""So many minutes with dropped events are read at once: what is said later hides nothing then."""
PASSING = (*SERVER_ERRORS, "ratelimited")
"""Slack's errors after which the same call may succeed; after others the place is left out."""
CHANNEL_TYPES = "public_channel,private_channel,mpim"
"""What `users.conversations` is asked for; direct messages would need one more scope."""


@dataclass(frozen=True, slots=True)
class MissedPlace:
    """A workspace's conversation, with its `channel_type` as events have it.

    `shared` says that people of other companies are in it.
    """

    team: str
    channel: str
    kind: str
    shared: bool


@dataclass(slots=True)
class GapReading:
    """A catch-up in progress: since when messages are read, where still, and how many were taken.

    `team` is the workspace in whose `minutes` events were dropped, and later messages than `before`
    are not read; after a gap `team` is empty, and all are read. `until` is when it is given up, in
    seconds of `time.monotonic`.
    """

    team: str
    minutes: Sequence[int]
    since: float
    before: float | None
    until: float
    places: deque[MissedPlace]
    taken: int = 0


class CatchUp:
    """Notices gaps and reads what was said in them. For the leader's thread alone.

    `client` returns a workspace's client, which waits for Slack's rate limits; `teams` returns the
    workspaces, `bot_user` Beagle's own user in one. `is_connected` says whether events can arrive
    now, `deliver` takes an event in as if Slack had sent it. Messages older than `max_age` seconds
    are left, as whoever asked has helped themselves by then; 0 switches the reading off.
    `monotonic` gives seconds that never go back.
    """

    def __init__(
        self,
        store: Store,
        client: Callable[[str], WebClient],
        teams: Callable[[], Sequence[str]],
        bot_user: Callable[[str], str],
        is_connected: Callable[[], bool],
        deliver: Callable[[EventBody], None],
        now: Callable[[], float],
        max_age: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._client = client
        self._teams = teams
        self._bot_user = bot_user
        self._is_connected = is_connected
        self._deliver = deliver
        self._now = now
        self._max_age = max_age
        self._reading: GapReading | None = None
        self._monotonic = monotonic
        self._ticked_at = monotonic()
        self._log = get_log(part="catch_up")

    def tick(self) -> None:
        """Writes down that events can arrive; after a gap only once its messages are taken in.

        What Slack or the database broke off begins anew at the next tick.
        """
        if self._monotonic() - self._ticked_at > GAP_SECONDS:
            # Another process led meanwhile: what was being read is its affair, and long over.
            self._reading = None

        try:
            self._tick()
        finally:
            self._ticked_at = self._monotonic()

    def _tick(self) -> None:
        now, last = self._now(), self._store.contact.last()
        if last is None:
            # The installation begins here, connected or not: nothing was missed before.
            self._store.contact.mark(now)
            return

        if not self._is_connected():
            # A second gap: what is being read would end before it.
            self._reading = None
            return

        if now - last > GAP_SECONDS and self._max_age:
            if self._read(max(last - OVERLAP_SECONDS, now - self._max_age)):
                self._mark()
            return

        try:
            self._read_dropped(now)
        finally:
            # Whatever became of that: no gap is in it.
            self._mark()

    def _mark(self) -> None:
        """Writes down the time of now: reading a place may have taken longer than a gap lasts."""
        if self._is_connected():
            self._store.contact.mark(self._now())

    def _read_dropped(self, now: float) -> None:
        """Reads what a workspace said in minutes of which Slack has dropped events."""
        dropped = self._store.contact.dropped(now - OVERLAP_SECONDS)
        if not dropped:
            return

        # One workspace at a time: the others are read at the next ticks.
        team, ended = next(iter(dropped.items()))
        reading = self._reading
        if reading is not None and reading.team == team:
            # A minute that ended while its workspace was being read is read by itself.
            minutes = reading.minutes
        else:
            minutes = [one for one in ended if one < ended[0] + MAX_MINUTES * MINUTE]

        since = max(minutes[0] - OVERLAP_SECONDS, now - self._max_age)
        is_over = not self._max_age or team not in self._teams()
        if is_over or self._read(since, team, minutes):
            self._store.contact.forget_dropped(team, minutes)

    def _read(self, since: float, team: str = "", minutes: Sequence[int] = ()) -> bool:
        """Reads for `TICK_SECONDS`; returns whether nothing is left to read."""
        try:
            return self._read_on(since, team, minutes)
        except (SlackApiError, *UNREACHABLE) as error:
            self._reading = None
            self._log.warning("catch_up_broken_off", error=error_code(error))
            return False

    def _read_on(self, since: float, team: str, minutes: Sequence[int]) -> bool:
        start = self._monotonic()
        # A gap that comes while one workspace is read concerns all of them, from its own time on.
        if self._reading is None or self._reading.team != team:
            before = minutes[-1] + MINUTE + OVERLAP_SECONDS if minutes else None
            places = deque(self._places([team] if team else self._teams()))
            self._reading = GapReading(team, minutes, since, before, start + MAX_SECONDS, places)

        reading, failed = self._reading, 0
        # A message that cannot be taken in raises each time, and ends it all the same.
        while reading.places and self._monotonic() <= reading.until:
            try:
                reading.taken += self._read_place(reading, reading.places[0])
            except SlackApiError as error:
                if error_code(error) not in PASSING:
                    raise
                # Once more after the others, and not at once.
                reading.places.rotate(-1)
                failed += 1
            else:
                reading.places.popleft()

            if failed >= len(reading.places) or self._monotonic() >= start + TICK_SECONDS:
                break

        if reading.places and self._monotonic() <= reading.until:
            return False

        self._reading = None
        if reading.places:
            self._log.warning("catch_up_incomplete", places=len(reading.places))

        self._log.info("caught_up", since=round(reading.since), messages=reading.taken)
        return True

    def _places(self, teams: Sequence[str]) -> list[MissedPlace]:
        """Returns where to read: every channel that Beagle is in, and the direct messages in use.

        Of a workspace at most `MAX_PLACES`, first those where somebody asked last.
        """
        places = []
        for team in teams:
            used = self._store.contact.channels(team, self._now() - USED_SECONDS, MAX_PLACES)
            known: dict[str, MissedPlace] = {}
            for channel in used:
                if channel.startswith("D"):
                    # Of a conversation with one person Slack says where that one belongs.
                    known[channel] = MissedPlace(team, channel, "im", shared=False)

            known |= self._channels(team)
            first = [channel for channel in used if channel in known]
            for channel in list(dict.fromkeys([*first, *known]))[:MAX_PLACES]:
                places.append(known[channel])

        return places

    def _channels(self, team: str) -> dict[str, MissedPlace]:
        """Returns each channel with Beagle; none where Slack refuses."""
        found = {}
        try:
            method = self._client(team).users_conversations
            for channel in _entries(method, "channels", types=CHANNEL_TYPES):
                shared = parse_channel(channel).shared
                place = MissedPlace(team, str(channel["id"]), _channel_type(channel), shared)
                found[place.channel] = place
        except SlackApiError as error:
            if error_code(error) in PASSING:
                raise
            self._log.warning("catch_up_skipped", team=team, error=error_code(error))

        return found

    def _read_place(self, reading: GapReading, place: MissedPlace) -> int:
        """Takes in what people said there, oldest first; returns how many messages.

        Raises SlackApiError where Slack may show the place at another time.
        """
        since = reading.since
        try:
            messages = self._messages(place, reading)
        except SlackApiError as error:
            if error_code(error) in PASSING:
                raise
            # Beagle was removed from it, for instance: the others are read all the same.
            self._log.info("catch_up_skipped", channel=place.channel, error=error_code(error))
            return 0

        hears_all = self._store.channel_rules.for_channel(place.team, place.channel).hears == "all"
        taken = 0
        for ts in sorted(messages, key=float):
            body = self._body(place, messages[ts])
            event = body["event"]
            # Whoever did not turn to Beagle is left: an app may be subscribed to mentions alone.
            is_reply = event.get("thread_ts") not in (None, ts)
            is_heard = (hears_all or is_reply) and is_authored(event)
            if float(ts) > since and (is_heard or is_addressed(body, event, "")):
                self._deliver(body)
                taken += 1

        return taken

    def _messages(self, place: MissedPlace, reading: GapReading) -> dict[str, Json]:
        """Returns the place's messages by their ts, with those in threads that are in use."""
        client, since = self._client(place.team), reading.since
        bounds = {"channel": place.channel, "oldest": f"{since}"}
        if reading.before is not None:
            bounds["latest"] = f"{reading.before}"

        found: dict[str, Json] = {}
        for message in _entries(client.conversations_history, "messages", **bounds):
            found[str(message["ts"])] = message

        used = self._store.contact.threads(
            place.team, place.channel, since - THREAD_SECONDS, MAX_THREADS
        )
        new = [ts for ts, message in found.items() if message.get("reply_count")]
        for thread in dict.fromkeys([*used, *new[:MAX_THREADS]]):
            try:
                for reply in _entries(
                    client.conversations_replies, "messages", ts=thread, **bounds
                ):
                    found[str(reply["ts"])] = reply
            except SlackApiError as error:
                if error_code(error) in PASSING:
                    raise
                # `thread_not_found`: its first message was deleted.
                self._log.info("catch_up_skipped", channel=place.channel, error=error_code(error))

        return found

    def _body(self, place: MissedPlace, message: Json) -> EventBody:
        """Returns the message as the event that would have come."""
        ts = str(message["ts"])
        fields = {"type": "message", "channel": place.channel, "channel_type": place.kind}
        # A message has the fields of its event, but those that say where it is.
        event = cast(Event, {**message, **fields, "event_ts": ts})
        return {
            "type": "event_callback",
            "team_id": place.team,
            "event_id": f"catch-up:{place.channel}:{ts}",
            "event_time": int(float(ts)),
            "is_ext_shared_channel": place.shared,
            "authorizations": [{"team_id": place.team, "user_id": self._bot_user(place.team)}],
            "event": event,
        }


def _entries(method: Callable[..., SlackResponse], key: str, **arguments: object) -> Iterator[Json]:
    for page in pages(method, MAX_PAGES, limit=PAGE_SIZE, **arguments):
        yield from page.get(key) or []


def _channel_type(channel: Json) -> str:
    if channel.get("is_mpim"):
        return "mpim"

    return "group" if channel.get("is_private") else "channel"
