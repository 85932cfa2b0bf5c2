"""Publishes App Homes when they are opened, and again when their content has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.listeners import home_view
from bot.payloads import Ack, ActionBody, Event, clicker
from bot.routing.service import RoutingService
from bot.routing.tier_report import visible_lines
from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.events import Events, event_person
from bot.weekly.candidate_view import WAITING
from router.catalog.installed import has_larger_model
from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.usage.spend import DAY_SECONDS
from router.store.usage.stats import day_start
from router.types import Candidate, SlackPerson
from workers.drift.summary import alarm_figures, drifting_candidates

REFRESH_SECONDS = 4.0
"""How often `refresh` runs: a change waits at most so long, and many changes are one update."""
OPEN_SECONDS = 1800.0
"""Slack does not say when a home is closed; after half an hour it counts as closed."""
MAX_OPEN = 100
"""Homes that are kept up to date; the one that was opened longest ago makes room."""
MONTH_DAYS, WEEK_DAYS = 30, 7


@dataclass(frozen=True, slots=True)
class _OpenHome:
    until: float
    fingerprint: str = ""


class HomePublisher:
    """Keeps open homes up to date. `client` returns a workspace's client.

    Homes are published from Bolt's threads and from the periodic task, so `_lock` guards `_open`.
    It is never held during a call to Slack.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        routing: RoutingService,
        admins: Admins,
        client: Callable[[str], WebClient],
    ) -> None:
        self._settings = settings
        self._store = store
        self._routing = routing
        self._admins = admins
        self._client = client
        self._open: OrderedDict[SlackPerson, _OpenHome] = OrderedDict()
        self._lock = threading.Lock()
        self._log = get_log(part="home")

    def listen(self, app: App, events: Events) -> None:
        """Registers for opened homes and for their buttons."""
        events.on("app_home_opened", self.opened)
        app.action(home_view.OPT_OUT)(self.opt_out)
        app.action(home_view.OPT_IN)(self.opt_in)

    def opened(self, event: Event, team: str, _client: WebClient) -> None:
        """Publishes the home now, and keeps it up to date for half an hour."""
        if event.get("tab") != "home":
            return

        person = event_person(event, team)
        with self._lock:
            self._open[person] = _OpenHome(self._admins.now() + OPEN_SECONDS)
            self._open.move_to_end(person)

            while len(self._open) > MAX_OPEN:
                self._open.popitem(last=False)

        self._publish(person)

    def refresh(self) -> None:
        """Publishes every open home whose content has changed."""
        now = self._admins.now()
        with self._lock:
            for person in [key for key, home in self._open.items() if home.until <= now]:
                del self._open[person]

            still_open = list(self._open)

        for person in still_open:
            self._publish(person)

    def opt_out(self, ack: Ack, body: ActionBody) -> None:
        """Learns nothing more from the person, and says so in their home."""
        ack()
        person = clicker(body)
        self._store.opt_outs.add(person.home or person.team, person.user, self._admins.now())
        self._publish(person)

    def opt_in(self, ack: Ack, body: ActionBody) -> None:
        """Learns from the person again, and says so in their home."""
        ack()
        person = clicker(body)
        self._store.opt_outs.remove(person.home or person.team, person.user)
        self._publish(person)

    def load(self, person: SlackPerson) -> home_view.MemberHome:
        """Returns what the person's home shows now."""
        now, team = self._admins.now(), person.team
        # What is stored under the id of somebody from outside is another person's.
        user = person.user if not person.home else f"{person.home}:{person.user}"
        recent = []
        usable_in: dict[str, Collection[str]] = {}
        for request, route in self._store.stats.recent_requests(team, user, home_view.MAX_RECENT):
            # A route that the person may no longer use is not named either.
            if request.channel not in usable_in:
                usable_in[request.channel] = self._routing.usable_routes(person, request.channel)

            usable = usable_in[request.channel]
            recent.append(home_view.RecentRequest(request, route if route in usable else ""))

        admin = None
        if self._admins.includes(person):
            admin = self._load_admin(person, now)

        return home_view.MemberHome(
            month=self._store.stats.since(team, day_start(now, MONTH_DAYS), user),
            recent=recent,
            # A home is in no channel, so no route that is limited to channels is offered there.
            offers=self._routing.offers(person, ""),
            is_opted_out=self._store.opt_outs.is_opted_out(team, person.user, person.home),
            at=now,
            admin=admin,
        )

    def _load_admin(self, person: SlackPerson, now: float) -> home_view.AdminHome:
        store, team = self._store, person.team
        open_requests, oldest_seconds = store.requests.open_count(now, team)

        routes = []
        for name in sorted(self._routing.catalog_of(team).routes):
            live = store.versions.live(team, name)
            kind = live.kind if live else ""
            routes.append(home_view.RouteState(name, kind, live is not None))

        drifting = {}
        for candidate in drifting_candidates(store, team):
            drifting[candidate.id] = alarm_figures(store, candidate)

        return home_view.AdminHome(
            week=store.stats.since(team, day_start(now, WEEK_DAYS)),
            spent_usd=store.spend.usage(("team", team), int(now // DAY_SECONDS)).usd,
            cap_usd=self._settings.cap_team_usd,
            routes=routes,
            candidates=_visible_candidates(store.candidates.for_team(team)),
            drifting=drifting,
            open_requests=open_requests,
            oldest_seconds=round(oldest_seconds),
            dead=len(store.requests.dead_letters(team=team)),
            tiers=visible_lines(self._routing, store, person, "", day_start(now, WEEK_DAYS)),
            bad_answers=store.stats.bad_answers(team, day_start(now, WEEK_DAYS)),
            included_model=not has_larger_model(self._settings),
        )

    def _publish(self, person: SlackPerson) -> None:
        """Publishes the person's home, unless Slack shows the same already."""
        home = home_view.render_home(self.load(person))
        fingerprint = home_view.fingerprint(home)

        with self._lock:
            shown = self._open.get(person)
            if shown is not None and shown.fingerprint == fingerprint:
                return

        try:
            self._client(person.team).views_publish(user_id=person.user, view=home)
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("home_not_published", error=error_code(error))
            return

        with self._lock:
            # The home may have been closed for its age meanwhile, or opened again with a new end.
            shown = self._open.get(person)
            if shown is not None:
                self._open[person] = _OpenHome(shown.until, fingerprint)


def _visible_candidates(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Returns those that may be shown: undecided ones first, then by score."""
    visible = [candidate for candidate in candidates if not candidate.evidence.hidden]
    visible.sort(
        key=lambda candidate: (
            candidate.state != WAITING,
            -float(candidate.evidence.score),
            candidate.id,
        )
    )
    return visible
