"""Inserts requests that count as served already, for the demo's past and for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, insert

from router.store.base.compact import pack_vector
from router.store.base.engine import writing
from router.store.base.rows import as_row
from router.store.base.tables import decision, feedback, outcome, reply, request
from router.store.requests.decisions import decision_row, outcome_row
from router.types import Decision, Feedback, Outcome, Request

SIMULATED_EVENT = "EvSimulated"
"""How the event ids of a made-up history begin; screens that count such requests say so."""


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """A request with its only decision, its answer and what people said about it.

    Times in unix seconds. `reply_ts` is where its answer is posted, `vector` the encoder's id with
    float32 bytes.
    """

    request: Request
    decision: Decision
    outcome: Outcome
    decided_at: float
    answered_at: float
    feedback: Sequence[Feedback] = ()
    reply_ts: str | None = None
    vector: tuple[str, bytes] | None = None


class RequestHistory:
    """Writes the request, decision, outcome, feedback and reply tables at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def insert(self, served: Sequence[ServedRequest]) -> None:
        """Inserts all of them in one transaction.

        Raises SQLAlchemy's IntegrityError when one is stored already.
        """
        feedback_rows = [as_row(item) for record in served for item in record.feedback]
        # Parents first: the other tables refer to the request.
        tables = (
            (request, [_request_row(record) for record in served]),
            (decision, [_decision_row(record) for record in served]),
            (outcome, [_outcome_row(record) for record in served]),
            (feedback, feedback_rows),
            (reply, [_reply_row(record) for record in served if record.reply_ts is not None]),
        )
        with writing(self._engine) as connection:
            for table, rows in tables:
                if rows:
                    connection.execute(insert(table), rows)


def _request_row(record: ServedRequest) -> dict[str, object]:
    return as_row(record.request) | {
        "thread": record.request.thread,
        "fence": 1,
        "tries": 1,
        "served_for": record.request.asker.key_in_team,
        "encoder": None if record.vector is None else record.vector[0],
        "vector": None if record.vector is None else pack_vector(record.vector[1]),
        "wake_at": record.answered_at,
        "done_at": record.answered_at,
    }


def _decision_row(record: ServedRequest) -> dict[str, object]:
    return decision_row(record.request.id, record.decision, record.decided_at)


def _outcome_row(record: ServedRequest) -> dict[str, object]:
    key, revision = record.request.id, record.decision.revision
    return outcome_row(key, revision, record.outcome, record.answered_at)


def _reply_row(record: ServedRequest) -> dict[str, object]:
    return {
        "request": record.request.id,
        "channel": record.request.channel,
        "ts": record.reply_ts,
        "posting": False,
        "revision": record.decision.revision,
    }
