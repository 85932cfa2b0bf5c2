"""`beagle drift`: this week's drift check now, as the scheduler runs it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from bot.app import catalog, local_model, now
from bot.cli.job_context import terminal_context
from bot.cli.team_option import choose_team
from bot.cli.terminal import Json, load_data_settings
from bot.weekly.drift_view import cost_lines, sunset_uses, unchanged_lines
from router.config import Settings
from router.store import Store, open_store
from router.store.weekly.drift_checks import DriftCheck
from router.text.printable import print_line
from workers.drift.live_version import live_version
from workers.jobs import drift
from workers.runtime.job_key import job_key
from workers.runtime.scheduling.weekly_schedule import due_week

NOTHING = "no version that a rollout promoted is live, so there is nothing to check"
DEFERRED = "could not be checked; the log says why, and it is tried again"


def main(
    team: Annotated[
        str | None, typer.Option(help="Only this workspace's; every workspace's if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every promoted version for drift now, instead of once a week."""
    print_line(check_now(load_data_settings(), team, as_json=as_json))


def check_now(settings: Settings, team: str | None = None, *, as_json: bool) -> str:
    """Returns this week's figures as text or JSON, after checking what was not checked yet.

    They are those of one workspace, or of all.
    """
    store = open_store(settings.store_url)
    local = None

    try:
        week, _ = due_week(settings, now())
        teams = drift.teams_to_check(store, now())
        if team is not None:
            teams = [choose_team(store, team)]

        keys = []
        for checked_team in teams:
            key = job_key(checked_team, week)
            if store.drift_checks.get(key) is None:
                keys.append(key)

        # The local model takes seconds to load: only where a version is there to be checked.
        if keys and _has_live_version(store):
            local = local_model(settings, catalog(settings), store)

        if keys:
            context = terminal_context(settings, store, local, "drift")
            for key in keys:
                drift.run(context, key)

        report = week_report(store, teams, week)
        return json.dumps(report) if as_json else as_text(report)
    finally:
        if local is not None:
            local.stop()

        store.close()


def week_report(store: Store, teams: Sequence[str], week: str) -> dict[str, Any]:
    """Returns the week's drift checks of these workspaces, shares and distances as measured.

    The keys are those of release 0.1, on which scripts rely.
    """
    checks: list[DriftCheck] = []
    promoted = []
    for team in teams:
        checks += store.drift_checks.for_week(team, week)
        for candidate in store.candidates.for_team(team):
            if live_version(store, candidate) is not None:
                promoted.append(candidate)

    checked = {check.candidate for check in checks}
    versions = [check for check in checks if check.candidate is not None]
    sunsets = [check for check in checks if check.candidate is None and "model" in check.body]

    return {
        "week": week,
        "versions": [_version(store, check) for check in versions],
        "waits": [candidate.label for candidate in promoted if candidate.id not in checked],
        "ending": [dict(check.body) for check in sunsets],
    }


def as_text(report: Mapping[str, Any]) -> str:
    """Returns a paragraph for each version: its alarms, what else was measured, its cost."""
    lines = [f"week {report['week']}"]
    for version in report["versions"]:
        lines.append(
            f"{version['label']} ({version['state']}): route {version['route']}, "
            f"version {version['version']}, {version['kind']}"
        )
        for alarm in version["alarms"]:
            lines += [f"  ALARM {alarm['figure']}", f"        {alarm['meaning']}"]

        details = unchanged_lines(version)
        if version["alarms"]:
            details = [*details, *cost_lines(version["cost"])]
        lines += [f"  {detail}" for detail in details]

    lines += [f"{label}: {DEFERRED}" for label in report["waits"]]
    for sunset in report["ending"]:
        lines.append(f"{sunset['model']} ends on {sunset['date']}. {sunset_uses(sunset)}")

    if len(lines) == 1:
        lines.append(NOTHING)

    return "\n".join(lines)


def _has_live_version(store: Store) -> bool:
    candidates = store.candidates.in_states(drift.WATCHED)
    return any(live_version(store, candidate) is not None for candidate in candidates)


def _version(store: Store, check: DriftCheck) -> dict[str, Any]:
    candidate = store.candidates.get(str(check.candidate))
    row: dict[str, Any] = {
        "team": check.team,
        "candidate": check.candidate,
        "state": candidate.state if candidate is not None else "",
    }
    for name in ("label", "route", "version", "kind", "alarms", "measured", "cost"):
        row[name] = check.body[name]

    return row
