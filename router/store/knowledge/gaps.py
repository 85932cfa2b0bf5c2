"""Questions asked of the documents and their outcomes, for the weekly list of knowledge gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from router.kinds import RETRIEVING_KINDS
from router.store.base.compact import unpack_vector
from router.store.base.engine import one_statement
from router.store.base.tables import outcome, request
from router.store.privacy.authorship import takes_part
from router.types import ChannelKind


@dataclass(frozen=True, slots=True)
class DocumentQuestion:
    """A question that was answered from the documents, or should have been.

    `vector` holds the question's float32 bytes under `encoder`; both are None without one.
    `answered` is whether a document held the answer, as quoted in `citations` (stored JSON, with
    `url` and `quote`).
    """

    text: str
    user: str
    channel: str
    channel_kind: ChannelKind
    received_at: float
    vector: bytes | None
    encoder: str | None
    answered: bool
    citations: Sequence[Mapping[str, str]]


class DocumentQuestions:
    """Reads the request and outcome tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def between(self, team: str, since: float, until: float) -> list[DocumentQuestion]:
        """Returns the questions from `since` to before `until` (unix seconds), oldest first.

        Without people who opted out or are of another workspace. A retrieval answer without a
        verdict on its documents, such as a failed one, is left out.
        """
        query = (
            select(
                request.c.text,
                request.c.user,
                request.c.channel,
                request.c.channel_kind,
                request.c.received_at,
                request.c.vector,
                request.c.encoder,
                outcome.c.data,
                outcome.c.citations,
            )
            .join(outcome, outcome.c.request == request.c.id)
            .where(
                request.c.team == team,
                request.c.received_at >= since,
                request.c.received_at < until,
                outcome.c.kind.in_(RETRIEVING_KINDS),
                takes_part(),
            )
            .order_by(request.c.received_at)
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        questions = []
        for row in rows:
            values = dict(row)
            data, vector = values.pop("data"), values.pop("vector")
            values["vector"] = None if vector is None else unpack_vector(vector)
            # A failed answer has no verdict, and is no sign of missing knowledge.
            answered = data.get("answered") if isinstance(data, dict) else None
            if isinstance(answered, bool):
                questions.append(DocumentQuestion(**values, answered=answered))

        return questions
