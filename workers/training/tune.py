"""Trains versions that may replace a route's live one.

That is a linear head where the answers are a closed set, else an adapter of the local model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from router.catalog.reward import is_verifiable, reward_of
from router.catalog.version import PromptStep, Version
from router.config import Settings
from router.errors import InputError
from router.kinds import Kind
from router.store.versions.versions import StoredVersion
from router.store.weekly.datasets import StoredDataset
from router.workspace_folders import workspace_folder
from workers.context import Context
from workers.datasets.build import DatasetExample, dataset_id
from workers.runtime.file_lock import file_lock
from workers.training.chat_format import chat_examples
from workers.training.replay_questions import held_out_examples, replay_examples
from workers.training.reward import RewardSpec
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import (
    LOCAL_BASE,
    ChatExample,
    ReinforcementOptions,
    TrainedModel,
    Trainer,
    TrainingOptions,
    TrainingProgress,
    trainers_for,
)

TrainingRunner = Callable[
    [
        str,
        Sequence[ChatExample],
        Path,
        Path,
        TrainingOptions,
        Callable[[TrainingProgress], None],
    ],
    TrainedModel,
]
"""Runs a trainer by its name, with the arguments of `TrainFunction`."""
REPLAY_FILE = "general.json"
SUFFICIENT_DEV_ACCURACY = 0.95
"""Where a trainer gets so many dev rows right, no dearer one is run."""


@dataclass(frozen=True, slots=True)
class TrainedVersions:
    """The trained versions by kind, the cheapest trainer's first, and the bill of training."""

    versions: Mapping[str, Version]
    bill: Mapping[str, Any]


def tune(
    context: Context,
    live: Version,
    dataset: StoredDataset,
    rows: Sequence[DatasetExample],
    on_progress: Callable[[TrainingProgress], None],
    train: TrainingRunner = train_in_subprocess,
    base: str = LOCAL_BASE,
) -> TrainedVersions:
    """Runs the trainers on `rows` of the dataset, the cheapest first, until one is good enough.

    `base` is what an admin approved; it decides which trainers run. The new versions are then in
    the store, in shadow, as the workspace's own. Killed and called again, it resumes. Raises
    InputError when there is too little to learn from, and ModelError(retry=True) when training is
    under way elsewhere or its process died.
    """
    settings = context.settings
    usable = _usable_rows(rows, live.route, settings)
    trainers = trainers_for(base)
    options = _options(trainers, settings, live)
    run_id = _run_id(usable, options, settings.tune_replay)
    folder = workspace_folder(settings.data / "training", dataset.team)
    folder = folder / f"{dataset.id}-{run_id}"
    examples = chat_examples(usable, tuned_system_prompt(live.route))
    results: dict[Kind, TrainedModel] = {}
    bill: dict[str, Any] = {}

    # Two workers on one checkpoint would destroy it.
    with file_lock(folder):
        for name, trainer in trainers.items():
            replayed: list[ChatExample] = []
            if trainer.REPLAYS:
                replayed = _load_or_create(folder, lambda: _replay_examples(context, examples))

            chosen = _started_from(options[name], folder, trainer.STARTS_FROM)
            weights = trainer.base_path(settings)
            try:
                trained = train(
                    name, [*examples, *replayed], weights, folder / name, chosen, on_progress
                )
            except InputError as error:
                if trainer.BASES and trainer.STARTS_FROM is None:
                    raise

                # For instance slots or free text, which a head cannot answer, or a start that does
                # not keep the format: what was trained before it stays.
                bill[f"{name}_refused"] = str(error)
                continue

            bill |= trainer.bill(trained)
            if trainer.REPLAYS:
                bill["replayed"] = sum(example.split == "train" for example in replayed)

            if not trained.details.get("rejected"):
                results[trainer.VERSION_KIND] = trained
            if (trained.dev_exact or 0.0) >= SUFFICIENT_DEV_ACCURACY:
                break

    versions: dict[str, Version] = {}
    for kind, trained in results.items():
        versions[kind] = _store_version(context, dataset.team, live, trained, kind)

    return TrainedVersions(versions, bill | {"examples": len(usable), "dataset": dataset.id})


def _options(
    trainers: Mapping[str, Trainer], settings: Settings, live: Version
) -> dict[str, TrainingOptions]:
    """Returns each trainer's options; one that continues another gets the route's reward."""
    options = {}
    for name, trainer in trainers.items():
        options[name] = trainer.options(settings)
        if trainer.STARTS_FROM is not None:
            checks = reward_of(live.reward, live.output)
            spec = RewardSpec(checks if is_verifiable(checks) else (), live.output or {})
            options[name] = replace(
                options[name],
                reinforcement=ReinforcementOptions(
                    reward=spec.as_dict(), start="", steps=settings.tune_rft_steps
                ),
            )

    return options


def _started_from(options: TrainingOptions, folder: Path, start: str | None) -> TrainingOptions:
    """Returns the options with the folder of the run that this one continues."""
    if start is None or options.reinforcement is None:
        return options

    return replace(options, reinforcement=replace(options.reinforcement, start=str(folder / start)))


def _usable_rows(
    rows: Sequence[DatasetExample], route: str, settings: Settings
) -> list[DatasetExample]:
    """Returns the rows that a reviewer accepted.

    Raises InputError when they are too few to learn from, or to show afterwards what was learned.
    """
    usable = [row for row in rows if row.usable]
    if len(usable) < settings.dataset_min_rows:
        raise InputError(
            f"training for {route!r}: {len(usable)} reviewed examples, at least "
            f"{settings.dataset_min_rows} are needed; review more, or lower BEAGLE_DATASET_MIN_ROWS"
        )

    tests = sum(row.split == "test" for row in usable)
    if tests < settings.evaluation_min_rows:
        raise InputError(
            f"training for {route!r}: {tests} reviewed test rows, and no version is rolled out on "
            f"fewer than {settings.evaluation_min_rows}; wait for more requests, or lower "
            "BEAGLE_EVALUATION_MIN_ROWS"
        )

    return usable


def _run_id(
    rows: Sequence[DatasetExample], options: Mapping[str, TrainingOptions], replay: float
) -> str:
    """Returns the name of a training.

    With other rows, because somebody opted out since, or with other settings it is another training
    and starts from the beginning.
    """
    settings = {}
    for name, chosen in options.items():
        settings[name] = asdict(chosen) | {"threads": 0, "processes": 0}

    # How many threads and processes share the work may change between two tries; what is learned
    # stays the same.
    parts = [dataset_id(rows), settings, replay]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def tuned_system_prompt(route: str) -> str:
    """Returns the whole prompt of a tuned version: what it should do is in its weights."""
    return f"Route: {route}."


def _replay_examples(context: Context, examples: Sequence[ChatExample]) -> list[ChatExample]:
    """Returns general examples: some to learn beside the task's, some to measure forgetting by."""
    rows = sum(example.split == "train" for example in examples)
    return [
        *replay_examples(context.model, context.settings.tune_replay, rows),
        *held_out_examples(context.model),
    ]


def _load_or_create(folder: Path, create: Callable[[], list[ChatExample]]) -> list[ChatExample]:
    """Returns the examples that the first try created: a resumed run must learn the same ones."""
    path = folder / REPLAY_FILE
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(example) for example in create()]), "utf-8")
        partial.replace(path)

    return [ChatExample(**body) for body in json.loads(path.read_text("utf-8"))]


def _store_version(
    context: Context, team: str, live: Version, trained: TrainedModel, kind: Kind
) -> Version:
    """Stores the artifact and the version that it serves; returns that version."""
    if trained.artifact is None:
        raise InputError(
            f"storing the trained model of {live.route!r}: no file can be served; "
            f"see {trained.folder}"
        )

    name = context.store.artefacts.insert(team, live.route, trained.artifact, context.now())
    version = live.with_changes(
        kind=kind,
        adapter=name,
        role="",
        prompt=tuned_system_prompt(live.route),
        shots=[],
        steps=[PromptStep().model_dump()],
        models=[],
    )

    body = version.model_dump(mode="json")
    context.store.versions.insert(
        StoredVersion(team, live.route, version.id, version.kind, "shadow", body, context.now())
    )

    return version
