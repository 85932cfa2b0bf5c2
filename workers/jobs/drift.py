"""The weekly drift check of every version that a rollout put live.

A version is checked once a week. Running the job again for a week checks what is missing, and then
does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from router.catalog.version import Version
from router.errors import BeagleError, LifecycleError
from router.lifecycle import BEFORE_APPROVAL, STATES, SYSTEM, State
from router.lifecycle_evidence import DriftCheckEvidence, DriftEvidence, LiveEvidence
from router.log import get_log
from router.store import Store
from router.store.weekly.candidates import CandidateTransition
from router.store.weekly.drift_checks import DriftCheck
from router.types import Candidate
from workers.context import Context
from workers.drift.base_model import models_of
from workers.drift.check import check_version
from workers.drift.live_version import LiveVersion, live_version
from workers.drift.model_sunset import SunsetDates, sunsets_within
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_prices import models_in_settings
from workers.mining.trend import WEEK, WEEKS
from workers.runtime.job_key import parse_key

QUEUE = "compute"

WATCHED: tuple[State, ...] = tuple(state for state in STATES if state not in BEFORE_APPROVAL)
"""The states in which a candidate's version may be answering."""
SETTLED: tuple[State, ...] = ("live", "kept_prompt", "rag", "rolled_back")
"""The states in which nobody is working on the candidate: an alarm moves it to `drifting`."""
OVER = "the check of week {week} found no drift"


def teams_to_check(store: Store, now: float) -> list[str]:
    """Returns the workspaces with recent requests or with a version that may drift."""
    teams = {candidate.team for candidate in store.candidates.in_states(WATCHED)}
    teams.update(store.mining.active_teams(now - WEEKS * WEEK))
    return sorted(teams)


def run(context: Context, key: str, sunset_dates: SunsetDates | None = None) -> None:
    """Checks a workspace's live versions for a week; `key` is `job_key(team, week)`.

    A version whose model does not answer is left for the next run. `sunset_dates` gives the day on
    which a model is switched off; by default litellm's list does.
    """
    team, week = parse_key(key, "team", "week")
    store = context.store
    # The row with the job's own key says that the week is complete.
    if store.drift_checks.get(key) is not None:
        return

    if sunset_dates is None:
        client = LiteLLMClient(context.settings.connect_timeout_seconds)
        sunset_dates = client.sunset_date

    now = context.now()
    log = get_log(job="drift", team=team, week=week)
    checked = 0
    deferred = 0
    alarmed = 0

    for candidate in store.candidates.for_team(team):
        version = live_version(store, candidate)
        if version is None:
            continue

        try:
            check = _check_once(context, version, week, sunset_dates)
        except BeagleError as error:
            deferred += 1
            log.warning("drift_waits", candidate=candidate.id, error=str(error))
            continue

        _apply(context, version, check)
        checked += 1
        if check.body["alarms"]:
            alarmed += 1

    # Models end for every route, also for those that no rollout put live.
    _announce_sunsets(context, team, week, sunset_dates)
    if deferred:
        return

    summary = {"looked": checked, "alarmed": alarmed}
    if store.drift_checks.insert(DriftCheck(key, team, None, week, summary, now)):
        log.info("drift_checked", looked=checked, alarmed=alarmed)


def _check_once(
    context: Context, version: LiveVersion, week: str, sunset_dates: SunsetDates
) -> DriftCheck:
    """Returns the week's check of a version, stored by an earlier run or made now."""
    checks = context.store.drift_checks
    candidate = version.candidate
    check_id = f"{candidate.id} {version.version} {week}"

    stored = checks.get(check_id)
    if stored is None:
        body = check_version(context, version, sunset_dates)
        new = DriftCheck(check_id, candidate.team, candidate.id, week, body, context.now())
        # Another worker may have been faster: then its row counts.
        checks.insert(new)
        stored = checks.get(check_id)

    assert stored is not None
    return stored


