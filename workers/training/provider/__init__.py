"""Trains a model at a provider's fine-tuning service: one job, however often it is interrupted.

Each step looks first for what an earlier try left at the service, so that a lost reply or a kill
neither doubles nor loses a file or a job. What is known is written to a file after each step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from router.errors import BudgetError, InputError
from workers.runtime.file_lock import file_lock
from workers.training.provider.forms import RemoteJob, ServiceForm
from workers.training.provider.service import FineTuningService
from workers.training.trainers import ChatExample

STATE_FILE = "job.json"
BYTES_PER_TOKEN = 2
"""Few texts have more than one token per two bytes; an estimate that bounds money errs upwards."""
SPLITS = ("train", "dev")
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ProviderOrder:
    """What is asked for: the base model's name at the service, the epochs, and the money.

    `usd_per_million_tokens` is the service's price of training, `minimum_usd` what a job costs at
    least. `consent_usd` is what a person has agreed to: nothing is sent where the most that the
    job can cost is above it. Another `attempt` is another job.
    """

    model: str
    epochs: int
    usd_per_million_tokens: float
    consent_usd: float
    minimum_usd: float = 0.0
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of a job, as it is kept: ids at the service, and how far it is."""

    files: dict[str, str] = field(default_factory=dict)
    job: str = ""
    status: str = ""
    model: str = ""
    trained_tokens: int = 0
    events: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    problem: str = ""
    is_cleaned_up: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.status in ("succeeded", "failed", "cancelled")


def most_usd(examples: Sequence[ChatExample], order: ProviderOrder) -> float:
    """Returns the most that a job on these examples can cost."""
    size = sum(len(content) for content in _files(examples).values())
    tokens = size / BYTES_PER_TOKEN * order.epochs
    return max(order.minimum_usd, tokens * order.usd_per_million_tokens / MILLION)


def order_key(examples: Sequence[ChatExample], form: ServiceForm, order: ProviderOrder) -> str:
    """Returns the name of a job: the same examples, model and epochs at one service are one job."""
    parts = [
        [content.decode() for content in _files(examples).values()],
        [form.jobs_path, form.key_header, order.model, order.epochs, order.attempt],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


class ProviderJob:
    """One job at a service; `advance` may be interrupted anywhere and called again."""

    def __init__(
        self,
        service: FineTuningService,
        form: ServiceForm,
        order: ProviderOrder,
        examples: Sequence[ChatExample],
        folder: Path,
    ) -> None:
        """Reads what an earlier try left in `folder`.

        Raises InputError without train examples, BudgetError where it may cost more than agreed.
        """
        if not any(example.split == "train" for example in examples):
            raise InputError("training at a provider: there is no train example; review some")

        usd = most_usd(examples, order)
        if usd > order.consent_usd:
            raise BudgetError(
                f"training at a provider: the job may cost ${usd:.2f}, and at most "
                f"${order.consent_usd:.2f} was agreed to; nothing was sent",
                resets_at=0.0,
            )

        self._service = service
        self._form = form
        self._order = order
        self._files = _files(examples)
        self._key = order_key(examples, form, order)
        self._folder = folder / f"provider-{self._key}"
        self.state = self._load()

    def advance(self, on_event: Callable[[str], None] = lambda _: None) -> JobState:
        """Does what can be done now, up to one look at the running job; returns the state.

        Once the job is over, uploaded files are deleted at the service. Raises ModelError; then
        call it again, later where it says `retry`.
        """
        with file_lock(self._folder):
            self.state = self._load()
            if not self.state.job:
                self._start()
            if not self.state.is_over:
                self._poll(on_event)
            if self.state.is_over and not self.state.is_cleaned_up:
                self._clean_up()

        return self.state

    def cancel(self) -> JobState:
        """Cancels the job at the service, also one whose start was never confirmed."""
        with file_lock(self._folder):
            self.state = self._load()
            if not self.state.job and self.state.files.get("train"):
                found = self._service.find_job(self.state.files["train"])
                if found is not None:
                    self._keep(replace(self.state, job=found.id))
            if self.state.job and not self.state.is_over:
                self._service.cancel(self.state.job)
                self._take(self._service.job(self.state.job))
            if not self.state.job:
                self._keep(replace(self.state, status="cancelled"))
            if self.state.is_over and not self.state.is_cleaned_up:
                self._clean_up()

        return self.state

    def _start(self) -> None:
        """Uploads what is not there yet, and starts the job unless an earlier try did."""
        if self.state.is_over:
            return

        for split, content in self._files.items():
            if split in self.state.files:
                continue

            name = f"beagle-{self._key}-{split}.jsonl"
            file = self._service.find_file(name, len(content))
            if not file:
                file = self._service.upload(name, content)
            self._keep(replace(self.state, files={**self.state.files, split: file}))

        train = self.state.files["train"]
        # A reply may have been lost: only the service knows whether the job was started.
        job = self._service.find_job(train)
        if job is None:
            dev = self.state.files.get("dev", "")
            suffix = f"beagle-{self._key}"
            job = self._service.create_job(
                self._form.job_body(self._order.model, train, dev, self._order.epochs, suffix)
            )
        self._keep(replace(self.state, job=job.id))

    def _poll(self, on_event: Callable[[str], None]) -> None:
        """Looks at the job; cancels one that has learned from more tokens than were agreed to."""
        job = self._service.job(self.state.job)
        usd = job.trained_tokens * self._order.usd_per_million_tokens / MILLION
        if job.status == "running" and usd > self._order.consent_usd:
            self._service.cancel(self.state.job)
            job = replace(self._service.job(self.state.job), problem="it cost more than agreed to")

        events = tuple(self._service.events(self.state.job))
        for event in events[len(self.state.events) :]:
            on_event(event)

        checkpoints = tuple(self._service.checkpoints(self.state.job))
        self._keep(replace(self.state, events=events, checkpoints=checkpoints))
        self._take(job)

    def _take(self, job: RemoteJob) -> None:
        self._keep(
            replace(
                self.state,
                status=job.status,
                model=job.model,
                trained_tokens=job.trained_tokens,
                problem=job.problem,
            )
        )

    def _clean_up(self) -> None:
        """Deletes the uploaded examples at the service: the job has no more use for them."""
        for file in self.state.files.values():
            self._service.delete_file(file)

        self._keep(replace(self.state, is_cleaned_up=True))

    def _load(self) -> JobState:
        path = self._folder / STATE_FILE
        if not path.exists():
            return JobState()

        body: dict[str, Any] = json.loads(path.read_text("utf-8"))
        events, checkpoints = tuple(body["events"]), tuple(body["checkpoints"])
        return JobState(**{**body, "events": events, "checkpoints": checkpoints})

    def _keep(self, state: JobState) -> None:
        self.state = state
        path = self._folder / STATE_FILE
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(state)), "utf-8")
        partial.replace(path)


def _files(examples: Sequence[ChatExample]) -> dict[str, bytes]:
    """Returns the content of the files by split, in the chat format; none for an empty split."""
    files = {}
    for split in SPLITS:
        lines = []
        for example in examples:
            if example.split == split:
                messages = [dict(message) for message in example.messages]
                messages.append({"role": "assistant", "content": example.answer})
                lines.append(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")

        if lines:
            files[split] = "".join(lines).encode()

    return files
