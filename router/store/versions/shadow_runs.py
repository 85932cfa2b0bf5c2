"""How versions do: in shadow beside the live one, and in answers to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, case, exists, func, or_, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.rows import as_row
from router.store.base.tables import feedback, outcome, request
from router.store.versions.artefact_tables import trial


@dataclass(frozen=True, slots=True)
class ShadowRun:
    """A request that a version in shadow answered, unseen.

    `agreed` (0-1) is how much of the live version's answer it gave.
    """

    request: str
    version: str
    route: str
    agreed: float
    valid: bool
    usd: float
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class VersionMetrics:
    """The metrics of a version over its `calls`.

    `agreed`, `valid` and `corrected` are shares (0-1). USD and seconds are means for one request.
    All are 0 without any call.
    """

    calls: int = 0
    agreed: float = 0.0
    valid: float = 0.0
    corrected: float = 0.0
    usd: float = 0.0
    seconds: float = 0.0


class ShadowRuns:
    """The trial table; also reads outcomes and feedback for the metrics of answers.

    Metrics count one workspace's requests only, also for the versions that all workspaces share.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, new: ShadowRun) -> None:
        """Inserts the run; the first one of a request and version counts."""
        row = as_row(new)
        with one_statement(self._engine) as connection:
            connection.execute(self._insert(trial).values(row).on_conflict_do_nothing())

    def shadow_metrics(
        self, team: str, route: str, version: str, since: float = 0.0
    ) -> VersionMetrics:
        """Returns how the version did in shadow, in the answers that it gave from `since` on.

        A version that is tried again is judged by its newest shadow test alone.
        """
        query = (
            _select_means(trial.c.agreed, _share(trial.c.valid), trial.c.usd, trial.c.seconds)
            .join(request, request.c.id == trial.c.request)
            .where(
                request.c.team == team,
                trial.c.route == route,
                trial.c.version == version,
                trial.c.at >= since,
            )
        )

        with one_statement(self._engine) as connection:
            row = connection.execute(query).one()

        # The mean of no rows is NULL.
        calls, agreed, valid, usd, seconds = (value or 0.0 for value in row)
        return VersionMetrics(int(calls), agreed, valid, 0.0, usd, seconds)

    def answer_metrics(
        self,
        team: str,
        route: str,
        version: str,
        since: float = 0.0,
        until: float | None = None,
    ) -> VersionMetrics:
        """Returns how the version did in the workspace's answers from `since` to before `until`.

        An answer counts as corrected if it was thumbed down or sent to another route. It is not
        valid if it failed or did not have the right format.
        """
        # A person may object twice; the request counts once.
        corrected = exists().where(
            feedback.c.request == outcome.c.request,
            or_(
                (feedback.c.aspect == "thumb") & (feedback.c.value == "down"),
                (feedback.c.aspect == "route") & (feedback.c.value != route),
            ),
        )
        query = (
            _select_means(
                _share(outcome.c.error.is_(None)),
                _share(corrected),
                outcome.c.usd,
                outcome.c.seconds,
            )
            .join(request, request.c.id == outcome.c.request)
            .where(
                request.c.team == team,
                outcome.c.route == route,
                outcome.c.version == version,
                outcome.c.at >= since,
            )
        )
        if until is not None:
            query = query.where(outcome.c.at < until)

        with one_statement(self._engine) as connection:
            row = connection.execute(query).one()

        calls, valid, corrected_share, usd, seconds = (value or 0.0 for value in row)
        return VersionMetrics(int(calls), 0.0, valid, corrected_share, usd, seconds)


def _select_means(*columns: ColumnElement[Any]) -> Select[Any]:
    """Selects the number of rows, then the mean of each column."""
    return select(func.count(), *(func.avg(column) for column in columns))


def _share(condition: ColumnElement[bool]) -> ColumnElement[float]:
    """Returns a column whose mean is the share of rows for which the condition holds."""
    return case((condition, 1.0), else_=0.0)
