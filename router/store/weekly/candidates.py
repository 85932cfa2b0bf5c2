"""Candidates that mining found, their states, and an audit row for every transition."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, RowMapping, exists, insert, select, update

from router.candidate_evidence import CandidateEvidence
from router.errors import StaleError
from router.evidence_codec import decode, encode
from router.lifecycle import BEFORE_APPROVAL, State, check_transition
from router.lifecycle_evidence import TransitionEvidence, decode_transition
from router.store.base.engine import insert_for, one_statement, reading, take, writing
from router.store.base.tables import candidate
from router.store.versions import transitions
from router.store.weekly.candidate_tables import candidate_edge
from router.store.weekly.evidence_hash import evidence_hash
from router.types import Candidate


@dataclass(frozen=True, slots=True)
class CandidateTransition:
    """One transition of a candidate: who took it, when, and on what evidence.

    `version` is the candidate's after it. `evidence_hash` covers the figures of
    the candidate's evidence at that time too.
    """

    candidate: str
    version: int
    before: State
    after: State
    actor: str
    at: float
    evidence: TransitionEvidence
    evidence_hash: str


class Candidates:
    """The candidate and candidate_edge tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def upsert(self, new: Candidate, at: float) -> Candidate:
        """Stores the candidate's label, definition, evidence and centroid; returns it as stored.

        A new candidate starts in its own state, which has to be one before approval, or ValueError
        is raised. A known one keeps its state, route and approver. While it waits for a verdict its
        version grows with every change, so that a button under old evidence is refused.
        """
        with writing(self._engine) as connection:
            if not self._insert_new(connection, new, at):
                row = _row(connection, new.id, lock=True)
                assert row is not None
                _update(connection, row, new, at)

            return _read(_row(connection, new.id))

    def get(self, key: str) -> Candidate | None:
        """Returns that candidate."""
        with reading(self._engine) as connection:
            row = _row(connection, key)

        return _read(row) if row else None

    def for_team(self, team: str, states: Collection[State] | None = None) -> list[Candidate]:
        """Returns a workspace's candidates, all or those in `states`, oldest first."""
        query = (
            select(candidate)
            .where(candidate.c.team == team)
            .order_by(candidate.c.first_seen, candidate.c.id)
        )
        if states is not None:
            query = query.where(candidate.c.state.in_(list(states)))

        with one_statement(self._engine) as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def in_states(self, states: Collection[State]) -> list[Candidate]:
        """Returns the candidates of all workspaces in these states, longest untouched first."""
        query = (
            select(candidate)
            .where(candidate.c.state.in_(list(states)))
            .order_by(candidate.c.last_seen)
        )
        with one_statement(self._engine) as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def advance(
        self,
        key: str,
        evidence: TransitionEvidence,
        *,
        actor: str,
        at: float,
        version: int,
    ) -> Candidate:
        """Takes the candidate to the state of `evidence` and records who did it, when and why.

        The route version that the evidence names moves with it (`transitions.apply`), in the same
        transaction. `version` is the candidate's that the actor had seen. Raises
        IllegalTransitionError if the transition is not allowed, StaleError if the candidate has
        changed since or is gone; then nothing is stored.
        """
        target = evidence.state
        body = encode(evidence)

        with writing(self._engine) as connection:
            row = _row(connection, key, lock=True)
            if row is None or row["version"] != version:
                found = "none" if row is None else f"version {row['version']}"
                raise StaleError(
                    f"advancing candidate {key!r} at version {version}: found {found}; "
                    "look at it again"
                )

            # Checked in the transaction that writes, so two clicks cannot both be allowed.
            was_live = _was_live(connection, key)
            check_transition(row["state"], target, actor, row["approver"], was_live=was_live)

            route = row["route"] if evidence.route is None else evidence.route
            values: dict[str, object] = {
                "state": target,
                "version": version + 1,
                "route": route,
                "last_seen": at,
            }
            # Whoever approves is asked later; back before approval, somebody has to approve again.
            if target == "approved":
                values["approver"] = actor
            elif target in BEFORE_APPROVAL:
                values["approver"] = None

            connection.execute(update(candidate).where(candidate.c.id == key).values(values))
            transition = {
                "candidate": key,
                "version": version + 1,
                "before": row["state"],
                "after": target,
                "actor": actor,
                "at": at,
                "evidence": body,
                "evidence_hash": evidence_hash(row["evidence"], body),
            }
            connection.execute(insert(candidate_edge).values(transition))

            take(connection, ("route", row["team"], str(route)))
            # In the same transaction: no crash may leave a candidate in canary without its version.
            transitions.apply(connection, row["team"], str(route), evidence)
            return _read(_row(connection, key))

    def _insert_new(self, connection: Connection, new: Candidate, at: float) -> bool:
        """Inserts the candidate; returns False if it is stored already."""
        names = ("id", "team", "label", "definition", "state", "route", "centroid", "encoder")
        values = {name: getattr(new, name) for name in names}
        values |= {
            "evidence": encode(new.evidence),
            "version": 0,
            "first_seen": at,
            "last_seen": at,
        }
        statement = self._insert(candidate).values(values).on_conflict_do_nothing()
        if not connection.execute(statement).rowcount:
            return False
        if new.state not in BEFORE_APPROVAL:
            raise ValueError(
                f"storing candidate {new.id!r}: a new one cannot be {new.state!r} already"
            )

        return True

    def history(self, key: str) -> list[CandidateTransition]:
        """Returns every transition of a candidate, oldest first."""
        query = (
            select(candidate_edge)
            .where(candidate_edge.c.candidate == key)
            .order_by(candidate_edge.c.version)
        )
        with one_statement(self._engine) as connection:
            return [_read_transition(row) for row in connection.execute(query).mappings()]


def _update(connection: Connection, row: RowMapping, new: Candidate, at: float) -> None:
    values: dict[str, object] = {
        "label": new.label,
        "definition": new.definition,
        "evidence": encode(new.evidence),
        "centroid": new.centroid,
        "encoder": new.encoder,
    }
    # After approval the evidence goes on changing every week, but no button depends on it.
    changed = any(row[name] != value for name, value in values.items())
    if changed and row["state"] in BEFORE_APPROVAL:
        values["version"] = row["version"] + 1

    values["last_seen"] = at
    connection.execute(update(candidate).where(candidate.c.id == new.id).values(values))


def _row(connection: Connection, key: str, *, lock: bool = False) -> RowMapping | None:
    """Returns the candidate's row; with `lock` it stays as it is until the transaction ends."""
    query = select(candidate).where(candidate.c.id == key)
    if lock:
        query = query.with_for_update()

    return connection.execute(query).mappings().one_or_none()


def _was_live(connection: Connection, key: str) -> bool:
    found = exists().where(candidate_edge.c.candidate == key, candidate_edge.c.after == "live")
    return bool(connection.execute(select(found)).scalar())


def _read(row: RowMapping | None) -> Candidate:
    assert row is not None
    names = set(Candidate.__slots__) - {"evidence", "created_at", "updated_at"}
    return Candidate(
        **{name: row[name] for name in names},
        evidence=decode(CandidateEvidence, row["evidence"]),
        created_at=row["first_seen"],
        updated_at=row["last_seen"],
    )


def _read_transition(row: RowMapping) -> CandidateTransition:
    evidence = decode_transition(row["after"], row["evidence"])
    return CandidateTransition(**{**row, "evidence": evidence})
