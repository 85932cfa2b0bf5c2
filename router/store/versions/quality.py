"""What is known of the quality of tiers: judged answers to requests, and measurements on rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, case, exists, func, insert, or_, select, update

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import as_row, literals
from router.store.base.tables import feedback, outcome, request
from router.store.usage.usage_tables import usage_event
from router.store.versions.quality_tables import judged_answer, measurement
from router.types import GONE, INSTALLATION, Request

JudgementSource = Literal[
    "reference", "answer", "escalation", "shadow", "thumb", "correction", "asked_again"
]
"""What an opinion rests on: nothing (a reference that another answer was compared with), that
nobody objected, the next tier's answer, another tier's in the background, a thumb, a corrected
route, or the same question once more."""

HOUR_SECONDS = 3_600

WEIGHTS: Mapping[JudgementSource, float] = {
    "reference": 0.0,
    "answer": 0.3,
    "escalation": 0.8,
    "asked_again": 0.8,
    "correction": 0.9,
    "shadow": 1.0,
    "thumb": 1.0,
}
"""How sure an opinion is, by its source. Silence says little: people report about three in ten
wrong answers."""


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """An answer of a tier with the best opinion of it so far.

    `value` (0-1) is how right it was, `stood` whether the checks let it stand, `usd` what it cost.
    One that is not `seen` was given in the background, for comparison alone.
    """

    request: str
    revision: int
    version: str
    team: str
    route: str
    tier: str
    region: str
    source: JudgementSource
    value: float
    stood: bool
    usd: float
    at: float
    judged_at: float
    seen: bool = True

    @property
    def weight(self) -> float:
        """How sure the opinion is."""
        return WEIGHTS[self.source]


@dataclass(frozen=True, slots=True)
class TierUsage:
    """What a tier did for people in a period.

    `escalated` answers did not stand; `usd` is what all its answers cost.
    """

    route: str
    tier: str
    version: str
    answers: int
    escalated: int
    usd: float


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """A person's last answer of a tier: its request with the words, and the version that gave it.

    `is_objected` says whether they pressed thumbs down.
    """

    request: str
    revision: int
    version: str
    text: str
    is_objected: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A later opinion of an answer, in 0-1."""

    request: str
    revision: int
    version: str
    source: JudgementSource
    value: float
    at: float


