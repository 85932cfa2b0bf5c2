"""One person's life in a workspace: what they write, and what others make of it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from router.candidate_evidence import CandidateEvidence
from router.index import Chunk, Document
from router.store import Store
from router.store.base.compact import MAX
from router.store.mining.channel_messages import ChannelMessage
from router.store.weekly.datasets import StoredDataset
from router.types import Candidate, Citation, Decision, Feedback, Outcome, Proposal, Request
from router.workspace_folders import workspace_folder
from workers.knowledge.channel_history import ChannelHistory
from workers.ports import ChannelInfo
from workers.privacy.exports import record_exports

SUBJECTS = ("ferry", "budget", "walrus", "contract", "printer", "garden", "invoice", "tunnel")
VERBS = ("closes", "arrives", "breaks", "returns", "grows", "moves")
SHARED = (
    "the vending machine on floor three is empty again",
    "can somebody please open the meeting room upstairs",
)
"""Sentences that people write independently of each other."""
CHANNEL = "C1"
FOLDERS = ("bot", "answer-worker", "compute-worker")
"""The data folders of three processes, as in containers."""


def readable_vector(text: str) -> bytes:
    """Returns a vector (float32 bytes) that the store packs to the very bytes of the text.

    Packing scales the largest component to the largest byte, so one has that value already.
    """
    components = [*text.encode("ascii", "replace"), MAX]
    return np.array(components, np.float32).tobytes()


@dataclass(slots=True)
class Installation:
    """A store, the data folders of three processes, and a clock that only moves forward."""

    store: Store
    folder: Path
    rng: random.Random
    time: float = 1_800_000_000.0
    numbers: int = 0

    def now(self) -> float:
        """Returns the time in unix seconds."""
        return self.time

    def number(self) -> int:
        """Returns a number that was not given before, a second later."""
        self.numbers += 1
        self.time += 1.0
        return self.numbers

    def data(self, process: str) -> Path:
        """Returns the data folder of a process."""
        return self.folder / process


@dataclass(slots=True)
class Life:
    """A person; `token` is a word that only their own sentences have, `name` one for ids.

    `rows` are the keys of rows, (table, text in the row), that an erasure may change or delete.
    """

    installation: Installation
    team: str
    user: str
    name: str
    token: str
    others: tuple[str, str]
    rows: set[tuple[str, str]] = field(default_factory=set)

    def sentence(self) -> str:
        """Returns a new sentence of the person."""
        rng = self.installation.rng
        return (
            f"the {rng.choice(SUBJECTS)} of {self.token} {rng.choice(VERBS)} "
            f"in room {self.installation.number()}"
        )

    def live(self) -> None:
        """Stores everything: by the person, and by two others what is made from it."""
        asked = [self.ask(self.sentence(), self.user) for _ in range(2)]
        self.ask(self.installation.rng.choice(SHARED), self.user)
        self.note_feedback(asked[0])
        said = self.speak()
        self.repeat(said)
        self.press_shortcuts(said)
        self.keep_note(said)
        self.capture()
        self.be_mined(said)
        self.leave_files(said)

    def ask(self, text: str, user: str, answer: str = "", **over: str) -> str:
        """Stores a request with its answer; returns its id."""
        store, now = self.installation.store, self.installation.now()
        number = self.installation.number()
        key = f"{self.team}-r{number}"
        request = Request(
            id=key,
            team=self.team,
            channel=CHANNEL,
            user=user,
            ts=f"{number}.000100",
            event_id=f"{self.team}-e{number}",
            text=text,
            received_at=now,
            **over,  # type: ignore[arg-type]  # only strings
        )
        decision = Decision("route", "triage", 0.9, 0.8, 0.9, (), "r1")
        store.requests.insert(request, now)
        store.decisions.insert_first(key, decision, now, ("e", readable_vector(text)))
        cited = (Citation(1, "t", "u", answer or "q"),)
        outcome = Outcome(text=answer or f"You ask: {text}", citations=cited, model="m")
        store.decisions.insert_outcome(key, 0, outcome, self.installation.now())
        if user == self.user or self.token in text + answer:
            self.rows.add(("", key))

        return key

    def note_feedback(self, key: str) -> None:
        """Stores the person's own words about an answer, and a label."""
        now = self.installation.now()
        feedback = self.installation.store.feedback
        feedback.record(Feedback(key, self.user, "note", self.sentence(), now))
        feedback.record(Feedback(key, self.user, "route", "rewrite", now))

    def speak(self) -> str:
        """Stores a message in a thread that somebody else began; returns its sentence."""
        store = self.installation.store
        history = ChannelHistory(store.documents, store.access, lambda _: "")
        harbour = ChannelInfo(CHANNEL, "harbour", public=True, shared=False)
        history.allow(self.team, harbour, [self.user], self.installation.now())
        root = f"{1_700_000_000 + self.installation.number()}.000100"
        said = self.sentence()
        begun = {"type": "message", "channel": CHANNEL, "user": self.others[0], "ts": root}
        reply = begun | {"user": self.user, "ts": f"{float(root) + 1:.6f}", "thread_ts": root}
        history.apply(self.team, begun | {"text": f"who knows about number {root}"})
        history.apply(
            self.team, reply | {"text": f"{said}. {self.installation.rng.choice(SHARED)}"}
        )
        self.rows.add(("", f"slack:{CHANNEL}:{root}"))
        return said

    def repeat(self, said: str) -> None:
        """Stores answers to others that repeat the person, and one that only seems to."""
        other = self.others[0]
        self.ask("what was said in that thread", other, f"She said that {said}.")
        self.ask(
            "and what else", other, f"Nothing about {self.installation.rng.choice(SUBJECTS)}s."
        )
        self.ask(self.installation.rng.choice(SHARED), other)

    def press_shortcuts(self, said: str) -> None:
        """Stores what others asked about the message: with its author known, and unknown."""
        self.ask(said, self.others[0], source="shortcut", author=self.user)
        self.ask(said, self.others[1], source="shortcut")

    def keep_note(self, said: str) -> None:
        """Stores a note and a proposed change that another person made from the words."""
        store, now = self.installation.store, self.installation.now()
        key = self.ask("keep that please", self.others[1])
        store.proposals.propose(Proposal(key, 0, "note", {"text": said}, f"Keep “{said}”?", now))
        store.documents.upsert(
            Document(
                team=self.team,
                key=f"note:{key}.0",
                source=f"note:{CHANNEL}",
                title=f"Note: {said}"[:60],
                url="",
                acl=CHANNEL,
                updated_at=now,
                hash=key,
                chunks=[Chunk(f"Note: {said}"[:60], "", said, self.others[1])],
            )
        )
        self.rows |= {("", key), ("", f"note:{key}.0")}

    def capture(self) -> None:
        """Stores a masked message of a channel that is mined."""
        messages = self.installation.store.channel_messages
        messages.start_mining(self.team, "C2", "UADMIN", 0.0)
        for user, text in ((self.user, self.sentence()), (self.others[0], SHARED[0])):
            ts = f"{self.installation.number()}.000200"
            at = self.installation.now()
            messages.insert(ChannelMessage(self.team, "C2", ts, user, text, "public", at))
            if user == self.user:
                self.rows.add(("overheard", ts))

    def be_mined(self, said: str) -> None:
        """Stores a candidate, a digest and a dataset that quote the person among others."""
        store, now = self.installation.store, self.installation.now()
        key = f"{self.team}:{self.name}"
        evidence = CandidateEvidence(
            count=30, examples=(said, SHARED[1]), recommendation="keep the prompt", reasons=("r",)
        )
        definition = f"People write things like “{said}”."
        new = Candidate(key, self.team, "rooms", definition, "digested", evidence=evidence)
        store.candidates.upsert(new, now)
        body = {"gaps": [{"example": said, "asked": 2}, {"example": SHARED[0], "asked": 3}]}
        store.digests.insert(self.team, self.name, body, now)

        rows = [
            {"text": said, "answer": "a", "user": self.user, "at": now},
            {"text": "and what was it", "answer": {"x": said}, "user": self.others[0], "at": now},
            {"text": SHARED[0], "answer": "b", "user": self.others[1], "at": now},
        ]
        card = {"contradictions": [said, SHARED[1]], "found": 3}
        dataset = StoredDataset(self.team, f"d{self.name}", key, "triage", rows, card, now)
        store.datasets.insert(dataset)

    def leave_files(self, said: str) -> None:
        """Writes what processes leave in their own folders, and a file that an admin exported."""
        for process in FOLDERS:
            data = self.installation.data(process)
            training = workspace_folder(data / "training", self.team) / f"d{self.name}-run"
            files = {
                workspace_folder(data / "optimise", self.team) / self.name / "calls.jsonl": said,
                training / "train.jsonl": json.dumps({"text": said}),
                workspace_folder(data / "training", self.team) / "other.log": f"step\n{said}\n",
                workspace_folder(data / "router", self.team) / f"router-{self.name}.npz": said,
                data / "logs" / f"{process}.log": f"line\n{said}\nline\n",
            }
            for file, text in files.items():
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("a", encoding="utf-8") as lines:
                    lines.write(text)

        export = self.installation.folder / "elsewhere" / f"rows-{self.team}-{self.name}.jsonl"
        export.parent.mkdir(exist_ok=True)
        export.write_text(json.dumps({"text": said, "answer": "a"}), "utf-8")
        record_exports(self.installation.data(FOLDERS[0]), [export])
