"""`beagle drift`: the week's drift watch now, as the scheduler does it, and its figures in the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.app import catalog, local_model, now
from bot.cli.context import by_hand
from bot.weekly.drift_view import costs, fine
from router.config import Settings
from router.store import Store, open_store
from router.store.weekly.drift_checks import Drift
from workers.drift.live_version import lived
from workers.jobs import drift
from workers.mining.schedule import due_week

NOTHING = "no version that the road brought live answers now, so there is nothing that may drift"
WAITS = "could not be looked at; the log says why, and it is tried again"


def watch_now(settings: Settings, *, as_json: bool) -> str:
    """The figures of this week, in words or as one JSON object. What was looked at this week is not asked again."""
    store = open_store(settings.store_url)
    local = None

    try:
        week, _ = due_week(settings, now())
        teams = drift.teams(store, now())

        keys = [key for team in teams if store.drifts.get(key := drift.key_of(team, week)) is None]
        if keys and any(
            lived(store, one) is not None for one in store.candidates.waiting(drift.WATCHED)
        ):
            local = local_model(settings, catalog(settings), store)

        if (
            keys
        ):  # a model takes seconds to load, for nothing where there is nothing left to look at
            context = by_hand(settings, store, local, "drift")
            for key in keys:
                drift.run(context, key)

        found = figures(store, teams, week)
        return json.dumps(found) if as_json else as_text(found)
    finally:
        if local is not None:
            local.stop()

        store.close()


def figures(store: Store, teams: Sequence[str], week: str) -> dict[str, Any]:
    """The week's records of these workspaces; shares and distances as they were measured."""
    seen = [row for team in teams for row in store.drifts.of_week(team, week)]
    living = [
        one for team in teams for one in store.candidates.of(team) if lived(store, one) is not None
    ]
    looked = {row.candidate for row in seen}

    return {
        "week": week,
        "versions": [_version(store, row) for row in seen if row.candidate is not None],
        "waits": [one.label for one in living if one.id not in looked],
        "ending": [dict(row.body) for row in seen if row.candidate is None and "model" in row.body],
    }


def as_text(found: Mapping[str, Any]) -> str:
    """A paragraph for each version: its alarms, all else that was measured, and what it costs."""
    lines = [f"week {found['week']}"]
    for one in found["versions"]:
        lines.append(
            f"{one['label']} ({one['state']}): route {one['route']}, version {one['version']}, {one['kind']}"
        )
        lines += [
            f"  ALARM {alarm['figure']}\n        {alarm['meaning']}" for alarm in one["alarms"]
        ]
        lines += [
            f"  {line}" for line in (*fine(one), *(costs(one["cost"]) if one["alarms"] else ()))
        ]

    lines += [f"{label}: {WAITS}" for label in found["waits"]]
    lines += [
        f"{one['model']} ends on {one['date']}; it answers for {', '.join(one['routes'])}"
        for one in found["ending"]
    ]

    return "\n".join(lines if len(lines) > 1 else [*lines, NOTHING])


def _version(store: Store, row: Drift) -> dict[str, Any]:
    names = ("label", "route", "version", "kind", "alarms", "measured", "cost")
    one = store.candidates.get(str(row.candidate))
    state = one.state if one is not None else ""

    return {"team": row.team, "candidate": row.candidate, "state": state} | {
        name: row.body[name] for name in names
    }
