"""Remembers everything: one store, on SQLite or PostgreSQL, brought up to date when it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url

from router.store.base.engine import open_engine, reading, writing
from router.store.base.migrate import migrate
from router.store.mining.channel_messages import Overheard
from router.store.mining.minable_requests import Minable
from router.store.requests.cancellations import Stops
from router.store.requests.decisions import Decisions
from router.store.requests.feedback import FeedbackTable
from router.store.requests.proposals import Proposals
from router.store.requests.replies import Replies
from router.store.requests.requests import Requests
from router.store.usage.stats import Stats
from router.store.versions.artefacts import Artefacts
from router.store.versions.trials import Trials
from router.store.versions.versions import Versions
from router.store.weekly.candidates import Candidates
from router.store.weekly.datasets import Datasets
from router.store.weekly.digests import Digests
from router.store.weekly.drift_checks import Drifts
from router.store.weekly.rollout_cards import Roads
from router.store.workspace.audit import Audit
from router.store.workspace.channel_rules import ChannelRules
from router.store.workspace.opt_outs import OptOuts


class Store:
    """The parts of the store, each with its own table or two, on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.requests = Requests(engine)
        self.decisions = Decisions(engine)
        self.replies = Replies(engine)
        self.proposals = Proposals(engine)
        self.feedback = FeedbackTable(engine)
        self.datasets = Datasets(engine)
        self.trials = Trials(engine)
        self.versions = Versions(engine)
        self.artefacts = Artefacts(engine)
        self.candidates = Candidates(engine)
        self.stats = Stats(engine)
        self.digests = Digests(engine)
        self.minable = Minable(engine)
        self.rules = ChannelRules(engine)
        self.overheard = Overheard(engine)
        self.opt_outs = OptOuts(engine)
        self.audit = Audit(engine)
        self.stops = Stops(engine)
        self.roads = Roads(engine)
        self.drifts = Drifts(engine)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction, for parts that live beside this package."""
        with writing(self.engine) as connection:
            yield connection

    def ping(self) -> None:
        """Raises SQLAlchemy's error when the database does not answer."""
        with reading(self.engine) as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """All connections are closed."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """The store at `url`, with every migration applied; several processes may open it at once.

    Raises StoreError when the URL is wrong or the schema is newer than this code.
    """
    parsed = make_url(url) if "://" in url else None
    if parsed is not None and parsed.get_backend_name() == "sqlite" and parsed.database:
        from pathlib import Path

        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)

    engine = open_engine(url)
    migrate(engine)
    return Store(engine)
