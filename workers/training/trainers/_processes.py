"""Runs one training in several processes of this machine, one for each graphics card."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from router.errors import BeagleError, InputError, ModelError
from workers.runtime.processes import end_with_parent
from workers.training.trainers import (
    ChatExample,
    TrainedModel,
    TrainFunction,
    TrainingOptions,
    TrainingProgress,
)
from workers.training.trainers._base import choose_device

POLL_SECONDS = 0.2


class _Reports(Protocol):
    """The pipe from the first process: progress, a refusal in words, or what was trained."""

    def put(self, report: TrainingProgress | TrainedModel | str) -> None: ...
    def get(self) -> TrainingProgress | TrainedModel | str: ...
    def empty(self) -> bool: ...


def train_in_processes(
    train: TrainFunction,
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Any,
) -> TrainedModel:
    """Runs `train`, a function of a module, in `options.processes` processes at once.

    Its progress is reported here, and the first process's result is returned. Raises InputError as
    `train` does, or when there are fewer graphics cards than processes, and ModelError(retry=True)
    when a process died; all of them end then, and the same call resumes.
    """
    from torch import multiprocessing

    _check_cards(options)
    reports: _Reports = multiprocessing.get_context("spawn").SimpleQueue()
    with tempfile.TemporaryDirectory() as meeting:
        arguments = (train, examples, base, folder, options, Path(meeting) / "meet", reports)
        running = multiprocessing.start_processes(
            _train_one, arguments, options.processes, join=False, start_method="spawn"
        )
        try:
            return _follow(running, reports, on_progress)
        finally:
            for process in running.processes:
                process.kill()


def _check_cards(options: TrainingOptions) -> None:
    import torch

    if choose_device(options) == "cuda" and torch.cuda.device_count() < options.processes:
        raise InputError(
            f"training in {options.processes} processes: each needs a graphics card of its own and "
            f"torch finds {torch.cuda.device_count()}; lower BEAGLE_TUNE_PROCESSES"
        )


def _follow(running: Any, reports: _Reports, on_progress: Any) -> TrainedModel:
    """Hands on the reports until the result comes; raises what ended it otherwise."""
    from torch.multiprocessing.spawn import ProcessException

    while True:
        try:
            ended = running.join(timeout=POLL_SECONDS)
        except ProcessException as error:
            raise ModelError(
                f"training in {len(running.processes)} processes: one ended: {error}; "
                "start it again and it resumes from its checkpoint",
                retry=True,
            ) from error

        while not reports.empty():
            report = reports.get()
            if isinstance(report, TrainedModel):
                return report
            if isinstance(report, str):
                raise InputError(report)

            on_progress(report)

        if ended:
            raise ModelError("training: every process ended without a result", retry=True)


def _train_one(
    rank: int,
    train: TrainFunction,
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    meeting: Path,
    reports: _Reports,
) -> None:
    """Trains as process number `rank`; the first one reports."""
    import torch
    import torch.distributed as processes

    end_with_parent()
    device = choose_device(options)
    if device == "cuda":
        torch.cuda.set_device(rank)

    backend = "nccl" if device == "cuda" else "gloo"
    processes.init_process_group(
        backend, init_method=meeting.as_uri(), rank=rank, world_size=options.processes
    )

    def report(progress: TrainingProgress) -> None:
        if rank == 0:
            reports.put(progress)

    try:
        trained: TrainedModel | str = train(examples, base, folder, options, report)
    except BeagleError as error:
        trained = str(error)

    if rank == 0:
        reports.put(trained)

    processes.destroy_process_group()
