"""The ports of the workers: the model, the queue, and what Slack shows and knows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from router.store.requests.reminders import ScheduledReminder
from router.store.requests.sendings import Sending
from router.store.workspace.audit import ActionOutcome
from router.types import ChannelKind, Citation, Decision, Outcome, Request, SlackPerson, Tokens
from workers.affiliation import Affiliation

Message = Mapping[str, str]
"""One turn of a chat: `{"role": "system" | "user" | "assistant", "content": text}`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a model is shown with the question: its media type, and its bytes."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file whose words a model is given with the question, as far as they fit.

    `whole` is all of a file of which `text` is the beginning; empty where that is the whole.
    """

    name: str
    text: str = field(repr=False)
    whole: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FileNote:
    """A file that was not read, or only in part, and why: a key of `workers.texts.FILE_NOTES`."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attachments:
    """What is known of a request's files when it is answered.

    `line` tells people about files that were not read, or not to their end. `declined` says that
    none was read, so that an answer would be one to another question.
    """

    pictures: Sequence[Picture] = ()
    texts: Sequence[TextFile] = ()
    notes: Sequence[FileNote] = ()
    line: str = ""
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for a call: the person who asked for it, who need not have written the text.

    Without a `user` no person asked, and without a `channel` the call belongs to none: then only
    the workspace's caps apply. `requests` is 1 on the first call of a request and 0 on later ones.
    `home` is the person's workspace where it is another one.
    """

    team: str
    channel: str
    user: str
    requests: int = 1
    home: str = ""

    @property
    def person(self) -> SlackPerson:
        """The person, by whom caps are counted and turns are taken."""
        return SlackPerson(self.team, self.user, self.home)

    @classmethod
    def workspace(cls, team: str) -> Payer:
        """Returns the payer of work that no person asked for. It is no request of anybody's."""
        return cls(team, "", "", 0)


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of a language model.

    `models` are tried in order; empty for the configured one. `schema` forces JSON of that JSON
    Schema, `adapter` names a LoRA adapter on the local server. `output_tokens` limits the answer,
    `timeout_seconds` the whole call, `max_usd` its cost (None for no limit of its own). `parts` are
    the texts that the prompt consists of (system, few_shot, context, query), so that tokens can be
    counted for each.

    With `cache` an identical earlier call may answer. With `skip_prompt_cache` the local server
    reads the whole prompt again: slower, but then equal prompts get equal answers.

    `pictures` belong to the last message of a person; only a model that sees takes them. With
    `token_probabilities` a server that can is asked how probable the answer's tokens were.
    """

    messages: Sequence[Message]
    models: Sequence[str] = ()
    schema: Mapping[str, Any] | None = None
    adapter: str | None = None
    output_tokens: int = 300
    timeout_seconds: float = 60.0
    temperature: float = 0.0
    seed: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    payer: Payer | None = None
    max_usd: float | None = None
    cache: bool = False
    skip_prompt_cache: bool = False
    pictures: Sequence[Picture] = ()
    token_probabilities: bool = False

    @property
    def picture_hashes(self) -> list[str]:
        """A hash of each picture, for keys of caches: another picture is another question."""
        return [hashlib.sha256(picture.data).hexdigest() for picture in self.pictures]


@dataclass(frozen=True, slots=True)
class ModelReply:
    """A model's answer with its cost.

    `finish_reason` is `length` when the answer was cut off: never parse such a reply.
    `reported_model` and `system_fingerprint` are what the server reports, else empty.
    `token_probability` (0-1) is the geometric mean over the answer's tokens, None where the server
    gives none.
    """

    text: str
    model: str
    tokens: Tokens
    usd: float
    seconds: float
    finish_reason: str = "stop"
    reported_model: str = ""
    system_fingerprint: str = ""
    token_probability: float | None = None


class LanguageModel(Protocol):
    """Answers calls. Raises ModelError, whose `retry` says whether a later call may work."""

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Returns the whole answer; passes its pieces to `on_text` in order as they arrive."""
        ...


RUN_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0)
"""Upper bounds of the buckets of a job's duration; what took longer is in none of them."""


