"""The versions that a candidate's road brought live and that answer still, and what each is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.lifecycle import SYSTEM
from router.store import Store
from router.store.weekly.candidates import Edge
from router.types import Candidate
from workers.drift.correction_rate import Share
from workers.drift.input_shift import Histogram, of_record


@dataclass(frozen=True, slots=True)
class Lived:
    """A live version with its candidate; `before` answered before it, `at` is when it went live."""

    candidate: Candidate
    route: str
    version: str
    before: str
    at: float


@dataclass(frozen=True, slots=True)
class Reference:
    """How the version was when it was proved, or when a person last said that it is fine as it is."""

    own: Mapping[str, float]
    golden: Mapping[str, float]
    inputs: Histogram | None
    base: Mapping[str, Mapping[str, Any]]
    promoted: Share | None = None
    ending: Sequence[Sequence[str]] = ()


def lived(store: Store, one: Candidate) -> Lived | None:
    """The live version of a candidate; None where it has brought none, or another one answers by now."""
    edge = _went_live(store.candidates.history(one.id))
    if edge is None or one.route is None or not edge.evidence.get("version"):
        return None

    version, live = str(edge.evidence["version"]), store.versions.live(one.route)
    if live is None or live.id != version:
        return None

    return Lived(one, one.route, version, str(edge.evidence.get("before") or ""), edge.at)


def reference(store: Store, of: Lived, known: Mapping[str, Any]) -> Reference:
    """`known` is the baseline of the version's report, or of the first week that it was looked at.

    What a person kept takes its place, for those alarms only that rang then.
    """
    then = Reference(known["own"], known["golden"], of_record(known["inputs"]), known["base"])
    kept = _kept(store.candidates.history(of.candidate.id), of.at)
    seen = store.drifts.get(str(kept.evidence.get("drift"))) if kept is not None else None

    return then if seen is None else _as_kept(then, seen.body)


def _as_kept(then: Reference, body: Mapping[str, Any]) -> Reference:
    rang = {alarm["kind"] for alarm in body["alarms"]}
    if "accuracy" in rang:
        then = replace(then, own=body["scores"]["own"], golden=body["scores"]["golden"])

    if "inputs" in rang and then.inputs is not None:
        then = replace(
            then, inputs=replace(then.inputs, counts=body["measured"]["shift"]["counts"])
        )

    if "corrected" in rang:
        then = replace(then, promoted=Share(**body["measured"]["weeks"][-1]))
    if "base" in rang:
        then = replace(then, base=body["fingerprints"])

    if "ending" in rang:
        then = replace(
            then, ending=[[one["model"], one["date"]] for one in body["measured"]["ending"]]
        )

    return then


def _went_live(history: Sequence[Edge]) -> Edge | None:
    return next(
        (edge for edge in reversed(history) if edge.after == "live" and edge.before != "drifting"),
        None,
    )


def _kept(history: Sequence[Edge], since: float) -> Edge | None:
    """The newest word of a person that it is fine as it is, since it went live."""
    said = (
        edge
        for edge in reversed(history)
        if edge.before == "drifting"
        and edge.after == "live"
        and edge.actor != SYSTEM
        and edge.at >= since
    )
    return next(said, None)
