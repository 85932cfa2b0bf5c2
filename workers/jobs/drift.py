"""The weekly drift watch: every version that the road brought live is measured again, and told of if it drifts.

A version is looked at once a week; running the step again for a week goes on where it was, and then
does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from router.catalog.version import Version
from router.errors import BeagleError, LifecycleError
from router.lifecycle import BEFORE_APPROVAL, STATES, SYSTEM, State
from router.log import get_log
from router.store import Store
from router.store.weekly.drift_checks import Drift
from router.types import Candidate
from workers.context import Context
from workers.drift.base_model import models_of
from workers.drift.check import look
from workers.drift.live_version import Lived, lived
from workers.drift.model_sunset import Ends, near
from workers.llm.litellm_client import LiteLLM
from workers.mining.trend import WEEK, WEEKS

QUEUE = "compute"

WATCHED: tuple[State, ...] = tuple(state for state in STATES if state not in BEFORE_APPROVAL)
"""The states in which a candidate's version may answer."""
SETTLED: tuple[State, ...] = ("live", "kept_prompt", "rag", "rolled_back")
"""Where nobody is at work on a version that answers: from here an alarm makes it drift."""
OVER = "the alarm is over: nothing of it was found in week {week}"


def key_of(team: str, week: str) -> str:
    """What the queue carries for a workspace's week, and the id of the row that says it is done."""
    return f"{team} {week}"


def teams(store: Store, now: float) -> list[str]:
    """The workspaces to be looked at: where anything was asked lately, or where a version may drift."""
    watched = {one.team for one in store.candidates.waiting(WATCHED)}
    return sorted(watched | set(store.minable.teams(now - WEEKS * WEEK)))


def run(context: Context, key: str, ends: Ends | None = None) -> None:
    """The workspace's live versions were looked at in that week. `key` is what `key_of` gave.

    A version whose model does not answer is left for the next run. `ends` gives the day a model is
    switched off; from the price map inside litellm if left out.
    """
    team, week = key.split(" ", 1)
    store, now = context.store, context.now()
    if store.drifts.get(key) is not None:
        return

    ends = ends or LiteLLM(context.settings.connect_seconds).ends
    log = get_log(step="drift", team=team, week=week)
    looked, waits, alarmed = 0, 0, 0

    for one in store.candidates.of(team):
        of = lived(store, one)
        if of is None:
            continue

        try:
            seen = _look(context, of, week, ends)
        except BeagleError as error:
            waits += 1
            log.warning("drift_waits", candidate=one.id, error=str(error))
            continue

        _follow(context, of, seen)
        looked += 1
        alarmed += bool(seen.body["alarms"])

    _tell_endings(context, team, week, ends)
    if not waits and store.drifts.write(
        Drift(key, team, None, week, {"looked": looked, "alarmed": alarmed}, now)
    ):
        log.info("drift_watched", looked=looked, alarmed=alarmed)


def _look(context: Context, of: Lived, week: str, ends: Ends) -> Drift:
    """The week's record of a version, taken now or before."""
    drifts, key = context.store.drifts, f"{of.candidate.id} {of.version} {week}"

    known = drifts.get(key)
    if known is None:
        body = look(context, of, ends)
        drifts.write(Drift(key, of.candidate.team, of.candidate.id, week, body, context.now()))
        known = drifts.get(key)

    assert known is not None
    return known


def _follow(context: Context, of: Lived, seen: Drift) -> None:
    """The candidate stands as the record says, and admins are told of what is new. Doing it twice changes nothing."""
    store, one = context.store, of.candidate
    history = store.candidates.history(one.id)
    if any(edge.evidence.get("drift") == seen.id for edge in history):
        return _tell(store, one, seen)

    figures = [alarm["figure"] for alarm in seen.body["alarms"]]
    told: dict[str, Any] = {
        "version": of.version,
        "before": of.before,
        "drift": seen.id,
        "week": seen.week,
    }

    if one.state in SETTLED and figures:
        _move(context, one, "drifting", told | {"reasons": figures, "why": "; ".join(figures)})
    elif one.state == "drifting" and not figures:
        _move(context, one, "live", told | {"why": OVER.format(week=seen.week)})
    elif one.state != "drifting" or not _new(store, one, seen):
        return None

    return _tell(store, one, seen)


def _move(context: Context, one: Candidate, to: State, told: Mapping[str, Any]) -> None:
    log = get_log(step="drift", candidate=one.id, state=one.state)
    try:
        context.store.candidates.advance(
            one.id, to, actor=SYSTEM, at=context.now(), evidence=told, version=one.version
        )
    except LifecycleError as error:
        log.info("advanced_elsewhere", error=str(error))
        return

    log.info("candidate_advanced", to=to)


def _tell(store: Store, one: Candidate, seen: Drift) -> None:
    """Admins are told, unless the candidate went elsewhere before this record counted."""
    if (
        any(edge.evidence.get("drift") == seen.id for edge in store.candidates.history(one.id))
        or seen.body["alarms"]
    ):
        store.drifts.tell(seen.id)


def _new(store: Store, one: Candidate, seen: Drift) -> bool:
    """Whether an alarm rings that admins were not told of since the candidate began to drift."""
    began = next(
        edge.at for edge in reversed(store.candidates.history(one.id)) if edge.after == "drifting"
    )
    known = {
        alarm["kind"]
        for old in store.drifts.of(one.id)
        if old.telling and old.at >= began and old.id != seen.id
        for alarm in old.body["alarms"]
    }

    return bool({alarm["kind"] for alarm in seen.body["alarms"]} - known)


def _tell_endings(context: Context, team: str, week: str, ends: Ends) -> None:
    """Admins are told once of each model that ends soon and by which routes it answers, whoever brought them live."""
    store, settings, now = context.store, context.settings, context.now()
    watched = {
        of.version for one in store.candidates.of(team) if (of := lived(store, one)) is not None
    }
    used: dict[str, list[str]] = {}

    for stored in store.versions.lives():
        if stored.id not in watched:
            for name in models_of(Version.model_validate(dict(stored.body)), settings):
                used.setdefault(name, []).append(stored.route)

    for one in near(used, ends, now, settings.drift_end_days):
        body = asdict(one) | {"routes": used[one.model]}

        row = Drift(f"{team} {one.model} {one.date}", team, None, week, body, now, telling=True)
        if store.drifts.write(row):
            get_log(step="drift", team=team).warning(
                "model_ends", model=one.model, date=one.date, days=one.days
            )