class QuoteScores(Protocol):
    """Scores quotes. Safe for many threads."""

    def scores(self, question: str, quotes: Sequence[str]) -> NDArray[np.float64] | None:
        """Returns how well each quote answers, `(n,)`, in logits; None where that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class QueueRuns:
    """The jobs that a queue's workers ran, since its counters began, and how long they took.

    `buckets` says how many took at most each of `RUN_SECONDS`.
    """

    ok: int = 0
    failed: int = 0
    seconds: float = 0.0
    buckets: Sequence[int] = (0,) * len(RUN_SECONDS)


class Queue(Protocol):
    """Tells workers that there is work.

    It may lose or repeat entries: the store knows what has to be done, and the reaper enqueues
    again what is overdue.
    """

    def enqueue(self, job: str, key: str) -> None:
        """Asks for `job` to be run for `key` soon. Raises QueueError when it cannot be reached."""
        ...

    def depth(self) -> Mapping[str, int]:
        """Returns how many jobs wait, by queue name. Raises QueueError likewise."""
        ...

    def record_run(self, job: str, seconds: float, *, failed: bool) -> None:
        """Counts a job that was run. Never raises: a queue that is away loses the count."""
        ...

    def runs(self) -> Mapping[str, QueueRuns]:
        """Returns what was counted, by queue name. Raises QueueError likewise."""
        ...

    def compact(self) -> None:
        """Rewrites the queue's files so that they hold no finished jobs. Raises QueueError."""
        ...


@dataclass(frozen=True, slots=True)
class Activity:
    """What a path is doing for a request, shown to people who wait: begun, or `done`.

    It reads passages (`count` of them, from `sources`), writes an answer, uses the tool named
    `detail`, or has the tier named `detail` answer because the checks refused a cheaper answer.
    """

    name: Literal["read", "write", "tool", "check"]
    done: bool
    count: int = 0
    detail: str = ""
    sources: Sequence[Citation] = ()


class Replies(Protocol):
    """Shows answers to people.

    However often a method is called for one request, exactly one answer is visible.
    """

    def show_working(self, request: Request, decision: Decision) -> None:
        """Shows that the request is being worked on. Best effort; never raises."""
        ...

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """Appends `text` to the visible answer. Best effort; `deliver` brings the whole answer."""
        ...

    def show_activity(self, request: Request, decision: Decision, activity: Activity) -> None:
        """Shows what is being done for the request. Best effort; never raises."""
        ...

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """Makes the answer visible in the thread, once.

        Raises PathError(retry=True) when Slack cannot be reached.
        """
        ...

    def withdraw(self, request: Request) -> bool:
        """Deletes what is shown of a request whose message was deleted.

        Returns False while a post that was begun may still appear. Raises PathError when Slack
        does not answer or refuses.
        """
        ...


class Sender(Protocol):
    """Passes answers on in Slack."""

    def send(self, request: Request, sending: Sending) -> None:
        """Posts or schedules what is sent, once: a resumed one is first looked for in Slack.

        Raises SendError, which says whether it may have arrived.
        """
        ...

    def cancel(self, reminder: ScheduledReminder) -> ActionOutcome | None:
        """Takes back a reminder that Slack has not posted yet; `late` where it is too late.

        None where Slack has none of which nobody knows the id. Raises SendError when Slack does not
        answer or refuses, NoTokenError without a token.
        """
        ...

    def tell(self, request: Request, sending: Sending) -> bool:
        """Tells the person who pressed how it ended. Returns False where Slack was not reached."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel as Slack describes it; `shared` means shared with another workspace.

    `is_dm` marks the direct messages of one person with Beagle.
    """

    id: str
    name: str
    public: bool
    shared: bool
    is_dm: bool = False

    @property
    def kind(self) -> ChannelKind:
        """What kind of channel it is."""
        if self.is_dm:
            return "dm"

        return "public" if self.public else "private"


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that was shared in Slack, with its bytes; `shared_at` is in unix seconds."""

    id: str
    name: str
    user: str
    url: str
    shared_at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file as Slack describes it, before anything of it is fetched.

    `name` is whatever its owner called it, `media_type` and `size` (bytes) are Slack's word.
    `channels` are the conversations in which it was shared, as far as Beagle is in them. `url` is
    where its bytes are.
    """

    id: str
    name: str
    media_type: str
    size: int
    user: str
    channels: frozenset[str]
    url: str = field(repr=False)


class Directory(Protocol):
    """What Slack knows about people, channels and files.

    Each method raises PathError when Slack does not answer.
    """

    def people(self, team: str, users: Sequence[str]) -> Mapping[str, Affiliation]:
        """Returns for each user where they belong.

        Users whom Slack does not know are missing in the result. It may describe others, too.
        """
        ...

    def channel_info(self, team: str, channel: str) -> ChannelInfo:
        """Returns the channel's description."""
        ...

    def members(self, team: str, channel: str) -> Sequence[str]:
        """Returns the user ids of everybody in the channel."""
        ...

    def file_info(self, team: str, file: str) -> FileInfo:
        """Returns what the file is. Raises FileError when it is not in Slack, or not to be seen."""
        ...

    def file_data(self, team: str, file: FileInfo, max_bytes: int) -> bytes:
        """Returns the file's bytes. Raises FileError, for one that is too large as well."""
        ...

    def shared_file(self, team: str, file: str, max_bytes: int) -> SharedFile:
        """Returns the file with its bytes. Raises PathError also when it is too large."""
        ...
