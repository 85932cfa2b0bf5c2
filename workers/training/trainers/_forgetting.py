"""How far a run has moved its base: on general examples, and on the task's own answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from workers.training.trainers._batches import (
    IGNORED,
    EncodedExample,
    batches_in_order,
    collate,
)
from workers.training.trainers._checkpoint import TrainingRun, TrainingState, set_weights
from workers.training.trainers._run import exact_and_loss
from workers.training.trainers._shards import own_share, summed

BaseRun = Callable[[], AbstractContextManager[TrainingRun]]
"""Gives, for as long as it is needed, the same run with the base in place of what was trained."""


def general_losses(run: TrainingRun, state: TrainingState, base_run: BaseRun) -> list[float] | None:
    """Returns the loss on the general examples of the base and of the weights that are kept."""
    if not run.general:
        return None

    with base_run() as untrained:
        _, before = exact_and_loss(untrained, run.general)

    set_weights(run.model, state.best)
    _, after = exact_and_loss(run, run.general)
    return [round(before, 4), round(after, 4)]


def base_divergence(run: TrainingRun, base_run: BaseRun) -> float | None:
    """Returns KL(tuned || base) on the right dev answers, in nats a token; None without any.

    Exact over the whole vocabulary, with the weights that are loaded.
    """
    import torch

    total = count = 0.0
    run.model.eval()
    with torch.inference_mode():
        for batch in batches_in_order(run.dev, run.options.batch_size):
            own, share = own_share(batch)
            tuned, counted = _log_distributions(run, own)
            with base_run() as untrained:
                base, _ = _log_distributions(untrained, own)

            if share:
                divergence = (tuned.exp() * (tuned - base)).sum(-1)
                total += float((divergence * counted).sum())
                count += float(counted.sum())

    total, count = summed(total), summed(count)
    return round(total / count, 4) if count else None


def _log_distributions(run: TrainingRun, batch: Sequence[EncodedExample]) -> tuple[Any, Any]:
    """Returns log-probabilities `(batch, answer, vocabulary)`, and 1 where a token counts."""
    inputs, targets = collate(batch, run.pad, run.device)
    logits = run.model(**inputs).logits[:, :-1].float()
    return logits.log_softmax(-1), (targets != IGNORED).float()
