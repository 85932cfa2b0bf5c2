"""Slack's limit on events: 30,000 an hour for one app in one workspace, then a notice a minute.

Source: https://docs.slack.dev/apis/events-api/#rate-limiting
"""

from __future__ import annotations

from collections import Counter, deque

from bot.sandbox.json_types import Json

EVENTS_PER_HOUR = 30_000
MINUTE = 60
HOUR = 3600


class EventLimit:
    """Counts the events of each workspace over the last sixty minutes, by minute."""

    def __init__(self, events_per_hour: int = EVENTS_PER_HOUR) -> None:
        self._limit = events_per_hour
        self._minutes: deque[int] = deque()
        self._counts: Counter[tuple[str, int]] = Counter()
        self._noticed: dict[str, int] = {}

    def admit(self, payload: Json, now: float) -> tuple[bool, Json | None]:
        """Returns whether Slack delivers the event, and the notice that it sends instead, if any.

        `now` is in unix seconds. An event beyond the limit is dropped for good. There is one notice
        for each minute in which events were dropped.
        """
        team, minute = str(payload.get("team_id", "")), int(now) // MINUTE * MINUTE
        self._forget(minute)
        if sum(self._counts[team, past] for past in self._minutes) < self._limit:
            if minute not in self._minutes:
                self._minutes.append(minute)

            self._counts[team, minute] += 1
            return True, None

        if self._noticed.get(team) == minute:
            return False, None

        self._noticed[team] = minute
        return False, {
            "token": payload.get("token", ""),
            "type": "app_rate_limited",
            "team_id": team,
            "minute_rate_limited": minute,
            "api_app_id": payload.get("api_app_id", ""),
        }

    def _forget(self, minute: int) -> None:
        while self._minutes and self._minutes[0] <= minute - HOUR:
            past = self._minutes.popleft()
            for key in [key for key in self._counts if key[1] == past]:
                del self._counts[key]
