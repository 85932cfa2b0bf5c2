"""Reads and writes admins' split and merge corrections, which are stored as audit rows."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from router.lifecycle import State
from router.lifecycle_evidence import RejectionEvidence
from router.store import Store
from router.types import Candidate
from workers.mining.constraints import Correction, Merge, Split, bisect
from workers.mining.vectors import Vector, Vectors

CLOSED_STATES: tuple[State, ...] = ("rejected", "retired")


def encoded_halves(vectors: Vectors) -> list[str] | None:
    """Returns the centroids of a candidate's two halves for its record; None if it has no two."""
    halves = bisect(vectors)
    return None if halves is None else [_encode(centroid) for centroid in halves]


def split_record(candidate: Candidate) -> RejectionEvidence | None:
    """Returns the audit record of a split; None where the candidate's evidence has no halves."""
    halves = candidate.evidence.halves
    if not halves:
        return None

    return RejectionEvidence(split=halves, encoder=candidate.encoder)


def merge_record(candidate: Candidate, target: Candidate | None) -> RejectionEvidence | None:
    """Returns the audit record of a merge into `target`; None where that is no longer possible."""
    if target is None or not candidate.centroid:
        return None
    if target.team != candidate.team or target.id == candidate.id:
        return None
    if target.state in CLOSED_STATES:
        return None

    centroid = np.frombuffer(candidate.centroid, np.float32)
    return RejectionEvidence(
        merged_into=target.id, centroid=_encode(centroid), encoder=candidate.encoder
    )


def merge_targets(candidates: Sequence[Candidate], candidate: Candidate) -> list[Candidate]:
    """Returns the candidates that it can be merged into, those that await a verdict first."""
    targets = [
        other
        for other in candidates
        if other.id != candidate.id
        and other.state not in CLOSED_STATES
        and not other.evidence.hidden
    ]
    return sorted(targets, key=lambda target: (target.state != "digested", target.label))


def active_corrections(
    store: Store, team: str, candidates: Sequence[Candidate], encoder: str
) -> list[Correction]:
    """Returns the corrections for vectors of this encoder, in the order of candidates' ids.

    A correction ends when an admin takes the rejection back, and a merge also when its target is
    split.
    """
    corrections: list[Correction] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.id):
        record = correction_of(store, candidate)
        if record is None or record.encoder != encoder or is_released(store, candidate):
            continue

        if record.split:
            first, second = (_decode(text) for text in record.split)
            corrections.append(Split(first, second))
        elif record.centroid:
            source = candidate.id.removeprefix(f"{team}:")
            target = record.merged_into.removeprefix(f"{team}:")
            corrections.append(Merge(_decode(record.centroid), source, target))

    return corrections


def correction_of(store: Store, candidate: Candidate) -> RejectionEvidence | None:
    """Returns the split or merge that rejected the candidate; None without one that holds."""
    if candidate.state != "rejected":
        return None

    evidence = store.candidates.history(candidate.id)[-1].evidence
    if isinstance(evidence, RejectionEvidence) and evidence.verdict in ("split", "merge"):
        return evidence

    return None


def is_released(store: Store, candidate: Candidate) -> bool:
    """Returns whether it was merged into a candidate that was split since, which ends the merge."""
    record = correction_of(store, candidate)
    if record is None or not record.merged_into:
        return False

    target = store.candidates.get(record.merged_into)
    target_record = correction_of(store, target) if target is not None else None
    return target_record is not None and bool(target_record.split)


def _encode(vector: Vector) -> str:
    # Half precision: a centroid decides by cosines of 0.85 and does not need more.
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def _decode(text: str) -> Vector:
    vector = np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)
    unit: Vector = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit
