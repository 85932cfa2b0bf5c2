"""The live version of a candidate's rollout, and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.lifecycle import SYSTEM
from router.lifecycle_evidence import LiveEvidence
from router.store import Store
from router.store.weekly.candidates import CandidateTransition
from router.types import Candidate
from workers.drift.correction_rate import CorrectionRate
from workers.drift.input_shift import DistanceHistogram, from_record

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """A live version with its candidate, its previous version, and when it went live."""

    candidate: Candidate
    route: str
    version: str
    previous: str
    live_since: float


@dataclass(frozen=True, slots=True)
class DriftReference:
    """How the version was when it was evaluated, or when a person last accepted its drift."""

    own: Mapping[str, float]
    golden: Mapping[str, float]
    inputs: DistanceHistogram | None
    base: Mapping[str, JsonObject]
    promoted: CorrectionRate | None = None
    ending: Sequence[Sequence[str]] = ()


def live_version(store: Store, candidate: Candidate) -> LiveVersion | None:
    """Returns the candidate's live version.

    None if it never had one, or another version has replaced it.
    """
    edge = _promotion(store.candidates.history(candidate.id))
    if edge is None or candidate.route is None or not edge.evidence.version:
        return None

    # A person may have rolled it back by hand, or a file replaced it: then it is not ours to watch.
    version = edge.evidence.version
    live = store.versions.live(candidate.team, candidate.route)
    if live is None or live.id != version:
        return None

    return LiveVersion(candidate, candidate.route, version, edge.evidence.previous_version, edge.at)


def drift_reference(store: Store, live: LiveVersion, baseline: JsonObject) -> DriftReference:
    """Returns what the version is compared with.

    `baseline` is that of the version's report, or of its first weekly check. A week that a person
    accepted takes its place, only for the parts that raised an alarm then.
    """
    reference = DriftReference(
        own=baseline["own"],
        golden=baseline["golden"],
        inputs=from_record(baseline["inputs"]),
        base=baseline["base"],
    )
    check = _accepted_check(store.candidates.history(live.candidate.id), live.live_since)
    stored = store.drift_checks.get(check) if check else None

    return reference if stored is None else _apply_acceptance(reference, stored.body)


def _apply_acceptance(reference: DriftReference, body: JsonObject) -> DriftReference:
    """Replaces the reference of each part that raised an alarm in the accepted check."""
    # Accepting one alarm must not hide another that begins later.
    alarmed = {alarm["kind"] for alarm in body["alarms"]}
    measured = body["measured"]

    if "accuracy" in alarmed:
        scores = body["scores"]
        reference = replace(reference, own=scores["own"], golden=scores["golden"])

    if "inputs" in alarmed and reference.inputs is not None:
        inputs = replace(reference.inputs, counts=measured["shift"]["counts"])
        reference = replace(reference, inputs=inputs)

    if "corrected" in alarmed:
        reference = replace(reference, promoted=CorrectionRate(**measured["weeks"][-1]))

    if "base" in alarmed:
        reference = replace(reference, base=body["fingerprints"])

    if "ending" in alarmed:
        sunsets = [[sunset["model"], sunset["date"]] for sunset in measured["ending"]]
        reference = replace(reference, ending=sunsets)

    return reference


def _promotion(history: Sequence[CandidateTransition]) -> CandidateTransition | None:
    """Returns the newest step by which a version went live; accepting a drift is none."""
    for edge in reversed(history):
        if edge.after == "live" and edge.before != "drifting":
            return edge

    return None


def _accepted_check(history: Sequence[CandidateTransition], since: float) -> str:
    """Returns the id of the drift check that a person accepted last.

    Empty if none was since then.
    """
    for edge in reversed(history):
        # Only a person accepts a drift; the system goes back to live when the alarm ends.
        if edge.before != "drifting" or edge.actor == SYSTEM or edge.at < since:
            continue
        if isinstance(edge.evidence, LiveEvidence):
            return edge.evidence.drift_check

    return ""
