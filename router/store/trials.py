"""How versions do: those tried beside the live one, and those that people got answers from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from router.store.artefact_tables import trial
from router.store.engine import reading, writing
from router.store.tables import feedback, outcome


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
        self._insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert

    def keep(self, new: Trial) -> None:
        """The trial is stored; the first one of a request and version counts."""
        row = {name: getattr(new, name) for name in Trial.__slots__}
        with writing(self._engine) as connection:
            connection.execute(self._insert(trial).values(row).on_conflict_do_nothing())

    def beside(self, route: str, version: str) -> Record:
        """How the version did beside the live one."""
        valid = func.avg(case((trial.c.valid, 1.0), else_=0.0))
        figures = (func.count(), func.avg(trial.c.agreed), valid, func.avg(trial.c.usd), func.avg(trial.c.seconds))
        query = select(*figures).where(trial.c.route == route, trial.c.version == version)
        with reading(self._engine) as connection:
            calls, agreed, fine, usd, seconds = connection.execute(query).one()
        return Record(calls, agreed or 0.0, fine or 0.0, 0.0, usd or 0.0, seconds or 0.0)

    def answered(self, route: str, version: str, since: float = 0.0) -> Record:
        """How the version did with people since then: one that was thumbed down or sent elsewhere counts as corrected.

        An answer that did not come, or not in the right shape, is not valid.
        """
        mine = (outcome.c.route == route, outcome.c.version == version, outcome.c.at >= since)
        wrong = (
            select(feedback.c.request)
            .where(
                ((feedback.c.aspect == "thumb") & (feedback.c.value == "down"))
                | ((feedback.c.aspect == "route") & (feedback.c.value != route))
            )
            .distinct()
        )
        figures = (
            func.count(),
            func.avg(case((outcome.c.error.is_(None), 1.0), else_=0.0)),
            func.avg(case((outcome.c.request.in_(wrong), 1.0), else_=0.0)),
            func.avg(outcome.c.usd),
            func.avg(outcome.c.seconds),
        )
        with reading(self._engine) as connection:
            calls, valid, corrected, usd, seconds = connection.execute(select(*figures).where(*mine)).one()
        return Record(calls, 0.0, valid or 0.0, corrected or 0.0, usd or 0.0, seconds or 0.0)
