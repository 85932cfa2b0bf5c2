"""What workers need from outside: the queue, the model, and a way to answer people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from router.types import Citation, Decision, Outcome, Request, Tokens

Message = Mapping[str, str]
"""One turn of a chat: `{"role": "system" | "user" | "assistant", "content": text}`."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who a call is made for, so that caps hold. `requests` is 1 on a request's first call and 0 on later ones."""

    team: str
    channel: str
    user: str
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """One model call. `schema` forces JSON of that JSON Schema; `adapter` names a LoRA on the local server.

    `seconds` bounds the whole call, `output_tokens` the answer. `parts` says how the prompt's
    tokens are made up (system, few_shot, context, query), as texts, so that each part is counted by
    itself. `usd` is the most the call may cost, None for no bound of its own. With `cache` an
    identical earlier call may answer. With `anew` the local server reads the whole prompt, also
    what it holds of an earlier one: asked so, it says the same each time.
    """

    messages: Sequence[Message]
    models: Sequence[str] = ()
    schema: Mapping[str, Any] | None = None
    adapter: str | None = None
    output_tokens: int = 300
    seconds: float = 60.0
    temperature: float = 0.0
    seed: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    payer: Payer | None = None
    usd: float | None = None
    cache: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said. `stop` is `length` when it was cut off: never parse such a reply.

    `reported` is what its server calls the model, `system` the fingerprint of the server's set-up;
    empty if not told.
    """

    text: str
    model: str
    tokens: Tokens
    usd: float
    seconds: float
    stop: str = "stop"
    reported: str = ""
    system: str = ""


class Model(Protocol):
    """Answers calls. Raises ModelError (`retry` tells whether later may help), never returns half an answer."""

    def complete(self, call: Call, on_text: Callable[[str], None] | None = None) -> Reply:
        """One reply; with `on_text` each piece of text is handed over as it arrives, in order."""
        ...


class Queue(Protocol):
    """Wakes a worker. It may lose or repeat what it is told: the store holds the truth."""

    def wake(self, step: str, key: str) -> None:
        """Ask that `step` be run for `key` soon. Raises QueueError when the queue cannot be reached."""
        ...

    def depth(self) -> Mapping[str, int]:
        """How many jobs wait, by queue name."""
        ...

    def compact(self) -> None:
        """The queue's own files hold what waits now and nothing of what was. Raises QueueError when it is away."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """Something that takes a while, told to people who wait: begun, or with `done` finished.

    `count` is of passages for `read`, `detail` a tool's name for `tool`, `sources` are where the
    passages stand.
    """

    name: Literal["read", "write", "tool"]
    done: bool
    count: int = 0
    detail: str = ""
    sources: Sequence[Citation] = ()


class Replies(Protocol):
    """Shows people what happened. However often a method is called for one request, one answer is visible."""

    def working(self, request: Request, decision: Decision) -> None:
        """Best effort: a sign of life in the thread. Never raises."""
        ...

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """Show that the answer has grown by `text`. Best effort; the whole answer comes with `deliver`."""
        ...

    def step(self, request: Request, decision: Decision, step: Step) -> None:
        """Show what is being done for the request. Best effort; never raises."""
        ...

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """The answer is visible in the thread, once. Raises PathError(retry=True) when Slack could not be reached."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as Slack describes it. `shared` means that people of another workspace are in it."""

    id: str
    name: str
    public: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that was shared in Slack, with its bytes."""

    id: str
    name: str
    user: str
    url: str
    shared_at: float
    data: bytes


class Directory(Protocol):
    """What Slack knows of people, channels and files. Each method raises PathError when Slack does not say."""

    def guests(self, team: str, users: Sequence[str]) -> Mapping[str, bool]:
        """Whether each of these users is a guest or of another workspace; who is unknown to Slack is left out."""
        ...

    def place(self, team: str, channel: str) -> Place:
        """The channel."""
        ...

    def members(self, team: str, channel: str) -> Sequence[str]:
        """Everybody in the channel."""
        ...

    def file(self, team: str, file: str, largest: int) -> SharedFile:
        """The file with its content. Raises PathError for one that is larger than `largest` bytes, too."""
        ...
