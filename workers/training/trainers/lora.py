"""Trains a low-rank adapter (LoRA, arXiv 2106.09685) with PEFT; writes safetensors and GGUF."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from router.config import Settings
from router.errors import InputError
from router.kinds import Kind
from workers.llm.weights import NAME, find_weights
from workers.training.gguf import ARCHITECTURES, write_gguf
from workers.training.trainers import ChatExample, TrainedModel, TrainingOptions, TrainingProgress
from workers.training.trainers._base import (
    choose_device,
    default_learning_rate,
    load_base,
    mixed_precision,
)
from workers.training.trainers._batches import (
    IGNORED,
    EncodedExample,
    collate,
    encode,
    epoch_batches,
)
from workers.training.trainers._checkpoint import (
    TrainingRun,
    TrainingState,
    identity_of,
    load_checkpoint,
    save_checkpoint,
)

VERSION_KIND: Kind = "tuned"
COST = 1
BASES: Mapping[str, str] = {"local": f"{NAME}, on this machine"}
REPLAYS = True

CHECKPOINT_STEPS = 10
"""Steps between checkpoints: what a kill can cost."""
MAX_GRADIENT_NORM = 1.0
SPLITS = ("train", "dev", "general")
WARM_UP = 0.06
"""Share of the steps in which the learning rate rises."""


def base_path(settings: Settings) -> Path:
    """Returns the weights of the small local model."""
    return find_weights(settings.data)


def options(settings: Settings) -> TrainingOptions:
    """Returns the options that the settings ask for."""
    return TrainingOptions(
        rank=settings.tune_rank,
        alpha=2 * settings.tune_rank,
        epochs=settings.tune_epochs,
        threads=settings.local_threads,
        four_bit=settings.tune_load_in_4bit,
    )


def bill(trained: TrainedModel) -> dict[str, Any]:
    """Returns what the run took, and how far it moved the base."""
    general_loss = trained.general_loss
    return {
        "steps": trained.steps,
        "cpu_seconds": round(trained.cpu_seconds, 1),
        "seconds": round(trained.seconds, 1),
        "weights": trained.parameters,
        "device": trained.device,
        "general_loss": None if general_loss is None else list(general_loss),
    }


def train(
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Callable[[TrainingProgress], None],
) -> TrainedModel:
    """Trains low-rank matrices beside every linear layer of the frozen base."""
    if not any(example.split == "train" for example in examples):
        raise InputError("training: found no train lesson; add some")

    run = _prepare(examples, base, folder, options)
    state = load_checkpoint(run)
    resumed_at = state.step

    while state.step < run.steps and state.evaluations_without_gain < options.patience:
        _train_epoch(run, state, on_progress)

    if state.best is None:
        _evaluate(run, state)
        save_checkpoint(run, state)

    return _export(run, state, base, resumed_at)


def _prepare(
    examples: Sequence[ChatExample], base: Path, folder: Path, options: TrainingOptions
) -> TrainingRun:
    import torch
    from peft import LoraConfig, get_peft_model

    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    device = choose_device(options)
    model, tokenizer = load_base(base, device, four_bit=options.four_bit)

    # The adapter's first values are random: seeded, without touching the generator of others.
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        config = LoraConfig(
            r=options.rank,
            lora_alpha=options.alpha,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )

        adapted = get_peft_model(model, config)

    learning_rate = options.learning_rate
    if learning_rate is None:
        learning_rate = default_learning_rate(model.config.hidden_size)

    encoded: dict[str, list[EncodedExample]] = {split: [] for split in SPLITS}
    for example in examples:
        encoded[example.split].append(encode(tokenizer, example))

    return TrainingRun(
        model=adapted,
        optimizer=torch.optim.AdamW(
            _trainable_weights(adapted), lr=learning_rate, weight_decay=0.0
        ),
        pad=tokenizer.eos_token_id,
        device=device,
        options=options,
        train=encoded["train"],
        dev=encoded["dev"],
        general=encoded["general"],
        identity=identity_of(examples, base, options),
        folder=folder,
    )


def _trainable_weights(model: Any) -> list[Any]:
    return [values for values in model.parameters() if values.requires_grad]


def _train_epoch(
    run: TrainingRun, state: TrainingState, on_progress: Callable[[TrainingProgress], None]
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
        _train_step(run, state, batch)

        last = state.step == run.steps
        if last or (state.step - 1) % run.steps_per_epoch + 1 in evaluation_steps:
            _evaluate(run, state)

        state.seconds += time.monotonic() - wall_start
        state.cpu_seconds += time.process_time() - cpu_start

        over = last or state.evaluations_without_gain >= run.options.patience
        if over or state.step % CHECKPOINT_STEPS == 0:
            save_checkpoint(run, state)

        on_progress(
            TrainingProgress(
                state.step, run.steps, state.losses[-1], state.seconds, state.dev_exact
            )
        )
        if over:
            return


def _train_step(run: TrainingRun, state: TrainingState, batch: Sequence[EncodedExample]) -> None:
    """Takes one optimizer step, with linear warm-up and linear decay of the learning rate."""
    import torch

    warm_up_steps = max(1, round(run.steps * WARM_UP))
    rising = (state.step + 1) / warm_up_steps
    falling = (run.steps - state.step) / max(1, run.steps - warm_up_steps)

    for group in run.optimizer.param_groups:
        group["lr"] = run.optimizer.defaults["lr"] * min(rising, falling, 1.0)

    run.model.train()
    loss, _ = _loss(run, batch)
    loss.backward()
    # One odd batch must not throw the adapter away.
    torch.nn.utils.clip_grad_norm_(_trainable_weights(run.model), MAX_GRADIENT_NORM)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    state.step += 1
    state.losses.append(round(float(loss.detach()), 5))


def _loss(run: TrainingRun, batch: Sequence[EncodedExample]) -> tuple[Any, int]:
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


def _evaluate(run: TrainingRun, state: TrainingState) -> None:
    """Measures on the dev examples and keeps the adapter if it is the best so far.

    Without dev examples the latest adapter is kept.
    """
    from peft import get_peft_model_state_dict

    exact, loss = _exact_and_loss(run, run.dev)

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

    weights = get_peft_model_state_dict(run.model, save_embedding_layers=False)
    state.best = {name: values.detach().cpu().clone() for name, values in weights.items()}


def _exact_and_loss(run: TrainingRun, examples: Sequence[EncodedExample]) -> tuple[float, float]:
    """Returns the share of answers that are exact, word for word, and the mean loss on them."""
    import torch

    exact = 0.0
    loss = 0.0
    run.model.eval()

    with torch.inference_mode():
        for batch in _in_batches(examples, run.options.batch_size):
            batch_loss, right = _loss(run, batch)
            # Weighted by size: the last batch may be smaller.
            loss += float(batch_loss) * len(batch) / len(examples)
            exact += right / len(examples)

    return exact, loss


def _in_batches(
    examples: Sequence[EncodedExample], size: int
) -> Iterator[Sequence[EncodedExample]]:
    for start in range(0, len(examples), size):
        yield examples[start : start + size]


def _general_loss(run: TrainingRun, state: TrainingState) -> list[float] | None:
    """Returns the loss on the general examples without and with the adapter that is kept."""
    from peft import set_peft_model_state_dict

    if not run.general:
        return None

    with run.model.disable_adapter():
        _, without = _exact_and_loss(run, run.general)

    set_peft_model_state_dict(run.model, state.best)
    _, with_adapter = _exact_and_loss(run, run.general)
    return [round(without, 4), round(with_adapter, 4)]


def _export(run: TrainingRun, state: TrainingState, base: Path, resumed_at: int) -> TrainedModel:
    """Writes the best adapter as safetensors, and as GGUF where the architecture is known."""
    from safetensors.torch import save_file

    assert state.best is not None
    config = run.model.peft_config["default"]
    # The name alone: a path of this machine means nothing elsewhere.
    config.base_model_name_or_path = base.name
    config.inference_mode = True
    config.save_pretrained(run.folder)
    save_file(
        {name: values.contiguous() for name, values in state.best.items()},
        run.folder / "adapter_model.safetensors",
    )

    base_config = run.model.get_base_model().config.to_dict()
    artifact = None
    if base_config.get("model_type") in ARCHITECTURES:
        artifact = write_gguf(run.folder, base_config, run.folder / "adapter.gguf")

    return TrainedModel(
        folder=run.folder,
        artifact=artifact,
        steps=state.step,
        seconds=state.seconds,
        cpu_seconds=state.cpu_seconds,
        losses=state.losses,
        dev_exact=state.dev_exact,
        dev_loss=state.dev_loss,
        parameters=sum(values.numel() for values in state.best.values()),
        device=run.device,
        resumed_at=resumed_at,
        general_loss=_general_loss(run, state),
    )
