"""What every job and path is given: the parts of the process, and the request to serve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from router.catalog.catalog import Catalog
from router.catalog.installed import installed_routes
from router.catalog.version import Version
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.encoder.reranker import Reranker
from router.errors import PathError
from router.index import NullIndex, PassageSearch
from router.store import Store
from router.types import Decision, Proposal, Request, SlackPerson
from workers.ports import (
    Activity,
    Attachments,
    Directory,
    LanguageModel,
    Message,
    Payer,
    Queue,
    QuoteScores,
    Replies,
    Sender,
)
from workers.runtime.leases import Leases


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one process, built once by the composition root and never changed.

    `now` gives unix seconds, `random` a number in 0-1. `index` finds passages; by default nothing
    is indexed. `encoder` loads at its first use, so that workers which only wait for models never
    pay for it. `directory` knows who can read an answer; without one only the store is asked.
    `reranker` scores the best passages again; None for no second pass. `quote_scorer` reads quotes
    with the question; without, they are chosen by their lines alone. `team` is the workspace that
    background work is done for (`workspace_context`); empty in a process's own context. `sees`
    tells of a model, by name, whether it takes pictures. `sender` passes answers on; None without
    Slack.
    """

    settings: Settings
    store: Store
    queue: Queue
    model: LanguageModel
    replies: Replies
    leases: Leases
    now: Callable[[], float]
    random: Callable[[], float]
    index: PassageSearch = field(default_factory=NullIndex)
    encoder: LazyEncoder = field(default_factory=LazyEncoder)
    directory: Directory | None = None
    reranker: Reranker | None = None
    quote_scorer: QuoteScores | None = None
    team: str = ""
    sees: Callable[[str], bool] = lambda _: False
    sender: Sender | None = None

    def routes_of(self, team: str, *, without: str = "") -> Catalog:
        """Returns the routes that serve the workspace as they are now, except that of a name.

        These are those of the installation's folders, and the workspace's own.
        """
        installed = installed_routes(self.settings)
        return self.store.drafted_routes.joined(team, installed, without=without)

    def serving_version(self, team: str, route: str, version: str) -> Version:
        """Returns that version for a request of the workspace.

        It is the live one if the id is empty or the version was retired since.

        Raises PathError when the store has neither: the route was removed after the decision.
        """
        stored = self.store.versions.get(team, route, version) if version else None
        if stored is None or stored.state == "retired":
            # Looked up for each request: a version that is rolled back answers nobody from then on.
            stored = self.store.versions.live(team, route) or stored

        if stored is None:
            raise PathError(
                f"looking up version {version!r} of route {route!r}: the store has none; "
                "ask again or pick another",
                retry=False,
            )

        return Version.model_validate(dict(stored.body))

    def exact_version(self, team: str, route: str, version: str) -> Version:
        """Returns the workspace's version whatever its state. Raises PathError when missing."""
        stored = self.store.versions.get(team, route, version)
        if stored is None:
            raise PathError(
                f"measuring version {version!r} of route {route!r}: the store has none", retry=False
            )

        return Version.model_validate(dict(stored.body))


@dataclass(frozen=True, slots=True)
class Work:
    """One request to serve: the message, the version that answers, and the thread before it.

    `history` is oldest first and ends before the request. A path passes pieces of an answer to
    `emit` as they arrive and reports what it is doing to `report_activity`. It must not catch what
    these two raise: the request belongs to another worker then. `propose` stores an action that a
    person has to confirm; None where nobody can be asked. With `in_background` nobody waits for the
    answer, and the workspace pays for it. `acls` collects those of the passages that were read for
    the answer. `attachments` are the files of the request.

    Where the route has several tiers, `deadline` (unix seconds) and `usd_spent` are what earlier
    tiers left of the request's time and money; `is_escalation` says that this is not the first.
    `signals` collects what a path can tell of how sure an answer is, 0-1 by name, and `costs` the
    USD of its model calls, those of a failed answer included. `whole_files` collects the names of
    files that were read to their end without a model. With `is_checked` nobody may see the
    answer before the checks have let it stand.
    """

    request: Request
    decision: Decision
    version: Version
    history: Sequence[Message] = ()
    emit: Callable[[str], None] | None = None
    propose: Callable[[Proposal], None] | None = None
    report_activity: Callable[[Activity], None] = lambda _: None
    in_background: bool = False
    acls: set[str] = field(default_factory=set)
    attachments: Attachments = field(default_factory=Attachments)
    deadline: float | None = None
    usd_spent: float = 0.0
    is_escalation: bool = False
    is_checked: bool = False
    signals: dict[str, float] = field(default_factory=dict)
    costs: list[float] = field(default_factory=list)
    whole_files: set[str] = field(default_factory=set)

    def payer(self, requests: int = 1) -> Payer:
        """Returns who pays for a model call of this work: the person who asked for this revision.

        That is whoever pressed the button, not the author of a message that is run once more.
        `requests` is 1 for the first call of the work and 0 for later ones.
        """
        request = self.request
        if self.in_background:
            return Payer.workspace(request.team)

        person = request.asker
        if self.decision.asked_by:
            person = SlackPerson(request.team, self.decision.asked_by, self.decision.asked_by_team)

        return Payer(request.team, request.channel, person.user, requests, person.home)
