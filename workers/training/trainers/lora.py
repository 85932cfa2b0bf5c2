"""Tunes a low-rank adapter (LoRA, arXiv 2106.09685) with PEFT and writes it as safetensors and GGUF."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from router.errors import SettingsError
from workers.training.gguf import ARCHITECTURES, write_gguf
from workers.training.trainers import Lesson, Options, Progress, Trained
from workers.training.trainers._base import choose_device, load_base, precision, usual_rate
from workers.training.trainers._batches import Encoded, collate, encode, epoch

CHECKPOINT = "checkpoint.pt"
KEPT_EVERY = 10
"""Steps between checkpoints: what a kill can cost."""
SPLITS = ("train", "dev", "general")
WARM_UP = 0.06
"""Share of the steps in which the learning rate rises."""


@dataclass
class State:
    """Where a run stands; all of it is in a checkpoint."""

    step: int = 0
    losses: list[float] = field(default_factory=list)
    looks_in_vain: int = 0
    dev_exact: float | None = None
    dev_loss: float | None = None
    best: dict[str, Any] | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """The parts of one run, built once."""

    model: Any
    optimizer: Any
    pad: int
    device: str
    options: Options
    train: Sequence[Encoded]
    dev: Sequence[Encoded]
    general: Sequence[Encoded]
    identity: str
    folder: Path

    @property
    def per_epoch(self) -> int:
        """Steps in one epoch."""
        return math.ceil(len(self.train) / self.options.batch)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        whole = self.per_epoch * self.options.epochs
        return whole if self.options.steps is None else min(self.options.steps, whole)


def train(
    lessons: Sequence[Lesson],
    base: Path,
    folder: Path,
    options: Options,
    on_progress: Callable[[Progress], None],
) -> Trained:
    """As `Train` says, with low-rank matrices beside every linear layer of the base, which itself stays as it is."""
    if not any(lesson.split == "train" for lesson in lessons):
        raise SettingsError("training: found no train lesson; add some")

    run = _prepare(lessons, base, folder, options)
    state = _resume(run)
    resumed_at = state.step

    while state.step < run.steps and state.looks_in_vain < options.patience:
        _advance(run, state, on_progress)

    if state.best is None:
        _look(run, state)
        _keep(run, state)

    return _export(run, state, base, resumed_at)


def _prepare(lessons: Sequence[Lesson], base: Path, folder: Path, options: Options) -> Run:
    import torch
    from peft import LoraConfig, get_peft_model

    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    device = choose_device(options)
    model, tokenizer = load_base(base, device, four_bit=options.four_bit)

    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        config = LoraConfig(
            r=options.rank,
            lora_alpha=options.alpha,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )

        tuned = get_peft_model(model, config)

    rate = usual_rate(model.config.hidden_size) if options.rate is None else options.rate
    encoded = {
        split: [encode(tokenizer, lesson) for lesson in lessons if lesson.split == split]
        for split in SPLITS
    }

    return Run(
        model=tuned,
        optimizer=torch.optim.AdamW(_weights(tuned), lr=rate, weight_decay=0.0),
        pad=tokenizer.eos_token_id,
        device=device,
        options=options,
        train=encoded["train"],
        dev=encoded["dev"],
        general=encoded["general"],
        identity=_identity(lessons, base, options),
        folder=folder,
    )


def _identity(lessons: Sequence[Lesson], base: Path, options: Options) -> str:
    """What a checkpoint belongs to; the number of threads and the device may change in between."""
    settings = {**dataclasses.asdict(options), "threads": 0, "device": ""}
    parts = [
        [dataclasses.asdict(lesson) for lesson in lessons],
        settings,
        base.name,
        base.stat().st_size,
    ]

    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _weights(model: Any) -> list[Any]:
    return [values for values in model.parameters() if values.requires_grad]


def _advance(run: Run, state: State, on_progress: Callable[[Progress], None]) -> None:
    """One epoch, or what is left of it."""
    number, done = divmod(state.step, run.per_epoch)
    looks = {run.per_epoch * (n + 1) // run.options.looks for n in range(run.options.looks)}

    for batch in islice(
        epoch(run.train, run.options.batch, run.options.seed * 1000 + number), done, None
    ):
        wall, cpu = time.monotonic(), time.process_time()
        _learn(run, state, batch)

        last = state.step == run.steps
        if last or (state.step - 1) % run.per_epoch + 1 in looks:
            _look(run, state)

        state.seconds += time.monotonic() - wall
        state.cpu_seconds += time.process_time() - cpu

        over = last or state.looks_in_vain >= run.options.patience
        if over or state.step % KEPT_EVERY == 0:
            _keep(run, state)

        on_progress(
            Progress(state.step, run.steps, state.losses[-1], state.seconds, state.dev_exact)
        )
        if over:
            return


def _learn(run: Run, state: State, batch: Sequence[Encoded]) -> None:
    """One step, with a learning rate that rises for a moment and then falls to nothing."""
    import torch

    warm = max(1, round(run.steps * WARM_UP))
    left = (run.steps - state.step) / max(1, run.steps - warm)

    for group in run.optimizer.param_groups:
        group["lr"] = run.optimizer.defaults["lr"] * min((state.step + 1) / warm, left, 1.0)

    run.model.train()
    loss, _ = _loss(run, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(_weights(run.model), 1.0)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    state.step += 1
    state.losses.append(round(float(loss.detach()), 5))


def _loss(run: Run, batch: Sequence[Encoded]) -> tuple[Any, int]:
    """Mean loss over the answers' tokens, and how many answers the model would give word for word.

    Greedy decoding gives the right answer exactly when every token is the likeliest after the right
    ones before it.
    """
    import torch

    inputs, goal = collate(batch, run.pad, run.device)

    with precision(run.device):
        logits = run.model(**inputs).logits[:, :-1].float()

    loss = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), goal.flatten(), ignore_index=-100
    )
    right = (logits.argmax(-1) == goal) | (goal == -100)
    return loss, int(right.all(1).sum())


def _look(run: Run, state: State) -> None:
    """Measure on the dev lessons; the adapter is remembered if it is the best so far. Without any, the latest is."""
    from peft import get_peft_model_state_dict

    exact, loss = _measured(run, run.dev)

    better = (
        state.dev_loss is None
        or state.dev_exact is None
        or (exact, -loss) > (state.dev_exact, -state.dev_loss)
    )
    if not better and run.dev:
        state.looks_in_vain += 1
        return

    state.looks_in_vain = 0
    if run.dev:
        state.dev_exact, state.dev_loss = exact, loss

    state.best = {
        name: values.detach().cpu().clone()
        for name, values in get_peft_model_state_dict(
            run.model, save_embedding_layers=False
        ).items()
    }


def _measured(run: Run, lessons: Sequence[Encoded]) -> tuple[float, float]:
    """The share of answers that the model would give word for word, and the mean loss on them."""
    import torch

    exact, loss = 0.0, 0.0
    run.model.eval()

    with torch.inference_mode():
        for group in _groups(lessons, run.options.batch):
            part, right = _loss(run, group)
            loss += float(part) * len(group) / len(lessons)
            exact += right / len(lessons)

    return exact, loss


def _general_loss(run: Run, state: State) -> list[float] | None:
    """The loss on the general lessons without the adapter, then with the one that is kept."""
    from peft import set_peft_model_state_dict

    if not run.general:
        return None

    with run.model.disable_adapter():
        before = _measured(run, run.general)[1]

    set_peft_model_state_dict(run.model, state.best)
    return [round(before, 4), round(_measured(run, run.general)[1], 4)]


def _groups(lessons: Sequence[Encoded], size: int) -> Iterator[Sequence[Encoded]]:
    return (lessons[at : at + size] for at in range(0, len(lessons), size))


def _keep(run: Run, state: State) -> None:
    """The run can go on from here after any end; a checkpoint replaces the last one whole."""
    import torch
    from peft import get_peft_model_state_dict

    partial = run.folder / f"{CHECKPOINT}.partial"
    torch.save(
        {
            "identity": run.identity,
            "state": dataclasses.asdict(state),
            "weights": get_peft_model_state_dict(run.model, save_embedding_layers=False),
            "optimizer": run.optimizer.state_dict(),
        },
        partial,
    )

    partial.replace(run.folder / CHECKPOINT)


def _resume(run: Run) -> State:
    """The state of the last checkpoint, loaded into the run; a new one where there is none.

    Raises SettingsError when the folder holds another run's.
    """
    import torch
    from peft import set_peft_model_state_dict

    path = run.folder / CHECKPOINT
    if not path.exists():
        return State()

    kept = torch.load(path, map_location=run.device, weights_only=True)
    if kept["identity"] != run.identity:
        raise SettingsError(
            f"training in {str(run.folder)!r}: its checkpoint belongs to other lessons, options or another base; "
            "use an empty folder"
        )

    set_peft_model_state_dict(run.model, kept["weights"])
    run.optimizer.load_state_dict(kept["optimizer"])
    return State(**kept["state"])


def _export(run: Run, state: State, base: Path, resumed_at: int) -> Trained:
    from safetensors.torch import save_file

    assert state.best is not None
    config = run.model.peft_config["default"]
    config.base_model_name_or_path = base.name
    config.inference_mode = True
    config.save_pretrained(run.folder)
    save_file(
        {name: values.contiguous() for name, values in state.best.items()},
        run.folder / "adapter_model.safetensors",
    )
    shape = run.model.get_base_model().config.to_dict()
    known = shape.get("model_type") in ARCHITECTURES

    return Trained(
        folder=run.folder,
        gguf=write_gguf(run.folder, shape, run.folder / "adapter.gguf") if known else None,
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