def _apply(context: Context, version: LiveVersion, check: DriftCheck) -> None:
    """Moves the candidate as the check demands, and has new alarms announced to admins.

    Doing it twice changes nothing.
    """
    store = context.store
    candidate = version.candidate
    history = store.candidates.history(candidate.id)
    if _was_applied(history, check):
        _announce(store, candidate, check)
        return

    figures = [alarm["figure"] for alarm in check.body["alarms"]]
    if candidate.state in SETTLED and figures:
        drift = DriftEvidence(
            version=version.version,
            previous_version=version.previous,
            drift_check=check.id,
            week=check.week,
            reasons=tuple(figures),
            explanation="; ".join(figures),
        )
        _move(context, candidate, drift)
    elif candidate.state == "drifting" and not figures:
        recovery = LiveEvidence(
            version=version.version,
            previous_version=version.previous,
            drift_check=check.id,
            week=check.week,
            explanation=OVER.format(week=check.week),
        )
        _move(context, candidate, recovery)
    elif candidate.state != "drifting" or not _has_new_alarm(store, candidate, check):
        return

    _announce(store, candidate, check)


def _was_applied(history: Sequence[CandidateTransition], check: DriftCheck) -> bool:
    """Returns whether the candidate has changed its state because of that check."""
    for edge in history:
        evidence = edge.evidence
        if isinstance(evidence, DriftCheckEvidence) and evidence.drift_check == check.id:
            return True

    return False


def _move(context: Context, candidate: Candidate, evidence: DriftCheckEvidence) -> None:
    log = get_log(job="drift", candidate=candidate.id, state=candidate.state)
    try:
        context.store.candidates.advance(
            candidate.id, evidence, actor=SYSTEM, at=context.now(), version=candidate.version
        )
    except LifecycleError as error:
        log.info("advanced_elsewhere", error=str(error))
        return

    log.info("candidate_advanced", to=evidence.state)


def _announce(store: Store, candidate: Candidate, check: DriftCheck) -> None:
    """Has the check announced, unless it is an all-clear that came too late to count."""
    if check.body["alarms"] or _was_applied(store.candidates.history(candidate.id), check):
        store.drift_checks.mark_for_announcement(check.id)


def _has_new_alarm(store: Store, candidate: Candidate, check: DriftCheck) -> bool:
    """Returns whether the check has a kind of alarm not announced since the drift began."""
    drifting_since = 0.0
    for edge in store.candidates.history(candidate.id):
        if edge.after == "drifting":
            drifting_since = edge.at

    announced: set[str] = set()
    for earlier in store.drift_checks.for_candidate(candidate.id):
        # Only what admins were told counts as known.
        if earlier.telling and earlier.at >= drifting_since and earlier.id != check.id:
            announced.update(alarm["kind"] for alarm in earlier.body["alarms"])

    return any(alarm["kind"] not in announced for alarm in check.body["alarms"])


def _announce_sunsets(context: Context, team: str, week: str, sunset_dates: SunsetDates) -> None:
    """Announces, once, each model that is switched off soon and is named by a route or a setting.

    Versions that a rollout put live are left out: their own check has an alarm for it.
    """
    store = context.store
    settings = context.settings
    now = context.now()

    checked: set[str] = set()
    for candidate in store.candidates.for_team(team):
        version = live_version(store, candidate)
        if version is not None:
            checked.add(version.version)

    routes_by_model: dict[str, list[str]] = {}
    for stored in store.versions.live_versions(team):
        if stored.id in checked:
            continue

        for model in models_of(Version.model_validate(dict(stored.body)), settings):
            routes_by_model.setdefault(model, []).append(stored.route)

    named = models_in_settings(settings)
    warning_days = settings.model_sunset_warning_days
    for sunset in sunsets_within([*routes_by_model, *named], sunset_dates, now, warning_days):
        body = asdict(sunset) | {
            "routes": routes_by_model.get(sunset.model, []),
            "settings": list(named.get(sunset.model, ())),
        }
        check_id = f"{team} {sunset.model} {sunset.date}"
        check = DriftCheck(check_id, team, None, week, body, now, telling=True)
        if store.drift_checks.insert(check):
            get_log(job="drift", team=team).warning(
                "model_sunset", model=sunset.model, date=sunset.date, days=sunset.days
            )
