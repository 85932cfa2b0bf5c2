"""A simulated workspace: the chat of a mined channel, the weekly job, and an admin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.encoder.protocol import Encoder
from router.lifecycle import State
from router.lifecycle_evidence import ApprovalEvidence
from router.store import Store, open_store
from router.store.mining.channel_messages import ChannelMessage
from router.store.workspace.channel_rules import ChannelRule
from router.text.redact import redact
from router.types import Candidate
from workers.context import Context
from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
from workers.jobs import advance, digest
from workers.llm.fakes import ScriptedModel
from workers.ports import ChannelInfo, LanguageModel
from workers.runtime.job_key import job_key
from workers.runtime.leases import Leases

TEAM = "T1"
CHANNEL = "C1"
ADMIN = "UADMIN"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message in the channel, at a time in unix seconds.

    `kind` names what is asked, None for anything else. `answers` is the time of the message that
    it answers in its thread.
    """

    text: str
    user: str
    at: float
    kind: str | None = None
    answers: float | None = None


class ChatWorkspace:
    """A workspace at `now`; `messages` were captured from its channel, which an admin has mined."""

    def __init__(
        self,
        folder: Path,
        encoder: Encoder,
        messages: Sequence[ChatMessage],
        now: float,
        llm: LanguageModel | None = None,
        **settings: object,
    ) -> None:
        self.store: Store = open_store(f"sqlite:///{folder / 'beagle.db'}")
        self.now = now
        self.settings = Settings(
            _env_file=None,
            data=folder,
            admins=(ADMIN,),
            trial_calls=0,
            **settings,  # type: ignore[arg-type]  # any setting may be given
        )
        directory = MemoryDirectory()
        directory.channels[CHANNEL] = ChannelInfo(CHANNEL, "general", public=True, shared=False)
        self.context = Context(
            settings=self.settings,
            store=self.store,
            queue=MemoryQueue({"digest": "compute", "advance": "compute"}),
            model=llm or ScriptedModel(default="I do not know that."),
            replies=MemoryReplies(),
            leases=Leases(self.store.requests, "worker", self.time, 20.0),
            now=self.time,
            random=lambda: 0.5,
            index=self.store.documents,
            encoder=LazyEncoder(lambda: encoder),
            directory=directory,
        )
        self._capture(messages)

    def time(self) -> float:
        """Returns the present time of the simulation."""
        return self.now

    def mine(self) -> list[Candidate]:
        """Runs the weekly job; returns the candidates that no route serves, best first."""
        digest.run(self.context, job_key(TEAM, "2027-W02"))
        found = self.store.candidates.for_team(TEAM, frozenset[State]({"digested"}))
        return sorted(found, key=lambda candidate: (-candidate.evidence.score, candidate.id))

    def draft(self, candidate: Candidate) -> Candidate:
        """Approves the candidate as an admin does, and lets a worker draft and evaluate."""
        self.store.candidates.advance(
            candidate.id,
            ApprovalEvidence(verdict="approve"),
            actor=ADMIN,
            at=self.now,
            version=candidate.version,
        )
        for _ in range(2):
            advance.run(self.context, candidate.id)

        drafted = self.store.candidates.get(candidate.id)
        assert drafted is not None
        return drafted

    def members_of(self, candidate: Candidate, messages: Sequence[ChatMessage]) -> list[str | None]:
        """Returns the kinds of the messages that mining counted to the candidate."""
        kind_of = {f"{CHANNEL} {_ts(one.at)}": one.kind for one in messages}
        return [kind_of[key] for key in candidate.evidence.messages]

    def close(self) -> None:
        """Closes the store."""
        self.store.close()

    def _capture(self, messages: Sequence[ChatMessage]) -> None:
        """Stores the messages masked, as the bot does in a channel that an admin opted in."""
        store = self.store
        store.access.set_channel(TEAM, CHANNEL, name="general", public=True, at=self.now)
        store.channel_rules.upsert(ChannelRule(TEAM, CHANNEL))
        store.channel_messages.start_mining(TEAM, CHANNEL, ADMIN, 0.0)
        for one in messages:
            thread = "" if one.answers is None else _ts(one.answers)
            store.channel_messages.insert(
                ChannelMessage(
                    TEAM,
                    CHANNEL,
                    _ts(one.at),
                    one.user,
                    redact(one.text),
                    "public",
                    one.at,
                    thread,
                )
            )


def _ts(at: float) -> str:
    return f"{at:.6f}"