class QualityRecords:
    """The judged_answer and measurement tables. They hold no words, only ids and figures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, new: JudgedRow) -> None:
        """Inserts the answer; the first of a request, revision and version counts.

        One of a request that was erased meanwhile is dropped.
        """
        row = as_row(new) | {"weight": new.weight}
        stored = (
            select(*literals(judged_answer, row))
            .select_from(request)
            .where(request.c.id == new.request)
            .with_for_update(read=True)
        )
        statement = self._insert(judged_answer).from_select(list(row), stored)
        result = "unseen" if not new.seen else "stood" if new.stood else "escalated"
        event = {
            "kind": "tier",
            "team": new.team,
            "hour": int(new.at // HOUR_SECONDS),
            "first": new.route,
            "second": new.tier,
            "third": result,
            "usd": new.usd,
        }
        with writing(self._engine) as connection:
            # Counted once, however often it is inserted.
            if connection.execute(statement.on_conflict_do_nothing()).rowcount > 0:
                connection.execute(insert(usage_event).values(event))

    def judge(self, new: Judgement) -> None:
        """Replaces the opinion of an answer, unless a surer one is stored."""
        statement = (
            update(judged_answer)
            .where(
                judged_answer.c.request == new.request,
                judged_answer.c.revision == new.revision,
                judged_answer.c.version == new.version,
                judged_answer.c.weight <= WEIGHTS[new.source],
            )
            .values(
                source=new.source,
                value=new.value,
                weight=WEIGHTS[new.source],
                judged_at=new.at,
            )
        )
        with one_statement(self._engine) as connection:
            connection.execute(statement)

    def recent(self, team: str, route: str, after: float, limit: int) -> list[JudgedRow]:
        """Returns the newest opinions on a route's answers in the workspace, newest first."""
        columns = [judged_answer.c[name] for name in JudgedRow.__slots__]
        query = (
            select(*columns)
            .where(
                judged_answer.c.team == team,
                judged_answer.c.route == route,
                judged_answer.c.judged_at > after,
            )
            .order_by(judged_answer.c.judged_at.desc())
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            return [JudgedRow(**row) for row in connection.execute(query).mappings()]

    def last_answer(self, later: Request, route: str, since: float) -> LastAnswer | None:
        """Returns the last answer that the person of `later` got from a tier of the route.

        It was asked for in the same channel, since a time. None where their last request there was
        another one.
        """
        objected = exists().where(
            feedback.c.request == request.c.id,
            feedback.c.user == request.c.user,
            feedback.c.aspect == "thumb",
            feedback.c.value == "down",
        )
        last = (
            select(request.c.id, request.c.text, objected.label("is_objected"))
            .where(
                request.c.team == later.team,
                request.c.user == later.user,
                request.c.channel == later.channel,
                request.c.received_at >= since,
                request.c.received_at <= later.received_at,
                request.c.id != later.id,
                request.c.state.not_in(GONE),
            )
            .order_by(request.c.received_at.desc())
            .limit(1)
            .subquery()
        )
        query = (
            select(
                last.c.id.label("request"),
                outcome.c.revision,
                outcome.c.version,
                last.c.text,
                last.c.is_objected,
            )
            .join(outcome, outcome.c.request == last.c.id)
            .where(outcome.c.route == route, outcome.c.tier != "", outcome.c.error.is_(None))
            .order_by(outcome.c.revision.desc())
            .limit(1)
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return (
            LastAnswer(**(dict(row) | {"is_objected": bool(row["is_objected"])})) if row else None
        )

    def usage(self, team: str, since: float) -> list[TierUsage]:
        """Returns what each tier did for people since a time, by route and tier."""
        escalated = func.sum(case((judged_answer.c.stood, 0), else_=1))
        query = (
            select(
                judged_answer.c.route,
                judged_answer.c.tier,
                judged_answer.c.version,
                func.count().label("answers"),
                escalated.label("escalated"),
                func.sum(judged_answer.c.usd).label("usd"),
            )
            .where(
                judged_answer.c.team == team,
                judged_answer.c.at >= since,
                judged_answer.c.seen,
            )
            .group_by(judged_answer.c.route, judged_answer.c.tier, judged_answer.c.version)
            .order_by(judged_answer.c.route, judged_answer.c.tier, judged_answer.c.version)
        )
        with one_statement(self._engine) as connection:
            return [TierUsage(**row) for row in connection.execute(query).mappings()]

    def explored_usd(self, team: str, since: float) -> float:
        """Returns the USD of answers that were given in the background since a time."""
        query = select(func.sum(judged_answer.c.usd)).where(
            judged_answer.c.team == team,
            judged_answer.c.at >= since,
            judged_answer.c.seen.is_(False),
        )
        with one_statement(self._engine) as connection:
            return float(connection.execute(query).scalar() or 0.0)

    def store_measurement(
        self, team: str, route: str, version: str, body: Mapping[str, Any], at: float
    ) -> None:
        """Stores what a version reached on its route's rows, in place of an earlier measurement."""
        row = {"team": team, "route": route, "version": version, "body": dict(body), "at": at}
        statement = self._insert(measurement).values(row)
        replaced = statement.on_conflict_do_update(
            index_elements=["team", "route", "version"],
            set_={"body": statement.excluded.body, "at": statement.excluded.at},
        )
        with one_statement(self._engine) as connection:
            connection.execute(replaced)

    def measurements(
        self, team: str, route: str, versions: Collection[str]
    ) -> dict[str, Mapping[str, Any]]:
        """Returns the measurements of these versions; the workspace's own before the shared one."""
        query = (
            select(measurement)
            .where(
                or_(measurement.c.team == team, measurement.c.team == INSTALLATION),
                measurement.c.route == route,
                measurement.c.version.in_(versions),
            )
            .order_by(measurement.c.team)
        )
        with one_statement(self._engine) as connection:
            rows: Sequence[Any] = connection.execute(query).mappings().all()

        return {row["version"]: row["body"] for row in rows}
