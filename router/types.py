"""The value classes that all parts share: one name and one meaning each.

They are frozen. Times are unix seconds, money is in USD, shares and probabilities are in 0-1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from router.candidate_evidence import CandidateEvidence
from router.kinds import Kind
from router.lifecycle import State

INSTALLATION = ""
"""The `team` of what belongs to the installation itself, such as the versions of route files."""

VersionState = Literal["shadow", "canary", "live", "tier", "retired"]
VersionOrigin = Literal["file", "rollout"]
ChannelKind = Literal["public", "private", "dm"]
Source = Literal["mention", "dm", "thread", "channel", "command", "shortcut", "part"]
Verb = Literal["route", "ask", "out_of_scope", "meta"]
ProposalState = Literal["pending", "confirmed", "running", "done", "failed", "cancelled"]
RequestState = Literal["received", "decided", "answered", "dead", "ignored", "withdrawn"]
GONE: tuple[RequestState, ...] = ("ignored", "withdrawn")
"""States of a request that counts nowhere: not meant for Beagle, or its message was deleted."""


SMALL_TALK = "small_talk"
"""The reason of a decision whose message is nothing but small talk: its kind."""
TOPIC = "topic"
"""The reason of a decision that is answered with a line of its own: which topic it is about
(`router/speech/topics.py`)."""
LANGUAGE = "language"
"""The reason of a decision whose message is in a language that is not served: the language."""
NO_ROUTE = "out_of_scope"
"""The label of an example that no route fits."""
COUNTEREXAMPLE = "counterexample"
"""The source of an example that resembles a route's messages and is for no route."""
ACT = "act"
"""The reason of a decision that the message's speech act changed: the act and the route."""
SECOND_REQUEST = "second_request"
"""The reason that names another request in the message: its route, where it begins and ends."""
UNSURE_EXAMPLES = "unsure_examples"
"""The reason that lists the routes whose examples the router takes elsewhere: they stay unshown."""
PART_EVENT = "part:"
"""How the `event_id` of a request begins that a part of another one's message made; then its id."""
WITHOUT_FILES = "-"
"""The first of a request's `files` where a person wants it answered without them."""


@dataclass(frozen=True, slots=True)
class SlackPerson:
    """Somebody in the workspace `team`. `home` is their own workspace where it is another one.

    Users of two workspaces may have equal ids, and are two people.
    """

    team: str
    user: str
    home: str = ""

    @property
    def key(self) -> str:
        """What is counted for this person is counted under this: an equal id is somebody else."""
        return "/".join(part for part in (self.team, self.key_in_team) if part)

    @property
    def key_in_team(self) -> str:
        """The part of `key` that tells this person from the others in the workspace's channels."""
        return "/".join(part for part in (self.home, self.user) if part)


@dataclass(frozen=True, slots=True)
class Request:
    """A message addressed to Beagle. `(team, channel, ts)` and `event_id` are each unique.

    `team` is the id of the workspace; Slack's payloads call it so, and so does this code. In a
    shared channel the user may come from another workspace, which is `user_team` then.

    `author` wrote the text where somebody else asked about it (a shortcut on a message), and
    `author_team` is the author's workspace where that is another one.

    `files` are the ids of the files that were shared with it, separated by spaces. Nothing else of
    a file is stored: it is fetched from Slack when the request is answered.
    """

    id: str
    team: str
    channel: str
    user: str
    ts: str
    event_id: str
    text: str
    received_at: float
    thread_ts: str | None = None
    channel_kind: ChannelKind = "public"
    source: Source = "mention"
    state: RequestState = "received"
    user_team: str = ""
    author: str = ""
    author_team: str = ""
    files: str = ""

    @property
    def file_ids(self) -> tuple[str, ...]:
        """The ids of its files, none where a person wants it answered without them."""
        return () if self.files.startswith(WITHOUT_FILES) else tuple(self.files.split())

    @property
    def part_of(self) -> str:
        """The id of the request of whose message this is a part; empty for a whole message."""
        return self.event_id.removeprefix(PART_EVENT) if self.source == "part" else ""

    @property
    def asker(self) -> SlackPerson:
        """Who asked."""
        return SlackPerson(self.team, self.user, self.user_team)

    @property
    def thread(self) -> str:
        """The ts of the answer's thread; a message outside a thread starts its own."""
        return self.thread_ts or self.ts


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message: its text, its route, and where the label came from.

    `answer` is the right answer, when known. `split` separates examples that a model may see from
    those that measure it. `source` is `file`, `feedback` or `reviewed`. `user` is the person who
    gave the label and `request` the id of the labelled request; rows of a file have neither. The
    `answer` of a counterexample is the name of the route that it resembles.
    """

    text: str
    route: str
    answer: Any = None
    split: Literal["train", "dev", "test"] = "train"
    source: str = "file"
    user: str | None = None
    request: str = ""

    @property
    def id(self) -> str:
        """Names the example without quoting it: a hash of text, route, source and user.

        Results about an example refer to it by this, never by object identity.
        """
        parts = [self.text, self.route, self.source, self.user]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Score:
    """How likely a route is: calibrated probability in 0-1."""

    route: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Which route serves a request, and why.

    `verb` is what happens: `route` runs `route`, `ask` offers the first three of `scores` as
    buttons, `out_of_scope` tells the user that no route fits, `meta` answers from the catalogue.
    `confidence` is the probability of `route`, `margin` its distance to the runner-up; `scores` is
    sorted, best first. `in_scope` is the gate's probability that any route fits. `reason` is
    JSON-safe evidence for the explanation: ids of the nearest examples, thresholds, and the effect
    of thread and channel. It never holds anybody's words. `revision` counts corrections from 0.
    `asked_by` is the user who asked for this revision by a click and whose caps it counts for, None
    for the request's own user. `asked_by_team` is their workspace where it is another one.
    """

    verb: Verb
    route: str | None
    confidence: float
    margin: float
    in_scope: float
    scores: Sequence[Score]
    router_version: str
    version: str | None = None
    reason: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    revision: int = 0
    asked_by: str | None = None
    asked_by_team: str = ""


