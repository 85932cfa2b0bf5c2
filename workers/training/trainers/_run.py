"""One supervised run: steps, evaluation on the dev examples, and what every trainer measures.

The trainers differ in which weights they train and in the files that they write.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from router.errors import InputError
from workers.training.trainers import ChatExample, TrainedModel, TrainingOptions, TrainingProgress
from workers.training.trainers._base import choose_device, load_base, mixed_precision
from workers.training.trainers._batches import (
    IGNORED,
    EncodedExample,
    batches_in_order,
    collate,
    encode,
    epoch_batches,
)
from workers.training.trainers._checkpoint import (
    TrainingRun,
    TrainingState,
    get_weights,
    identity_of,
    load_checkpoint,
    save_checkpoint,
    trainable_weights,
)
from workers.training.trainers._shards import own_share, process_count, summed

MAX_GRADIENT_NORM = 1.0
SPLITS = ("train", "dev", "general")
WARM_UP = 0.06
"""Share of the steps in which the learning rate rises."""

ModelWrapper = Callable[[Any], Any]
"""Makes the weights of a loaded base trainable and returns what is trained."""


def prepare_run(
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    wrap: ModelWrapper,
    default_rate: Callable[[int], float],
    *,
    exact: bool = False,
) -> TrainingRun:
    """Loads the base, makes its weights trainable and encodes the examples.

    `default_rate` gives the learning rate for the base's width where the options name none. With
    `exact` the base is in float32 on a GPU, too. Raises InputError when there is nothing to learn
    from.
    """
    import torch

    if not any(example.split == "train" for example in examples):
        raise InputError("training: found no train lesson; add some")

    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    device = choose_device(options)
    model, tokenizer = load_base(base, device, four_bit=options.four_bit, exact=exact)

    # An adapter's first values are random: seeded, without touching the generator of others.
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        trained = wrap(model)

    learning_rate = options.learning_rate
    if learning_rate is None:
        learning_rate = default_rate(model.config.hidden_size)

    encoded: dict[str, list[EncodedExample]] = {split: [] for split in SPLITS}
    for example in examples:
        encoded[example.split].append(encode(tokenizer, example))

    return TrainingRun(
        model=trained,
        tokenizer=tokenizer,
        optimizer=torch.optim.AdamW(trainable_weights(trained), lr=learning_rate, weight_decay=0.0),
        pad=tokenizer.eos_token_id,
        device=device,
        options=options,
        train=encoded["train"],
        dev=encoded["dev"],
        general=encoded["general"],
        identity=identity_of(examples, base, options),
        folder=folder,
    )


def train_supervised(
    run: TrainingRun, on_progress: Callable[[TrainingProgress], None], checkpoint_steps: int
) -> tuple[TrainingState, int]:
    """Trains to the end; returns the state and the step from which it resumed."""
    state = load_checkpoint(run)
    resumed_at = state.step

    while state.step < run.steps and state.evaluations_without_gain < run.options.patience:
        train_epoch(run, state, on_progress, checkpoint_steps)

    if state.best is None:
        evaluate(run, state)
        save_checkpoint(run, state)

    return state, resumed_at


def train_epoch(
    run: TrainingRun,
    state: TrainingState,
    on_progress: Callable[[TrainingProgress], None],
    checkpoint_steps: int,
) -> None:
    """Trains one epoch, or what is left of it after a kill."""
    number, steps_done = divmod(state.step, run.steps_per_epoch)
    per_epoch = run.options.evaluations_per_epoch
    evaluation_steps = {run.steps_per_epoch * (n + 1) // per_epoch for n in range(per_epoch)}

    # Each epoch has a seed of its own, so that a resumed one sees its batches in the same order.
    batches = epoch_batches(run.train, run.options.batch_size, run.options.seed * 1000 + number)
    for batch in islice(batches, steps_done, None):
        wall_start = time.monotonic()
        cpu_start = time.process_time()
        train_step(run, state, batch)

        last = state.step == run.steps
        if last or (state.step - 1) % run.steps_per_epoch + 1 in evaluation_steps:
            evaluate(run, state)

        state.seconds += time.monotonic() - wall_start
        state.cpu_seconds += time.process_time() - cpu_start

        over = last or state.evaluations_without_gain >= run.options.patience
        if over or state.step % checkpoint_steps == 0:
            save_checkpoint(run, state)

        on_progress(
            TrainingProgress(
                state.step, run.steps, state.losses[-1], state.seconds, state.dev_exact
            )
        )
        if over:
            return


def train_step(run: TrainingRun, state: TrainingState, batch: Sequence[EncodedExample]) -> None:
    """Takes one optimizer step, with linear warm-up and linear decay of the learning rate."""
    import torch

    warm_up_steps = max(1, round(run.steps * WARM_UP))
    rising = (state.step + 1) / warm_up_steps
    falling = (run.steps - state.step) / max(1, run.steps - warm_up_steps)

    for group in run.optimizer.param_groups:
        group["lr"] = run.optimizer.defaults["lr"] * min(rising, falling, 1.0)

    run.model.train()
    own, share = own_share(batch)
    loss, _ = batch_loss(run, own)
    # Several processes take the mean of their gradients, so each gives its share that many times.
    (loss * share * process_count()).backward()
    # One odd batch must not throw away what was learned.
    torch.nn.utils.clip_grad_norm_(trainable_weights(run.model), MAX_GRADIENT_NORM)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    state.step += 1
    state.losses.append(round(summed(float(loss.detach()) * share), 5))


def batch_loss(run: TrainingRun, batch: Sequence[EncodedExample]) -> tuple[Any, int]:
    """Returns the mean cross entropy of the answers' tokens, and how many answers are exact."""
    import torch

    inputs, targets = collate(batch, run.pad, run.device)

    with mixed_precision(run.device):
        logits = run.model(**inputs).logits[:, :-1].float()

    loss = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED
    )

    # Greedy decoding gives the right answer exactly when every token is the likeliest one after
    # the right ones before it. So one pass with the right answer tells, without generating.
    right = (logits.argmax(-1) == targets) | (targets == IGNORED)
    return loss, int(right.all(1).sum())


def evaluate(run: TrainingRun, state: TrainingState) -> None:
    """Measures on the dev examples and keeps the weights if they are the best so far.

    Without dev examples the latest weights are kept.
    """
    exact, loss = exact_and_loss(run, run.dev)

    better = True
    if state.dev_loss is not None and state.dev_exact is not None:
        # Exact answers first; the loss decides between equals, and early on when all are 0.
        better = (exact, -loss) > (state.dev_exact, -state.dev_loss)
    if not better and run.dev:
        state.evaluations_without_gain += 1
        return

    state.evaluations_without_gain = 0
    if run.dev:
        state.dev_exact = exact
        state.dev_loss = loss

    weights = get_weights(run.model)
    state.best = {name: values.detach().cpu().clone() for name, values in weights.items()}


def exact_and_loss(run: TrainingRun, examples: Sequence[EncodedExample]) -> tuple[float, float]:
    """Returns the share of answers that are exact, word for word, and the mean loss on them."""
    import torch

    exact = 0.0
    loss = 0.0
    run.model.eval()

    with torch.inference_mode():
        for batch in batches_in_order(examples, run.options.batch_size):
            own, share = own_share(batch)
            mean, right = batch_loss(run, own)
            # Weighted by size: the last batch may be smaller.
            loss += float(mean) * share * len(batch) / len(examples)
            exact += right / len(examples) if share else 0.0

    return summed(exact), summed(loss)


def trained_model(
    run: TrainingRun,
    state: TrainingState,
    artifact: Path | None,
    resumed_at: int,
    general_loss: Sequence[float] | None,
    details: Mapping[str, Any] | None = None,
) -> TrainedModel:
    """Returns what the run made and what it took."""
    assert state.best is not None
    return TrainedModel(
        folder=run.folder,
        artifact=artifact,
        steps=state.step,
        seconds=state.seconds,
        cpu_seconds=state.cpu_seconds,
        losses=state.losses,
        dev_exact=state.dev_exact,
        dev_loss=state.dev_loss,
        parameters=sum(values.numel() for values in trainable_weights(run.model)),
        device=run.device,
        resumed_at=resumed_at,
        general_loss=general_loss,
        details=details or {},
    )
