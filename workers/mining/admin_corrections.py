"""What admins said with “Not the same thing”, as the next look at what repeats takes it; kept in the audit row."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.lifecycle import State
from router.store import Store
from router.types import Candidate
from workers.mining.constraints import Correction, Merge, Split
from workers.mining.constraints import halves as halves_of
from workers.mining.neighbours import Rows

GONE: tuple[State, ...] = ("rejected", "retired")


def halves(vectors: Rows) -> list[str] | None:
    """The two requests that a candidate would be if it were two, for its record; None where it cannot be two."""
    found = halves_of(vectors)
    return None if found is None else [_packed(each) for each in found]


def split(one: Candidate) -> dict[str, Any] | None:
    """What the audit keeps when the candidate is two requests; None where its record does not say which."""
    found = one.evidence.get("halves")
    return {"split": list(found), "encoder": one.encoder} if found else None


def merge(one: Candidate, into: Candidate | None) -> dict[str, Any] | None:
    """What the audit keeps when the candidate belongs to another one; None where that one is not known any more."""
    if (
        into is None
        or into.team != one.team
        or into.id == one.id
        or into.state in GONE
        or not one.centroid
    ):
        return None

    centre = np.frombuffer(one.centroid, np.float32)
    return {"into": into.id, "centre": _packed(centre), "encoder": one.encoder}


def others(known: Sequence[Candidate], one: Candidate) -> list[Candidate]:
    """Which candidates it may belong to, those that wait for a verdict first."""
    possible = [
        each
        for each in known
        if each.id != one.id and each.state not in GONE and not each.evidence.get("hidden")
    ]
    return sorted(possible, key=lambda each: (each.state != "digested", each.label))


def corrections_of(
    store: Store, team: str, known: Sequence[Candidate], encoder: str
) -> list[Correction]:
    """Everything that holds: of candidates that are still set aside by such a word, in the order of their ids."""
    out: list[Correction] = []
    for one in sorted(known, key=lambda each: each.id):
        told = corrected(store, one)
        if told.get("encoder") != encoder or released(store, one):
            continue

        if "split" in told:
            first, second = (_unpacked(text) for text in told["split"])
            out.append(Split(first, second))
        elif "centre" in told:
            source, into = (str(key).removeprefix(f"{team}:") for key in (one.id, told["into"]))
            out.append(Merge(_unpacked(told["centre"]), source, into))

    return out


def corrected(store: Store, one: Candidate) -> Mapping[str, Any]:
    """The word that set the candidate aside as not the same thing; empty where there is none, or it was taken back."""
    if one.state != "rejected":
        return {}

    told = store.candidates.history(one.id)[-1].evidence
    return told if told.get("verdict") in ("split", "merge") else {}


def released(store: Store, one: Candidate) -> bool:
    """Whether it belonged to a candidate that was divided since: then it stands by itself again."""
    into = store.candidates.get(str(corrected(store, one).get("into") or ""))
    return into is not None and "split" in corrected(store, into)


def _packed(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def _unpacked(text: str) -> NDArray[np.float32]:
    vector = np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)
    unit: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit
