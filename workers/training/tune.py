"""Trains what may take a route over: a head where the answers are a closed set, else an adapter of the local model."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from router.catalog.version import PromptStep, Version
from router.errors import ModelError, SettingsError
from router.store.versions.versions import Stored
from workers.context import Context
from workers.datasets.build import Example, name_of
from workers.llm.weights import find_weights
from workers.training import replay_questions as general
from workers.training.chat_format import lessons
from workers.training.subprocess import train_apart
from workers.training.trainers import Lesson, Options, Progress, Trained

Train = Callable[[str, Sequence[Lesson], Path, Path, Options, Callable[[Progress], None]], Trained]
GENERAL = "general.json"
HEAD_TARGET = 0.95
"""A head that gets so many dev rows right leaves nothing to tune for."""


@dataclass(frozen=True, slots=True)
class Made:
    """The versions that came out of it, by kind, with their bills."""

    versions: Mapping[str, Version]
    bill: Mapping[str, Any]


def tune(
    context: Context,
    live: Version,
    dataset: str,
    rows: Sequence[Example],
    on_progress: Callable[[Progress], None],
    train: Train = train_apart,
) -> Made:
    """The new versions are in the store, in shadow, where none is tried or answers yet. They name their dataset.

    Killed and called again it goes on where it was. Raises SettingsError when there is too little
    to learn from, and ModelError(retry=True) when training is under way elsewhere or its process
    died.
    """
    settings = context.settings

    usable = [row for row in rows if row.usable]
    if len(usable) < settings.dataset_rows:
        raise SettingsError(
            f"training for {live.route!r}: {len(usable)} reviewed examples, "
            f"at least {settings.dataset_rows} are needed; review more, or lower BEAGLE_DATASET_ROWS"
        )

    options = Options(
        rank=settings.tune_rank,
        alpha=2 * settings.tune_rank,
        epochs=settings.tune_epochs,
        threads=settings.local_threads,
        four_bit=settings.tune_four_bit,
    )

    folder = (
        settings.data / "training" / f"{dataset}-{_run_of(usable, options, settings.tune_replay)}"
    )
    taught = lessons(usable, brief(live.route))
    versions: dict[str, Version] = {}

    with alone(folder):
        try:
            head = train(
                "head", taught, settings.encoder_cache, folder / "head", Options(), on_progress
            )
        except SettingsError:
            head = None  # slots or free text: a head cannot answer them

        if head is not None:
            versions["head"] = _keep(context, live, head, "head")

        bill: dict[str, Any] = (
            {} if head is None else {"head_cpu_seconds": round(head.cpu_seconds, 1)}
        )
        if head is None or (head.dev_exact or 0.0) < HEAD_TARGET:
            mixed = _remembered(folder, lambda: _mixed(context, taught))
            tuned = train(
                "lora",
                [*taught, *mixed],
                find_weights(settings.data),
                folder / "lora",
                options,
                on_progress,
            )

            versions["tuned"] = _keep(context, live, tuned, "tuned")
            bill |= _bill(tuned) | {"replayed": sum(lesson.split == "train" for lesson in mixed)}

    return Made(versions, bill | {"examples": len(usable), "dataset": dataset})


def _run_of(rows: Sequence[Example], options: Options, replay: float) -> str:
    """Names a training: with other rows (somebody opted out since) or settings it is another one and begins anew."""
    parts = [name_of(rows), asdict(options) | {"threads": 0}, replay]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def brief(route: str) -> str:
    """All that a tuned version is told: what it should do stands in its weights."""
    return f"Route: {route}."


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else trains in that folder meanwhile. Raises ModelError(retry=True) when somebody does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelError(
                f"training in {folder.name!r}: another process does", retry=True
            ) from None

        yield


def _mixed(context: Context, taught: Sequence[Lesson]) -> list[Lesson]:
    """General lessons beside the task's: some to learn, some to measure by."""
    rows = sum(lesson.split == "train" for lesson in taught)
    return [
        *general.taught(context.model, context.settings.tune_replay, rows),
        *general.held_out(context.model),
    ]


def _remembered(folder: Path, make: Callable[[], list[Lesson]]) -> list[Lesson]:
    """The lessons that the first try made: a run that goes on after a kill must be taught the same ones."""
    path = folder / GENERAL
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(lesson) for lesson in make()]), "utf-8")
        partial.replace(path)

    return [Lesson(**one) for one in json.loads(path.read_text("utf-8"))]


def _bill(tuned: Trained) -> dict[str, Any]:
    return {
        "steps": tuned.steps,
        "cpu_seconds": round(tuned.cpu_seconds, 1),
        "seconds": round(tuned.seconds, 1),
        "weights": tuned.parameters,
        "device": tuned.device,
        "general_loss": list(tuned.general_loss) if tuned.general_loss is not None else None,
    }


def _keep(context: Context, live: Version, trained: Trained, kind: str) -> Version:
    if trained.served is None:
        raise SettingsError(
            f"keeping what was trained for {live.route!r}: no file can be served; see {trained.folder}"
        )

    name = context.store.artefacts.keep(live.route, trained.served, context.now())
    version = live.changed(
        kind=kind,
        adapter=name,
        role="",
        prompt=brief(live.route),
        shots=[],
        steps=[PromptStep().model_dump()],
        models=[],
    )

    body = version.model_dump(mode="json")
    context.store.versions.insert(
        Stored(live.route, version.id, version.kind, "shadow", body, context.now())
    )

    return version
