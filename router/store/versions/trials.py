"""How versions do: those tried beside the live one, and those that people got answers from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, case, func, select

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import feedback, outcome
from router.store.versions.artefact_tables import trial


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that a version answered for nobody to see; `agreed` (0-1) is how much of the live answer it gave."""

    request: str
    version: str
    route: str
    agreed: float
    valid: bool
    usd: float
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a version; shares in 0-1, USD and seconds are means for one request, 0 without any."""

    calls: int = 0
    agreed: float = 0.0
    valid: float = 0.0
    corrected: float = 0.0
    usd: float = 0.0
    seconds: float = 0.0


class Trials:
    """The trial table, and what outcomes and feedback say of a version."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def keep(self, new: Trial) -> None:
        """The trial is stored; the first one of a request and version counts."""
        row = {name: getattr(new, name) for name in Trial.__slots__}
        with writing(self._engine) as connection:
            connection.execute(self._insert(trial).values(row).on_conflict_do_nothing())

    def beside(self, route: str, version: str) -> Record:
        """How the version did beside the live one."""
        valid = func.avg(case((trial.c.valid, 1.0), else_=0.0))
        figures: tuple[Any, ...] = (
            func.count(),
            func.avg(trial.c.agreed),
            valid,
            func.avg(trial.c.usd),
            func.avg(trial.c.seconds),
        )

        query = select(*figures).where(trial.c.route == route, trial.c.version == version)
        with reading(self._engine) as connection:
            row = connection.execute(query).one()

        agreed, fine, usd, seconds = (float(mean or 0.0) for mean in row[1:])
        return Record(int(row[0]), agreed, fine, 0.0, usd, seconds)

    def answered(
        self, route: str, version: str, since: float = 0.0, until: float | None = None
    ) -> Record:
        """How the version did with people in that time: what was thumbed down or sent elsewhere counts as corrected.

        An answer that did not come, or not in the right shape, is not valid.
        """
        mine = [outcome.c.route == route, outcome.c.version == version, outcome.c.at >= since]
        mine += [] if until is None else [outcome.c.at < until]
        wrong = (
            select(feedback.c.request)
            .where(
                ((feedback.c.aspect == "thumb") & (feedback.c.value == "down"))
                | ((feedback.c.aspect == "route") & (feedback.c.value != route))
            )
            .distinct()
        )

        figures: tuple[Any, ...] = (
            func.count(),
            func.avg(case((outcome.c.error.is_(None), 1.0), else_=0.0)),
            func.avg(case((outcome.c.request.in_(wrong), 1.0), else_=0.0)),
            func.avg(outcome.c.usd),
            func.avg(outcome.c.seconds),
        )
        with reading(self._engine) as connection:
            row = connection.execute(select(*figures).where(*mine)).one()

        valid, corrected, usd, seconds = (float(mean or 0.0) for mean in row[1:])
        return Record(int(row[0]), 0.0, valid, corrected, usd, seconds)
