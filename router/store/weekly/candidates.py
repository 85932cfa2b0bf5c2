"""Candidates: what mining found, where each stands in its life, and an audit row for every step it took."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from router.errors import StaleError
from router.lifecycle import BEFORE_APPROVAL, State, check
from router.store.base.engine import reading, writing
from router.store.base.tables import candidate
from router.store.versions import transitions as placing
from router.store.weekly.candidate_tables import candidate_edge
from router.types import Candidate


@dataclass(frozen=True, slots=True)
class Edge:
    """One step of a candidate: who took it, when, and on what evidence. `version` is the candidate's after it."""

    candidate: str
    version: int
    before: State
    after: State
    actor: str
    at: float
    evidence: Mapping[str, Any]
    evidence_hash: str


class Candidates:
    """The candidate and candidate_edge tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, found: Candidate, at: float) -> Candidate:
        """The candidate is known with this label, definition and evidence; returns it as it is stored.

        A new one starts where it says, before approval. A known one keeps its state, its route and
        its approver; while it waits for a verdict its version grows when anything changed, so that
        a button under old evidence is refused.
        """
        with writing(self._engine) as connection:
            row = _row(connection, found.id)
            if row is None:
                if found.state not in BEFORE_APPROVAL:
                    raise ValueError(
                        f"storing candidate {found.id!r}: a new one cannot be {found.state!r} already"
                    )

                times = {"version": 0, "first_seen": at, "last_seen": at}
                connection.execute(insert(candidate).values(_values(found) | times))
            else:
                told: dict[str, Any] = {
                    "label": found.label,
                    "definition": found.definition,
                    "evidence": dict(found.evidence),
                }

                told |= {"centroid": found.centroid, "encoder": found.encoder}
                changed = any(row[name] != value for name, value in told.items())
                bump = int(changed and row["state"] in BEFORE_APPROVAL)
                mine = update(candidate).where(candidate.c.id == found.id)
                connection.execute(
                    mine.values(told | {"version": row["version"] + bump, "last_seen": at})
                )

            return _candidate(_row(connection, found.id))

    def get(self, key: str) -> Candidate | None:
        """That candidate."""
        with reading(self._engine) as connection:
            row = _row(connection, key)

        return _candidate(row) if row else None

    def of(self, team: str, states: Collection[State] | None = None) -> list[Candidate]:
        """A team's candidates, those in `states` only if given, in the order they were found."""
        query = (
            select(candidate)
            .where(candidate.c.team == team)
            .order_by(candidate.c.first_seen, candidate.c.id)
        )

        if states is not None:
            query = query.where(candidate.c.state.in_(list(states)))

        with reading(self._engine) as connection:
            return [_candidate(row) for row in connection.execute(query).mappings()]

    def waiting(self, states: Collection[State]) -> list[Candidate]:
        """Every team's candidates in these states, longest untouched first."""
        query = (
            select(candidate)
            .where(candidate.c.state.in_(list(states)))
            .order_by(candidate.c.last_seen)
        )
        with reading(self._engine) as connection:
            return [_candidate(row) for row in connection.execute(query).mappings()]

    def advance(
        self,
        key: str,
        to: State,
        *,
        actor: str,
        at: float,
        evidence: Mapping[str, Any],
        version: int,
    ) -> Candidate:
        """The candidate is in state `to` and an audit row says who took it there, when and why.

        The version that the evidence names stands as the new state says (`placing.follow`), in the
        same transaction. `version` is the candidate's that the actor had seen. Raises
        IllegalEdgeError when the step is not allowed, StaleError when the candidate is another one
        by now or gone; then nothing has changed.
        """
        with writing(self._engine) as connection:
            row = _row(connection, key)
            if row is None or row["version"] != version:
                found = "none" if row is None else f"version {row['version']}"
                raise StaleError(
                    f"advancing candidate {key!r} at version {version}: found {found}; look at it again"
                )

            check(row["state"], to, actor, row["approver"], lived=_lived(connection, key))
            values: dict[str, Any] = {"state": to, "version": version + 1, "last_seen": at}

            if to == "approved":
                values["approver"] = actor
            elif to in BEFORE_APPROVAL:
                values["approver"] = None

            if "route" in evidence:
                values["route"] = evidence["route"]

            connection.execute(update(candidate).where(candidate.c.id == key).values(values))
            edge = {
                "candidate": key,
                "version": version + 1,
                "before": row["state"],
                "after": to,
                "actor": actor,
            }

            edge |= {
                "at": at,
                "evidence": dict(evidence),
                "evidence_hash": _hash(row["evidence"], evidence),
            }

            connection.execute(insert(candidate_edge).values(edge))
            placing.follow(connection, str(values.get("route") or row["route"]), to, evidence)
            return _candidate(_row(connection, key))

    def history(self, key: str) -> list[Edge]:
        """Every step of a candidate, oldest first."""
        mine = candidate_edge.c.candidate == key
        query = select(candidate_edge).where(mine).order_by(candidate_edge.c.version)

        with reading(self._engine) as connection:
            return [Edge(**row) for row in connection.execute(query).mappings()]


def _row(connection: Connection, key: str) -> RowMapping | None:
    return (
        connection.execute(select(candidate).where(candidate.c.id == key)).mappings().one_or_none()
    )


def _lived(connection: Connection, key: str) -> bool:
    mine = (candidate_edge.c.candidate == key, candidate_edge.c.after == "live")
    return (
        connection.execute(select(candidate_edge.c.version).where(*mine).limit(1)).scalar()
        is not None
    )


def _values(found: Candidate) -> dict[str, Any]:
    names = ("id", "team", "label", "definition", "state", "route", "centroid", "encoder")
    return {name: getattr(found, name) for name in names} | {"evidence": dict(found.evidence)}


def _candidate(row: RowMapping | None) -> Candidate:
    assert row is not None
    names = (name for name in Candidate.__slots__ if name not in ("created_at", "updated_at"))
    return Candidate(
        **{name: row[name] for name in names},
        created_at=row["first_seen"],
        updated_at=row["last_seen"],
    )


def _hash(known: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    text = json.dumps([known, told], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
