"""Datasets and reports: what versions were taught, and how they were measured against the live one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, Subquery, func, select, update

from router.errors import StaleError
from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import (
    candidate,
    dataset,
    decision,
    feedback,
    outcome,
    report,
    request,
)
from router.store.workspace.opt_outs import takes_part

BATCH = 500
"""Ids in one query: SQLite takes no more than some thousands of variables."""


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A dataset as it is kept. `rows` are its examples; `card` says how they came about and what was reviewed."""

    id: str
    candidate: str | None
    route: str
    rows: Sequence[Mapping[str, Any]]
    card: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Report:
    """A version measured against the live one."""

    id: str
    route: str
    version: str
    against: str | None
    body: Mapping[str, Any]
    at: float


class Datasets:
    """The dataset and report tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def answered(self, keys: Collection[str], route: str) -> list[Mapping[str, Any]]:
        """Text, user, at, data and said (the answer's text) of those requests that may teach something.

        That is: asked in a public channel by somebody who takes part, answered by this route
        without an error, and neither thumbed down nor sent elsewhere. `model` is who answered.
        """
        newest, columns = _newest(), (outcome.c.data, outcome.c.text.label("said"), outcome.c.model)
        query = (
            _public(*columns)
            .join(newest, newest.c.request == request.c.id)
            .join(
                outcome,
                (outcome.c.request == newest.c.request) & (outcome.c.revision == newest.c.revision),
            )
            .where(
                outcome.c.route == route,
                outcome.c.error.is_(None),
                request.c.id.not_in(_objected()),
                request.c.id.not_in(_elsewhere(route)),
            )
        )

        return self._of(query, keys)

    def unanswered(self, keys: Collection[str], route: str) -> list[Mapping[str, Any]]:
        """Text, user and at of those requests for this route that got no good answer: an error, none, or a thumb down.

        They were asked in a public channel by somebody who takes part, and nobody sent them
        elsewhere.
        """
        newest = _newest()
        query = (
            _public()
            .join(newest, newest.c.request == request.c.id)
            .join(
                decision,
                (decision.c.request == newest.c.request)
                & (decision.c.revision == newest.c.revision),
            )
            .outerjoin(
                outcome,
                (outcome.c.request == newest.c.request) & (outcome.c.revision == newest.c.revision),
            )
            .where(
                decision.c.route == route,
                outcome.c.request.is_(None)
                | outcome.c.error.is_not(None)
                | request.c.id.in_(_objected()),
                request.c.id.not_in(_elsewhere(route)),
            )
        )

        return self._of(query, keys)

    def _of(self, query: Select[Any], keys: Collection[str]) -> list[Mapping[str, Any]]:
        wanted = sorted(set(keys))
        found: list[Mapping[str, Any]] = []

        with reading(self._engine) as connection:
            for at in range(0, len(wanted), BATCH):
                some = query.where(request.c.id.in_(wanted[at : at + BATCH]))
                found += [dict(row) for row in connection.execute(some).mappings()]

        return found

    def put(self, new: StoredDataset) -> None:
        """The dataset is kept; one of the same id is left as it is, review and all."""
        row = {name: getattr(new, name) for name in StoredDataset.__slots__}
        row |= {"rows": [dict(one) for one in new.rows], "card": dict(new.card)}

        with writing(self._engine) as connection:
            connection.execute(self._insert(dataset).values(row).on_conflict_do_nothing())

    def get(self, key: str) -> StoredDataset | None:
        """That dataset."""
        with reading(self._engine) as connection:
            row = (
                connection.execute(select(dataset).where(dataset.c.id == key))
                .mappings()
                .one_or_none()
            )

        return StoredDataset(**row) if row else None

    def of(self, candidate: str) -> StoredDataset | None:
        """The newest dataset of a candidate."""
        query = (
            select(dataset)
            .where(dataset.c.candidate == candidate)
            .order_by(dataset.c.at.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return StoredDataset(**row) if row else None

    def reviewed(self, team: str, route: str) -> list[Mapping[str, Any]]:
        """The rows of a workspace's datasets for a route that people let through, the newest dataset's first."""
        query = (
            select(dataset.c.rows)
            .join(candidate, candidate.c.id == dataset.c.candidate)
            .where(candidate.c.team == team, dataset.c.route == route)
            .order_by(dataset.c.at.desc())
        )
        with reading(self._engine) as connection:
            found: list[Sequence[Mapping[str, Any]]] = list(connection.execute(query).scalars())

        return [row for rows in found for row in rows if row.get("review") in ("accepted", "fixed")]

    def review(
        self, old: StoredDataset, rows: Sequence[Mapping[str, Any]], card: Mapping[str, Any]
    ) -> StoredDataset:
        """The dataset with these rows, which carry the verdicts. Raises StaleError when it was reviewed meanwhile."""
        with writing(self._engine) as connection:
            now = connection.execute(select(dataset.c.rows).where(dataset.c.id == old.id)).scalar()
            if now != list(old.rows):
                raise StaleError(
                    f"reviewing dataset {old.id!r}: somebody else has changed it since; look at it again"
                )

            values = {"rows": [dict(one) for one in rows], "card": dict(card)}
            connection.execute(update(dataset).where(dataset.c.id == old.id).values(values))

        return StoredDataset(old.id, old.candidate, old.route, list(rows), dict(card), old.at)

    def tell(self, new: Report) -> None:
        """The report is kept; one of the same id is left as it is."""
        row = {name: getattr(new, name) for name in Report.__slots__} | {"body": dict(new.body)}
        with writing(self._engine) as connection:
            connection.execute(self._insert(report).values(row).on_conflict_do_nothing())

    def report(self, route: str, version: str = "") -> Report | None:
        """The newest report of a version; without one the newest of the route."""
        mine = [report.c.route == route, *([report.c.version == version] if version else [])]
        query = select(report).where(*mine).order_by(report.c.at.desc()).limit(1)

        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Report(**row) if row else None


def _newest() -> Subquery:
    """The last decision of each request."""
    revision = func.max(decision.c.revision).label("revision")
    return select(decision.c.request, revision).group_by(decision.c.request).subquery()


def _public(*more: ColumnElement[Any]) -> Select[Any]:
    """What was asked in public channels by people who take part, and whose words are still kept."""
    columns = (
        request.c.id,
        request.c.text,
        request.c.user,
        request.c.received_at.label("at"),
        *more,
    )

    return select(*columns).where(
        request.c.channel_kind == "public", request.c.text != "", takes_part()
    )


def _objected() -> Select[Any]:
    return select(feedback.c.request).where(
        feedback.c.aspect == "thumb", feedback.c.value == "down"
    )


def _elsewhere(route: str) -> Select[Any]:
    return select(feedback.c.request).where(feedback.c.aspect == "route", feedback.c.value != route)
