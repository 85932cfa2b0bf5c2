"""The weekly check of one live version.

Everything that can drift is measured and judged by rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from router.catalog.version import Version
from workers.context import Context
from workers.datasets.build import DatasetExample
from workers.datasets.review import from_records
from workers.drift.alarms import DriftMeasurement, triggered_alarms
from workers.drift.base_model import changed_models, fingerprints, models_of
from workers.drift.baseline import (
    dataset_test_rows,
    measure_baseline,
    rescore,
    route_test_rows,
    training_texts,
)
from workers.drift.correction_rate import rate_at_promotion, weekly_rates
from workers.drift.cost import retraining_cost
from workers.drift.input_shift import InputShift, input_shift, requests_of
from workers.drift.live_version import DriftReference, LiveVersion, drift_reference
from workers.drift.model_sunset import ModelSunset, SunsetDates, sunsets_within
from workers.evaluation.paired import Scores, compare_scores
from workers.knowledge.workspace_scope import workspace_context
from workers.llm.gateway import LOCAL
from workers.mining.trend import WEEK
from workers.ports import ModelCall

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VersionHistory:
    """A version and how it came about: its dataset, and its report's baseline, scores and bill."""

    version: Version
    examples: tuple[DatasetExample, ...]
    baseline: JsonObject | None
    scores: Scores
    bill: JsonObject


def check_version(context: Context, live: LiveVersion, dates: SunsetDates) -> dict[str, Any]:
    """Returns the body of the week's record: figures, alarms, limits, cost.

    It holds no text of a person. Raises ModelError when the version's model does not answer: then
    nothing is known, and nothing is reported.
    """
    # Measured as everybody: no document of a private channel may help.
    if context.team != live.candidate.team:
        context = workspace_context(context, live.candidate.team)
    history = _load_history(context, live)
    version = history.version
    ensure_available(context, version)

    baseline = history.baseline or _first_check_baseline(context, live)
    new_baseline = None
    if baseline is None:
        # The first check of a version that was evaluated without one: it becomes the reference.
        new_baseline = measure_baseline(context, version, live.candidate.team, history.examples)
        baseline = new_baseline
        scores = {name: new_baseline[name] for name in ("own", "golden")}
    else:
        scores = {
            "own": rescore(context, version, dataset_test_rows(history.examples)),
            "golden": rescore(context, version, route_test_rows(context, live.route)),
        }

    reference = drift_reference(context.store, live, _with_report_scores(baseline, history.scores))
    # Checked again after the rows: an outage in between is no drift either.
    ensure_available(context, version)
    prints = fingerprints(context, version)
    base = changed_models(reference.base, prints)
    measurement = _measure(context, live, reference, history, scores, base, dates)
    alarms = triggered_alarms(measurement, context.settings)

    body = {
        "label": live.candidate.label,
        "route": live.route,
        "version": live.version,
        "kind": version.kind,
        "measured": asdict(measurement),
        "scores": scores,
        "fingerprints": prints,
        "alarms": [asdict(alarm) for alarm in alarms],
        "cost": asdict(retraining_cost(context.settings, history.bill, measurement)),
    }
    if new_baseline is not None:
        body["baseline"] = new_baseline

    return body


def ensure_available(context: Context, version: Version) -> None:
    """Returns when the version's first model answers at all.

    Raises ModelError: an outage is no drift.
    """
    models = models_of(version, context.settings)
    if not models:
        return

    # An adapter runs on the local model only, whatever else the version names.
    first = LOCAL if version.adapter is not None else models[0]
    context.model.complete(
        ModelCall(
            [{"role": "user", "content": "hello"}],
            models=(first,),
            adapter=version.adapter,
            output_tokens=1,
        )
    )


def _measure(
    context: Context,
    live: LiveVersion,
    reference: DriftReference,
    history: VersionHistory,
    scores: Mapping[str, Scores],
    base: Mapping[str, list[str]],
    dates: SunsetDates,
) -> DriftMeasurement:
    team, runs = live.candidate.team, context.store.shadow_runs
    promoted = reference.promoted
    if promoted is None:
        promoted = rate_at_promotion(
            runs, team, live.route, live.version, live.previous, live.live_since
        )

    return DriftMeasurement(
        own=compare_scores(reference.own, scores["own"]),
        golden=compare_scores(reference.golden, scores["golden"]),
        shift=_shift(context, live, reference, history),
        promoted=promoted,
        weeks=weekly_rates(runs, team, live.route, live.version, live.live_since, context.now()),
        base=base,
        forgotten=_pending_retrain(context, live),
        ending=_new_sunsets(context, history.version, reference, dates),
    )


def _shift(
    context: Context, live: LiveVersion, reference: DriftReference, history: VersionHistory
) -> InputShift:
    """Returns the shift of the last week's requests."""
    now = context.now()
    logged = context.store.mining.requests(live.candidate.team, now - WEEK, now)
    return input_shift(
        context,
        reference.inputs,
        training_texts(context, live.route, history.examples),
        requests_of(logged, live.route),
        context.settings.drift_requests,
    )


def _new_sunsets(
    context: Context, version: Version, reference: DriftReference, dates: SunsetDates
) -> list[ModelSunset]:
    """Returns the sunsets of the version's models that are near, but those a person accepted."""
    settings = context.settings
    # Lists, because the record of an accepted check is JSON.
    accepted = [list(sunset) for sunset in reference.ending]
    near = sunsets_within(
        models_of(version, settings), dates, context.now(), settings.model_sunset_warning_days
    )
    return [sunset for sunset in near if [sunset.model, sunset.date] not in accepted]


def _pending_retrain(context: Context, live: LiveVersion) -> str:
    """Returns why the version must be retrained or retired, whatever it does; empty if it need not.

    That is so after somebody's words were erased. No person can accept it away.
    """
    for pending in context.store.retrain.pending(live.candidate.team):
        if (pending.route, pending.version) == (live.route, live.version):
            return pending.why

    return ""


def _load_history(context: Context, live: LiveVersion) -> VersionHistory:
    team = live.candidate.team
    report = context.store.datasets.newest_report(team, live.route, live.version)
    body = report.body if report is not None else {}
    bill = body.get("bill") or {}
    stored = context.store.datasets.get(team, str(bill.get("dataset")))

    return VersionHistory(
        version=context.exact_version(team, live.route, live.version),
        examples=from_records(stored.rows) if stored is not None else (),
        baseline=body.get("baseline"),
        scores=body.get("scores") or {},
        bill=bill,
    )


def _with_report_scores(baseline: JsonObject, scores: Scores) -> dict[str, Any]:
    """Returns the baseline with the scores of the version's report in place of its own."""
    merged = dict(baseline)
    # Rows that were added after the evaluation are compared with their first score.
    for name in ("own", "golden"):
        merged[name] = {**baseline[name], **scores}

    return merged


def _first_check_baseline(context: Context, live: LiveVersion) -> JsonObject | None:
    """Returns the baseline that was measured in the version's first check; None before that."""
    for check in context.store.drift_checks.for_candidate(live.candidate.id):
        body = check.body
        if body.get("version") == live.version and "baseline" in body:
            baseline: JsonObject = body["baseline"]
            return baseline

    return None
