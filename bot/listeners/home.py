"""Keeps open App Homes true: published when opened, and again when what they say has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.listeners import home_view as home
from bot.routing.service import Decider
from bot.transport.clients import UNREACHABLE, code
from bot.transport.events import Events
from bot.ui.blocks import Block
from bot.weekly.candidate_view import WAITING
from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.usage.spend import DAY_SECONDS, Spend
from router.store.usage.stats import DAY
from router.types import Candidate
from workers.drift.summary import drifting, reasons

EVERY_SECONDS = 4.0
"""How often open homes are looked at: one change may wait this long, and many changes are one
update."""
OPEN_SECONDS = 1800.0
"""Slack does not say when a home is closed; after half an hour it is taken for that."""
WATCHED = 100


class HomeKeeper:
    """Publishes homes. `client` gives a workspace's client."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        decider: Decider,
        admins: Admins,
        client: Callable[[str], WebClient],
    ) -> None:
        self._settings, self._store, self._decider, self._admins = settings, store, decider, admins
        self._client = client
        self._open: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()
        self._lock = threading.Lock()
        self._log = get_log(part="home")

    def listen(self, app: App, events: Events) -> None:
        """Homes are published when opened, and their buttons are answered."""
        events.on("app_home_opened", self.opened)
        app.action(home.OPT_OUT)(self.opt_out)
        app.action(home.OPT_IN)(self.opt_in)

    def opened(self, event: Mapping[str, Any], team: str, _client: WebClient) -> None:
        """The person sees their home as it is now, and it is kept so for half an hour."""
        if event.get("tab") != "home":
            return

        who = (team, str(event["user"]))
        with self._lock:
            self._open[who] = (self._admins.now() + OPEN_SECONDS, "")
            self._open.move_to_end(who)

            while len(self._open) > WATCHED:
                self._open.popitem(last=False)

        self._publish(who)

    def refresh(self) -> None:
        """Every open home whose content has changed is published again."""
        now = self._admins.now()
        with self._lock:
            self._open = OrderedDict(
                (who, kept) for who, kept in self._open.items() if kept[0] > now
            )
            watched = list(self._open)

        for who in watched:
            self._publish(who)

    def opt_out(self, ack: Any, body: dict[str, Any]) -> None:
        """The person is left out of what Beagle learns from, and their home says so."""
        ack()
        who = (body["team"]["id"], body["user"]["id"])
        self._store.opt_outs.leave(*who, self._admins.now())
        self._publish(who)

    def opt_in(self, ack: Any, body: dict[str, Any]) -> None:
        """The person takes part again, and their home says so."""
        ack()
        who = (body["team"]["id"], body["user"]["id"])
        self._store.opt_outs.come_back(*who)
        self._publish(who)

    def known(self, team: str, user: str) -> home.Known:
        """What the person's home shows now."""
        store, now = self._store, self._admins.now()
        recent = [
            home.Asked(request, route)
            for request, route in store.stats.recent(team, user, home.RECENT)
        ]

        return home.Known(
            mine=store.stats.since(team, now - 30 * DAY, user),
            recent=recent,
            offers=self._decider.offers(),
            left_out=store.opt_outs.out(team, user),
            at=now,
            running=self._running(team, now) if self._admins.includes(team, user) else None,
        )

    def _running(self, team: str, now: float) -> home.Running:
        store = self._store
        count, oldest = store.requests.waiting(now, team)
        lives = [(name, store.versions.live(name)) for name in sorted(self._decider.catalog.routes)]

        return home.Running(
            week=store.stats.since(team, now - 7 * DAY),
            spent_usd=Spend(store.engine).of(("team", team), int(now // DAY_SECONDS)).usd,
            cap_usd=self._settings.cap_team_usd,
            routes=[
                (name, live.kind if live else "", "live" if live else "waits")
                for name, live in lives
            ],
            candidates=_in_order(store.candidates.of(team)),
            drifting={one.id: reasons(store, one) for one in drifting(store, team)},
            open_requests=count,
            oldest_seconds=round(oldest),
            dead=len(store.requests.dead(team=team)),
        )

    def _publish(self, who: tuple[str, str]) -> None:
        known = self.known(*who)
        shown = home.view(known)
        mark = home.fingerprint(shown)

        with self._lock:
            kept = self._open.get(who)
            if kept is not None and kept[1] == mark:
                return

        try:
            self._show(who, known, shown)
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("home_not_published", error=code(error))
            return

        with self._lock:
            if who in self._open:
                self._open[who] = (self._open[who][0], mark)

    def _show(self, who: tuple[str, str], known: home.Known, shown: Block) -> None:
        """The home stands there, without the newest blocks where Slack refuses those."""
        client = self._client(who[0])
        try:
            client.views_publish(user_id=who[1], view=shown)
        except SlackApiError as error:
            if known.running is None or not known.running.candidates:
                raise

            self._log.info("plainer_blocks", error=code(error))
            client.views_publish(user_id=who[1], view=home.view(known, framed=False))


def _in_order(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that may be shown: what waits for a verdict first, best first."""
    shown = [one for one in candidates if not one.evidence.get("hidden")]
    return sorted(
        shown,
        key=lambda one: (one.state != WAITING, -float(one.evidence.get("score", 0.0)), one.id),
    )
