"""Labels: what people said about where a request belongs, and the requests whose label would teach most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, and_, exists, func, select

from router.store.base.engine import reading
from router.store.base.tables import decision, feedback, request
from router.store.workspace.opt_outs import takes_part
from router.types import Decision, Example, Score

ASPECTS = {"route": "feedback", "review": "reviewed"}
"""Where a label comes from, by the aspect of the feedback: anybody's correction, or an admin's
answer to a question."""
SHOWABLE = "public"
"""The only kind of channel whose messages an admin is shown."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the example that it makes, the request behind it, and whether others may read that."""

    request: str
    example: Example
    showable: bool


@dataclass(frozen=True, slots=True)
class Unsure:
    """A request that was decided, without a label yet."""

    request: str
    text: str
    decision: Decision


class Labels:
    """Reads the feedback table as labels. What was let go or forgotten is in none of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Label]:
        """Every label, oldest first. The order depends on the rows alone."""
        query = (
            select(request.c.text, request.c.channel_kind, feedback)
            .join(request, request.c.id == feedback.c.request)
            .where(_is_label(), takes_part())
            .order_by(feedback.c.at, feedback.c.request, feedback.c.user, feedback.c.aspect)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()

        return [
            Label(
                row.request,
                Example(row.text, row.value, source=ASPECTS[row.aspect], user=row.user),
                row.channel_kind == SHOWABLE,
            )
            for row in rows
        ]

    def state(self) -> tuple[int, float]:
        """Changes when a label is added, changed, taken back or forgotten."""
        query = (
            select(func.count(), func.max(feedback.c.at))
            .join(request, request.c.id == feedback.c.request)
            .where(_is_label(), takes_part())
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one()

        return int(row[0]), float(row[1] or 0.0)

    def unsure(self, team: str, since: float, most: int = 500) -> Mapping[str, Unsure]:
        """The newest requests of public channels since then that nobody labelled and no person decided, by id."""
        labelled = exists().where(
            feedback.c.request == request.c.id, feedback.c.aspect.in_(ASPECTS)
        )
        query = (
            select(request.c.text, decision)
            .join(request, request.c.id == decision.c.request)
            .where(
                request.c.team == team,
                request.c.received_at >= since,
                request.c.channel_kind == SHOWABLE,
                request.c.text != "",
                decision.c.revision == 0,
                decision.c.verb.in_(("route", "ask")),
                ~labelled,
            )
            .order_by(request.c.received_at.desc())
            .limit(most)
        )

        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        found = {}
        for row in rows:
            values = {name: row[name] for name in Decision.__slots__}
            values["scores"] = tuple(Score(**score) for score in row["scores"])
            found[row["request"]] = Unsure(row["request"], row["text"], Decision(**values))

        return found


def _is_label() -> ColumnElement[bool]:
    return and_(feedback.c.aspect.in_(ASPECTS), request.c.text != "")
