"""The nouns: one name and one meaning each, everywhere.

Value classes are frozen. Times are unix seconds, money is USD, shares and probabilities lie in 0-1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from router.lifecycle import State

Kind = Literal["prompt", "rag", "tools", "head", "tuned"]
VersionState = Literal["shadow", "canary", "live", "retired"]
ChannelKind = Literal["public", "private", "dm"]
Source = Literal["mention", "dm", "thread", "channel", "command", "shortcut"]
Verb = Literal["route", "ask", "out_of_scope", "meta"]
ProposalState = Literal["pending", "confirmed", "running", "done", "failed", "cancelled"]
RequestState = Literal["received", "decided", "answered", "dead", "ignored"]

KINDS: tuple[Kind, ...] = ("prompt", "rag", "tools", "head", "tuned")


@dataclass(frozen=True, slots=True)
class Request:
    """A message that wants something. `(team, channel, ts)` and `event_id` are each unique.

    `team` is the workspace in which Beagle was asked, `user_team` the asker's own where that is
    another one.
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

    @property
    def thread(self) -> str:
        """The ts under which the answer belongs; a message outside a thread opens its own."""
        return self.thread_ts or self.ts


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message: what was said, which route it belongs to, and where the label came from.

    `answer` is what the route should have produced, when known. `split` keeps the examples that may
    be shown to a model apart from those that measure it. `source` is `file`, `feedback` or
    `reviewed`; `user` is the person who said it, None for a file's own.
    """

    text: str
    route: str
    answer: Any = None
    split: Literal["train", "dev", "test"] = "train"
    source: str = "file"
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How likely a route is: calibrated probability in 0-1."""

    route: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What should serve a request and why.

    `verb` says what happens: `route` runs `route`, `ask` offers the first three of `scores` as
    buttons, `out_of_scope` says so, `meta` answers from the catalogue. `confidence` belongs to
    `route`; `margin` is its distance to the runner-up; `scores` is sorted, best first. `in_scope`
    is the gate's probability that any route fits. `reason` is JSON-safe evidence for the
    explanation (nearest examples, thresholds, what a thread or channel changed). `revision` counts
    corrections from 0.
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


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage the answer rests on: `quote` stands word for word in the passage behind `url`."""

    number: int
    title: str
    url: str
    quote: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one answer, by part of the prompt; `cached` is the share of input the server reused, in tokens."""

    system: int = 0
    few_shot: int = 0
    context: int = 0
    query: int = 0
    output: int = 0
    cached: int = 0

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.system + self.few_shot + self.context + self.query + self.output

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What running a route gave. `text` is for people, `data` is the structured answer if the route has a schema."""

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


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a tool would change: it waits until a person says yes, and happens once.

    It belongs to one `revision` of a request. `said` is what people read before they decide,
    `result` what came of it.
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
        """Names it in the queue and in the audit; tools use it to do a thing once however often they are run."""
        return f"{self.request}.{self.revision}"

    @property
    def seal(self) -> str:
        """Stands for its content: a button carries it, so that nobody confirms what they have not seen."""
        shown = json.dumps([self.tool, dict(self.args), self.said], sort_keys=True)
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person said of an answer; the last word of a person on a request and `aspect` counts.

    `aspect` is `thumb` (value `up`/`down`), `route` (value: the right route's name, or
    `out_of_scope`), `review` (the same from an admin who was asked for it), `reason` (what was
    wrong: `route`, `facts`, `format`, `slow`) or `note` (free text).
    """

    request: str
    user: str
    aspect: Literal["thumb", "route", "review", "reason", "note"]
    value: str
    at: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repeated kind of request that mining found, with its evidence and where it stands (`router/lifecycle.py`).

    `version` grows with every change a person should know of; buttons carry it. `route` is what it
    became or belongs to, `approver` the person who approved it. `centroid` are the float32 bytes of
    its centre under `encoder`.
    """

    id: str
    team: str
    label: str
    definition: str
    state: State
    version: int = 0
    route: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    created_at: float = 0.0
    updated_at: float = 0.0
    approver: str | None = None
    centroid: bytes | None = None
    encoder: str | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads an answer: a person in a workspace, and the channels whose content every reader may see."""

    team: str
    user: str
    channels: frozenset[str]
