"""The store: every part on one SQLite or PostgreSQL database, migrated when it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from router.errors import StoreError
from router.index import Index
from router.private_files import make_database_private
from router.store.base.disk_reserve import DiskReserve
from router.store.base.engine import POOL, one_statement, open_engine, parse_url, writing
from router.store.base.locks import Lock
from router.store.base.migrate import check_revision, migrate, newest_revision
from router.store.knowledge.access import AccessControl
from router.store.knowledge.captured_answers import CapturedAnswers
from router.store.knowledge.gaps import DocumentQuestions
from router.store.knowledge.index import DocumentIndex
from router.store.knowledge.notes import Notes
from router.store.knowledge.people_replies import PeopleReplies
from router.store.knowledge.sources import Sources
from router.store.mining.channel_messages import ChannelMessages
from router.store.mining.embeddings import StoredEmbeddings
from router.store.mining.minable_requests import MiningReader
from router.store.mining.week_requests import WeekRequests
from router.store.privacy.erasures import Erasures
from router.store.privacy.personal_data import PersonalData
from router.store.requests.cancellations import Cancellations
from router.store.requests.decisions import Decisions
from router.store.requests.feedback import FeedbackTable
from router.store.requests.history import RequestHistory
from router.store.requests.labels import Labels
from router.store.requests.message_parts import MessageParts
from router.store.requests.proposals import Proposals
from router.store.requests.reminders import Reminders
from router.store.requests.replies import ReplyOutbox
from router.store.requests.requests import Requests
from router.store.requests.sendings import Sendings
from router.store.requests.timeline import Timelines
from router.store.requests.undecided import UndecidedRequests
from router.store.requests.waiting import WaitingRequests
from router.store.requests.withdrawals import Withdrawals
from router.store.usage.counting import UsageCounts
from router.store.usage.old_records import OldRecords
from router.store.usage.spend import SpendLedger
from router.store.usage.stats import Stats
from router.store.versions.artefacts import Artefacts
from router.store.versions.drafted_routes import DraftedRoutes
from router.store.versions.quality import QualityRecords
from router.store.versions.shadow_runs import ShadowRuns
from router.store.versions.versions import Versions
from router.store.weekly.candidates import Candidates
from router.store.weekly.datasets import Datasets
from router.store.weekly.digests import Digests
from router.store.weekly.drift_checks import DriftChecks
from router.store.weekly.failure_groups import FailureGroups
from router.store.weekly.retrain import RetrainQueue
from router.store.weekly.rollout_cards import RolloutCards
from router.store.workspace.audit import AuditLog
from router.store.workspace.channel_rules import ChannelRules
from router.store.workspace.contact import Contact
from router.store.workspace.event_kinds import EventKinds
from router.store.workspace.installations import Installations
from router.store.workspace.known_teams import KnownTeams
from router.store.workspace.leaders import Leaders
from router.store.workspace.opt_outs import OptOuts

__all__ = ["Store", "newest_revision", "open_store", "parse_url"]

MAX_REASON = 200
"""Characters of a driver's own words in an error."""


