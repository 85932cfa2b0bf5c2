"""Training datasets, the requests that they are made from, and evaluation reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, Subquery, and_, func, or_, select, update

from router.errors import StaleError
from router.store.base.engine import insert_for, one_statement, reading, writing
from router.store.base.rows import as_row, batches
from router.store.base.tables import (
    dataset,
    decision,
    feedback,
    outcome,
    report,
    request,
)
from router.store.privacy.authorship import takes_part, writer

TEST_ROW_PREFIX = "test-row-"
"""Begins the ids of datasets of one row, with which an admin has a route measured."""
ACCEPTED = ("accepted", "fixed")
"""The reviews with which a row may be trained on."""


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A workspace's dataset as it is stored.

    `rows` are its examples; `card` says how they were made and which of them were reviewed.
    """

    team: str
    id: str
    candidate: str | None
    route: str
    rows: Sequence[Mapping[str, Any]]
    card: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Report:
    """A workspace's evaluation of a version; `against` is what it was compared with."""

    team: str
    id: str
    route: str
    version: str
    against: str | None
    body: Mapping[str, Any]
    at: float


class Datasets:
    """The dataset and report tables; each row is one workspace's, and read as its own only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def answered_requests(
        self, team: str, keys: Collection[str], route: str
    ) -> list[Mapping[str, Any]]:
        """Returns those of the workspace's requests whose answer may be trained on.

        That is: asked in a public channel by somebody who takes part, answered by this route
        without an error, and neither thumbed down nor sent to another route. Each has `text`,
        `user`, `at`, the answer's `data` and text (`said`), and the `model` that gave it.
        """
        newest = _newest_revisions()
        query = (
            _public_requests(team, outcome.c.data, outcome.c.text.label("said"), outcome.c.model)
            .join(newest, newest.c.request == request.c.id)
            .join(
                outcome,
                (outcome.c.request == newest.c.request) & (outcome.c.revision == newest.c.revision),
            )
            .where(
                outcome.c.route == route,
                # An answer that failed, or that somebody objected to, teaches nothing right.
                outcome.c.error.is_(None),
                request.c.id.not_in(_thumbed_down()),
                request.c.id.not_in(_sent_elsewhere(route)),
            )
        )

        return self._select_in_batches(query, keys)

    def unanswered_requests(
        self, team: str, keys: Collection[str], route: str
    ) -> list[Mapping[str, Any]]:
        """Returns those of the workspace's requests for this route that got no good answer.

        That is: an error, no answer, or a thumb down. They were asked in a public channel by
        somebody who takes part, and nobody sent them to another route. Each has `text`, `user` and
        `at`.
        """
        newest = _newest_revisions()
        query = (
            _public_requests(team)
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
                | request.c.id.in_(_thumbed_down()),
                request.c.id.not_in(_sent_elsewhere(route)),
            )
        )

        return self._select_in_batches(query, keys)

    def insert(self, new: StoredDataset) -> None:
        """Inserts the dataset; one of the same id stays as it is, reviews and all."""
        row = as_row(new)
        row["rows"] = [dict(example) for example in new.rows]
        row["card"] = dict(new.card)

        with one_statement(self._engine) as connection:
            connection.execute(self._insert(dataset).values(row).on_conflict_do_nothing())

    def get(self, team: str, key: str) -> StoredDataset | None:
        """Returns the workspace's dataset of that id."""
        return self._first(select(dataset).where(dataset.c.team == team, dataset.c.id == key))

    def newest_for_candidate(self, team: str, candidate: str) -> StoredDataset | None:
        """Returns the newest dataset of a candidate of the workspace."""
        query = select(dataset).where(dataset.c.team == team, dataset.c.candidate == candidate)
        return self._first(query.order_by(dataset.c.at.desc()).limit(1))

    def accepted_rows(self, team: str, route: str) -> list[Mapping[str, Any]]:
        """Returns the rows that reviewers accepted, of all of a workspace's datasets for a route.

        Those of the newest dataset come first.
        """
        query = (
            select(dataset.c.rows)
            .where(
                dataset.c.team == team,
                dataset.c.route == route,
                or_(
                    dataset.c.candidate.is_not(None),
                    dataset.c.id.startswith(TEST_ROW_PREFIX, autoescape=True),
                ),
            )
            .order_by(dataset.c.at.desc())
        )
        accepted: list[Mapping[str, Any]] = []
        with one_statement(self._engine) as connection:
            datasets: list[Sequence[Mapping[str, Any]]] = list(connection.execute(query).scalars())

        for rows in datasets:
            accepted += [row for row in rows if row.get("review") in ACCEPTED]

        return accepted

    def save_review(
        self, old: StoredDataset, rows: Sequence[Mapping[str, Any]], card: Mapping[str, Any]
    ) -> StoredDataset:
        """Stores the rows with their reviews, and the card; returns the dataset as it is now.

        Raises StaleError if somebody else has changed the dataset since `old` was read.
        """
        is_dataset = and_(dataset.c.team == old.team, dataset.c.id == old.id)
        query = select(dataset.c.rows).where(is_dataset).with_for_update()
        values = {"rows": [dict(row) for row in rows], "card": dict(card)}

        with writing(self._engine) as connection:
            # Optimistic locking: the rows themselves are the version that the reviewer saw.
            if connection.execute(query).scalar() != list(old.rows):
                raise StaleError(
                    f"reviewing dataset {old.id!r}: somebody else has changed it since; "
                    "look at it again"
                )

            connection.execute(update(dataset).where(is_dataset).values(values))

        return replace(old, rows=list(rows), card=dict(card))

    def insert_report(self, new: Report) -> None:
        """Inserts the report; one of the same id stays as it is."""
        row = as_row(new)
        row["body"] = dict(new.body)

        with one_statement(self._engine) as connection:
            connection.execute(self._insert(report).values(row).on_conflict_do_nothing())

    def newest_report(self, team: str, route: str, version: str = "") -> Report | None:
        """Returns the workspace's newest report of a version, or of the route if none is named."""
        query = select(report).where(report.c.team == team, report.c.route == route)
        if version:
            query = query.where(report.c.version == version)

        with one_statement(self._engine) as connection:
            newest = query.order_by(report.c.at.desc()).limit(1)
            row = connection.execute(newest).mappings().one_or_none()

        return Report(**row) if row else None

    def _first(self, query: Select[Any]) -> StoredDataset | None:
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return StoredDataset(**row) if row else None

    def _select_in_batches(
        self, query: Select[Any], keys: Collection[str]
    ) -> list[Mapping[str, Any]]:
        """Runs the query for these requests."""
        ids = sorted(set(keys))
        found: list[Mapping[str, Any]] = []

        with reading(self._engine) as connection:
            for batch in batches(ids):
                rows = connection.execute(query.where(request.c.id.in_(batch))).mappings()
                found += map(dict, rows)

        return found


def _newest_revisions() -> Subquery:
    """Selects the newest decision of each request."""
    # Only the newest revision counts: the ones before were corrected.
    revision = func.max(decision.c.revision).label("revision")
    return select(decision.c.request, revision).group_by(decision.c.request).subquery()


def _public_requests(team: str, *more: ColumnElement[Any]) -> Select[Any]:
    """Selects the workspace's requests in public channels, of people who take part, with a text."""
    columns = (
        request.c.id,
        request.c.text,
        writer().label("user"),
        request.c.received_at.label("at"),
        *more,
    )

    return select(*columns).where(
        request.c.team == team,
        request.c.channel_kind == "public",
        request.c.text != "",
        takes_part(),
    )


def _thumbed_down() -> Select[Any]:
    return select(feedback.c.request).where(
        feedback.c.aspect == "thumb", feedback.c.value == "down"
    )


def _sent_elsewhere(route: str) -> Select[Any]:
    return select(feedback.c.request).where(feedback.c.aspect == "route", feedback.c.value != route)
