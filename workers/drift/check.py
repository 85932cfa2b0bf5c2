"""One look at one live version: everything that can drift is measured and judged by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from router.catalog.version import Version
from router.store.weekly.retrain import Retrain
from workers.context import Context
from workers.datasets.review import of_rows
from workers.drift.alarms import Measured, alarms
from workers.drift.base_model import changes, fingerprints, models_of
from workers.drift.baseline import asked_again, baseline, golden_rows, own_rows, taught
from workers.drift.correction_rate import at_promotion, by_week
from workers.drift.cost import cost
from workers.drift.input_shift import asked_of, shift
from workers.drift.live_version import Lived, Reference, reference
from workers.drift.model_sunset import Ends, near
from workers.evaluation.paired import paired
from workers.knowledge.workspace_scope import as_everybody
from workers.llm.gateway import LOCAL
from workers.mining.trend import WEEK
from workers.ports import Call


@dataclass(frozen=True, slots=True)
class Taught:
    """The version itself and what is kept of its making: dataset rows, its report's baseline and scores, its bill."""

    version: Version
    rows: tuple[Any, ...]
    baseline: Mapping[str, Any] | None
    scores: Mapping[str, float]
    bill: Mapping[str, Any]


def look(context: Context, of: Lived, ends: Ends) -> dict[str, Any]:
    """The body of the week's record: figures, alarms, limits, cost. It holds no text of a person.

    Raises ModelError when the version's model does not answer: then nothing is known, and nothing
    is said.
    """
    context = as_everybody(context, of.candidate.team)
    made = _taught(context, of)
    awake(context, made.version)
    known = made.baseline or _first_look(context, of)
    fresh = (
        None if known is not None else baseline(context, made.version, of.candidate.team, made.rows)
    )
    then = reference(
        context.store, of, _with_report(known if known is not None else fresh or {}, made.scores)
    )
    scores = (
        _asked(context, of, made)
        if fresh is None
        else {name: fresh[name] for name in ("own", "golden")}
    )

    awake(context, made.version)
    prints = fingerprints(context, made.version)
    found = _measured(context, of, then, made, scores, changes(then.base, prints), ends)
    rang = alarms(found, context.settings)

    return {
        "label": of.candidate.label,
        "route": of.route,
        "version": of.version,
        "kind": made.version.kind,
        "measured": asdict(found),
        "scores": scores,
        "fingerprints": prints,
        "alarms": [asdict(alarm) for alarm in rang],
        "cost": asdict(cost(context.settings, made.bill, found)),
    } | ({} if fresh is None else {"baseline": fresh})


def _asked(context: Context, of: Lived, made: Taught) -> dict[str, dict[str, float]]:
    return {
        "own": asked_again(context, made.version, own_rows(made.rows)),
        "golden": asked_again(context, made.version, golden_rows(context, of.route)),
    }


def awake(context: Context, version: Version) -> None:
    """Returns when the version's first model answers at all. Raises ModelError: an outage is no drift."""
    models = models_of(version, context.settings)
    if models:
        first = (LOCAL,) if version.adapter is not None else models[:1]
        context.model.complete(
            Call(
                [{"role": "user", "content": "hello"}],
                models=first,
                adapter=version.adapter,
                output_tokens=1,
            )
        )


def _measured(
    context: Context,
    of: Lived,
    then: Reference,
    made: Taught,
    scores: Mapping[str, Mapping[str, float]],
    base: Mapping[str, list[str]],
    ends: Ends,
) -> Measured:
    settings, store, now = context.settings, context.store, context.now()
    asked = asked_of(store.minable.asked(of.candidate.team, now - WEEK, now), of.route)
    ending = near(models_of(made.version, settings), ends, now, settings.drift_end_days)

    return Measured(
        own=paired(then.own, scores["own"]),
        golden=paired(then.golden, scores["golden"]),
        shift=shift(
            context,
            then.inputs,
            taught(context, of.route, made.rows),
            asked,
            settings.drift_requests,
        ),
        promoted=then.promoted
        or at_promotion(store.trials, of.route, of.version, of.before, of.at),
        weeks=by_week(store.trials, of.route, of.version, of.at, now),
        base=base,
        forgotten=next(iter(_due(context, of)), ""),
        ending=[
            one
            for one in ending
            if [one.model, one.date] not in [list(told) for told in then.ending]
        ],
    )


def _due(context: Context, of: Lived) -> list[str]:
    """Why the version is to be trained anew or retired whatever it does; a person's word changes nothing of that."""
    due = Retrain(context.store.engine).due()
    return [one.why for one in due if (one.route, one.version) == (of.route, of.version)]


def _taught(context: Context, of: Lived) -> Taught:
    report = context.store.datasets.report(of.route, of.version)
    body = report.body if report is not None else {}
    bill = body.get("bill") or {}
    stored = context.store.datasets.get(str(bill.get("dataset")))
    rows = of_rows(stored.rows) if stored is not None else ()
    version = context.version_as_made(of.route, of.version)

    return Taught(version, rows, body.get("baseline"), body.get("scores") or {}, bill)


def _with_report(known: Mapping[str, Any], proved: Mapping[str, float]) -> dict[str, Any]:
    """What is known with the scores of the version's report: rows that it was proved on count from then on."""
    return dict(known) | {name: {**known[name], **proved} for name in ("own", "golden")}


def _first_look(context: Context, of: Lived) -> Mapping[str, Any] | None:
    """The baseline that was taken when the version was looked at for the first time."""
    seen = context.store.drifts.of(of.candidate.id)
    mine = (one.body for one in seen if one.body.get("version") == of.version)
    return next((body["baseline"] for body in mine if "baseline" in body), None)