class Store:
    """All parts of the store, each with its own tables, on one engine. Safe for many threads.

    A new part is added here; nobody else makes one, and no SQL is written outside `router.store`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

        # Requests and their answers.
        self.requests = Requests(engine)
        self.undecided = UndecidedRequests(engine)
        self.waiting = WaitingRequests(engine)
        self.decisions = Decisions(engine)
        self.replies = ReplyOutbox(engine)
        self.proposals = Proposals(engine)
        self.sendings = Sendings(engine)
        self.reminders = Reminders(engine)
        self.cancellations = Cancellations(engine)
        self.withdrawals = Withdrawals(engine)
        self.message_parts = MessageParts(engine)
        self.feedback = FeedbackTable(engine)
        self.labels = Labels(engine)
        self.request_history = RequestHistory(engine)
        self.timelines = Timelines(engine)

        # Route versions.
        self.versions = Versions(engine)
        self.artefacts = Artefacts(engine)
        self.shadow_runs = ShadowRuns(engine)
        self.quality = QualityRecords(engine)
        self.drafted_routes = DraftedRoutes(engine)

        # Documents and who may read them.
        self.documents: Index = DocumentIndex(engine)
        self.notes = Notes(engine)
        self.sources = Sources(engine)
        self.access = AccessControl(engine)
        self.document_questions = DocumentQuestions(engine)
        self.captured_answers = CapturedAnswers(engine)
        self.people_replies = PeopleReplies(engine)

        # Mining and the weekly loop.
        self.mining = MiningReader(engine)
        self.embeddings = StoredEmbeddings(engine)
        self.channel_messages = ChannelMessages(engine)
        self.candidates = Candidates(engine)
        self.digests = Digests(engine)
        self.week_requests = WeekRequests(engine)
        self.failure_groups = FailureGroups(engine)
        self.datasets = Datasets(engine)
        self.rollout_cards = RolloutCards(engine)
        self.drift_checks = DriftChecks(engine)
        self.retrain = RetrainQueue(engine)

        # The workspace.
        self.channel_rules = ChannelRules(engine)
        self.opt_outs = OptOuts(engine)
        self.event_kinds = EventKinds(engine)
        self.contact = Contact(engine)
        self.audit = AuditLog(engine)
        self.installations = Installations(engine)
        self.known_teams = KnownTeams(engine)
        self.personal_data = PersonalData(engine)
        self.erasures = Erasures(engine)

        # Usage.
        self.spend = SpendLedger(engine)
        self.stats = Stats(engine)
        self.usage_counts = UsageCounts(engine)
        self.old_records = OldRecords(engine)
        self.disk_reserve = DiskReserve(engine)

        # The processes.
        self.leaders = Leaders(engine)

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a file that this process opens, rather than a server."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self, *locks: Lock) -> Iterator[Connection]:
        """Opens a write transaction, for tests that need one of their own."""
        with writing(self.engine, *locks) as connection:
            yield connection

    def ping(self) -> None:
        """Raises StoreAwayError if the database does not answer."""
        with one_statement(self.engine) as connection:
            connection.execute(text("SELECT 1"))

    def server_time(self) -> float:
        """Returns the database's own time in unix seconds."""
        query = func.extract("epoch", func.clock_timestamp())
        with one_statement(self.engine) as connection:
            return float(connection.execute(select(query)).scalar_one())

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def open_store(url: str, pool: int = POOL, *, migrates: bool = True) -> Store:
    """Returns the store at `url`, with every migration applied. Several processes may open it.

    `pool` is the most connections that this process holds. Without `migrates` the schema is left
    as it is: an older one is an error, and so is a SQLite file that is not there.

    Raises StoreError if the URL is wrong or a newer Beagle made the schema.
    """
    engine = open_engine(url, pool)
    try:
        if not migrates:
            _refuse_missing_file(url)

        _make_folder(url)
        if migrates:
            migrate(engine)
        else:
            check_revision(engine)
    except (OSError, DBAPIError) as error:
        engine.dispose()
        raise StoreError(_unopened(url, error)) from error
    except BaseException:
        engine.dispose()
        raise

    return Store(engine)


def _unopened(url: str, error: Exception) -> str:
    """Returns which database could not be opened, why, and what to do; no password."""
    parsed = parse_url(url)
    cause = getattr(error, "orig", None) or error
    reason = " ".join(str(cause).split())[:MAX_REASON] or type(cause).__name__
    if parsed.get_backend_name() == "sqlite":
        return (
            f"opening the store: {parsed.database!r} cannot be opened or written ({reason}); let "
            "this user write there, or name another place in BEAGLE_DATA or DATABASE_URL"
        )

    return (
        f"opening the store: the database at {parsed.host!r} (port {parsed.port or 'default'}) "
        f"does not serve us: {reason}; start it, or correct DATABASE_URL"
    )


def _refuse_missing_file(url: str) -> None:
    """Raises StoreError where opening would create an empty SQLite file."""
    parsed = parse_url(url)
    file = parsed.database or ""
    # A name such as `file:…?mode=ro` is read by SQLite itself, and creates nothing.
    is_plain = parsed.get_backend_name() == "sqlite" and file and not file.startswith("file:")
    if is_plain and not Path(file).exists():
        raise StoreError(
            f"looking at the store: there is no database {file!r} yet; the first start makes it"
        )


def _make_folder(url: str) -> None:
    """Makes the folder of a SQLite file, and takes existing files away from other users."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return

    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    make_database_private(Path(parsed.database))