ON_TRIAL = "new version"
"""Key in `Decision.reason`: the version that answers, while it serves only some users."""
TIERS = "tiers"
"""Key in `Decision.reason`: the route's tiers with what is known of them, and which one answers."""
DRAFTED = "drafted"
"""Key in `Decision.reason`: the route in its shadow test that would serve the request."""
UNDECIDED = "undecided"
"""Key in `Decision.reason` of a request that could not be decided, and the error of its outcome."""
CHOSEN = "chosen"
"""Key in `Decision.reason`: a person chose the route."""
REROUTED = "rerouted_from"
"""Key in `Decision.reason`: the route that the thread had before."""


@dataclass(frozen=True, slots=True)
class RouteOffer:
    """A route as people are offered it: its name, what it does, and a request as an example.

    `note` is said under its answers: what was not done. `needs_larger_model` marks a task that the
    included model mostly gets wrong; `lacks_model` one that none of the models can do.
    `sends` says that they may be passed on.
    """

    name: str
    description: str
    example: str = ""
    note: str = ""
    needs_larger_model: bool = False
    lacks_model: bool = False
    sends: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that supports the answer; `quote` is verbatim from the document at `url`."""

    number: int
    title: str
    url: str
    quote: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one answer, by part of the prompt.

    `cached` counts the input tokens that the server took from its prompt cache; they are in the
    other parts too.
    """

    system: int = 0
    few_shot: int = 0
    context: int = 0
    query: int = 0
    output: int = 0
    cached: int = 0

    @property
    def total(self) -> int:
        """Input and output tokens together."""
        return self.system + self.few_shot + self.context + self.query + self.output

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*(getattr(self, part) + getattr(other, part) for part in self.__slots__))


@dataclass(frozen=True, slots=True)
class EarlierAttempt:
    """An answer of a cheaper tier that did not stand, and the `checks` that it failed.

    Nobody saw it, but it was paid for. `agreed` (0-1) is how much of the next answer it had.
    """

    tier: str
    version: str
    model: str
    usd: float
    checks: Sequence[str]
    agreed: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of running a route.

    `text` is for people, `data` the structured answer of a route with a schema. `error` is a short
    code such as `model` or `budget`, None after a success. `acls` are those of all passages that it
    was made from: who may not read one of them may not be shown it. None where an older release did
    not record them. `tier` names the tier that answered, where the route has several; `attempts`
    are those before it, whose cost is in `usd`.
    """

    text: str
    data: Any = None
    citations: Sequence[Citation] = ()
    tokens: Tokens = field(default_factory=Tokens)
    usd: float = 0.0
    seconds: float = 0.0
    model: str = ""
    route: str = ""
    kind: Kind | None = None
    version: str | None = None
    error: str | None = None
    acls: Sequence[str] | None = ()
    tier: str = ""
    attempts: Sequence[EarlierAttempt] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that a tool proposes: a person confirms it, and it is applied once.

    It belongs to one `revision` of a request. `said` is the summary that people read before they
    decide, `result` the tool's text afterwards.
    """

    request: str
    revision: int
    tool: str
    args: Mapping[str, Any]
    said: str
    at: float
    state: ProposalState = "pending"
    result: str = ""
    decided_by: str | None = None
    decided_at: float | None = None
    done_at: float | None = None

    @property
    def key(self) -> str:
        """Its key in the queue and the audit; tools use it as their idempotency key."""
        return f"{self.request}.{self.revision}"

    @property
    def content_hash(self) -> str:
        """A hash of what people see. Its button carries it, so nobody confirms another content."""
        content = json.dumps([self.tool, dict(self.args), self.said], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Feedback:
    """A person's feedback on an answer; the newest per person, request and `aspect` counts.

    `aspect` is `thumb` (value `up` or `down`), `route` (the right route's name, or `out_of_scope`),
    `review` (the same, from an admin's labelling), `reason` (what was wrong: `route`, `facts`,
    `format`, `slow`) or `note` (free text). `user_team` is the person's workspace where it is
    another one than the request's.
    """

    request: str
    user: str
    aspect: Literal["thumb", "route", "review", "reason", "note"]
    value: str
    at: float
    user_team: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repeated request type that mining found, with its evidence and its lifecycle state.

    `version` grows with every change that matters to a person; buttons carry it, so that a click on
    an outdated message is refused. `route` serves its requests, `approver` approved it. `centroid`
    is the mean of its embeddings as float32 bytes, made with `encoder`.
    """

    id: str
    team: str
    label: str
    definition: str
    state: State
    version: int = 0
    route: str | None = None
    evidence: CandidateEvidence = field(default_factory=CandidateEvidence)
    created_at: float = 0.0
    updated_at: float = 0.0
    approver: str | None = None
    centroid: bytes | None = None
    encoder: str | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom an answer is: the asker, and the channels that all its readers may read."""

    team: str
    user: str
    channels: frozenset[str]
