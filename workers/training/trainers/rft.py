"""Reinforcement fine-tuning of an adapter with a verifiable reward (GRPO, arXiv 2402.03300).

The order is enforced: it starts from an adapter that supervised training made, and only where that
already keeps the format.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from router.config import Settings
from router.errors import InputError
from router.kinds import Kind
from workers.llm.local.weights import NAME
from workers.training.plan.memory import Method
from workers.training.reward import RewardFunction, RewardSpec
from workers.training.trainers import (
    ChatExample,
    ReinforcementOptions,
    TrainedModel,
    TrainingOptions,
    TrainingProgress,
    lora,
)
from workers.training.trainers._adapter import (
    WEIGHTS_FILE,
    adapter_off,
    export_adapter,
    with_adapter,
)
from workers.training.trainers._base import default_learning_rate
from workers.training.trainers._checkpoint import (
    TrainingRun,
    TrainingState,
    get_weights,
    load_checkpoint,
    save_checkpoint,
    set_weights,
    trainable_weights,
)
from workers.training.trainers._forgetting import base_divergence, general_losses
from workers.training.trainers._gaming import HeldOutFigures, gaming_reasons, held_out_figures
from workers.training.trainers._grpo import (
    add_gradients,
    advantages,
    prompts_of_step,
    sample_answers,
)
from workers.training.trainers._run import MAX_GRADIENT_NORM, prepare_run, trained_model

VERSION_KIND: Kind = "tuned"
METHOD: Method = "rft"
COST = 2
BASES: Mapping[str, str] = {"local-rft": f"{NAME}, on this machine, then reinforcement"}
REPLAYS = False
STARTS_FROM = "lora"

CHECKPOINT_STEPS = 5
"""Steps between checkpoints: what a kill can cost."""
MIN_VALID = 0.8
"""Share of the start's answers that must keep the format: reinforcement does not teach it."""
RATE_SHARE = 0.1
"""Of the supervised learning rate: a policy is moved by noisier gradients.

Measured on the included model (evals/RESULTS.md): at 0.4 with groups of four prompts it moved too
far within 30 steps and learned nothing."""
MIN_DEV = 8
"""Held-out examples without which a gamed reward would go unnoticed."""


def base_path(settings: Settings) -> Path:
    """Returns the weights of the small local model."""
    return lora.base_path(settings)


def options(settings: Settings) -> TrainingOptions:
    """Returns the options that the settings ask for; reward and start belong to each run."""
    return TrainingOptions(
        rank=settings.tune_rank, alpha=2 * settings.tune_rank, threads=settings.local_threads
    )


def bill(trained: TrainedModel) -> dict[str, Any]:
    """Returns what the run took and gained, and why it is not used, where it is not."""
    return {
        "rft": {
            "steps": trained.steps,
            "cpu_seconds": round(trained.cpu_seconds, 1),
            "seconds": round(trained.seconds, 1),
            **trained.details,
        }
    }


def train(
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Callable[[TrainingProgress], None],
) -> TrainedModel:
    """Improves the adapter of `options.reinforcement.start` on the train prompts.

    `details` has the held-out figures `before` and `after`, the KL divergence from the start and
    from the base in nats a token, and `rejected`: why the result should not be used, or None.
    """
    reinforcement = _checked(examples, options)
    # The reward judges dev rows that are right for sure, so a general example has no part in it.
    run = prepare_run(
        examples,
        base,
        folder,
        options,
        lambda model: with_adapter(model, options),
        lambda width: RATE_SHARE * default_learning_rate(width),
    )
    policy = _Policy(run, examples, reinforcement)
    state = load_checkpoint(run)
    resumed_at = state.step
    policy.begin(state)

    while state.step < reinforcement.steps and not state.reinforcement["stopped"]:
        policy.step(state, on_progress)

    artifact = export_adapter(run, state, base)
    details = policy.details(state)
    losses = general_losses(run, state, lambda: adapter_off(run))
    return trained_model(run, state, artifact, resumed_at, losses, details)


def _checked(examples: Sequence[ChatExample], options: TrainingOptions) -> ReinforcementOptions:
    """Returns the options of the reinforcement. Raises InputError for what cannot be reinforced."""
    reinforcement = options.reinforcement
    if reinforcement is None or not reinforcement.reward.get("checks"):
        raise InputError(
            "reinforcement: no reward that a program can check; declare 'reward' in route.md, or "
            "train an adapter without it"
        )

    if not (Path(reinforcement.start) / WEIGHTS_FILE).is_file():
        raise InputError(
            f"reinforcement: found no supervised adapter in {reinforcement.start!r}; train one "
            "for the format first (prompt, then supervised, then reinforcement)"
        )

    held_out = sum(example.split == "dev" for example in examples)
    if held_out < MIN_DEV:
        raise InputError(
            f"reinforcement: {held_out} held-out examples, at least {MIN_DEV} are needed to see "
            "whether the reward is gamed; review more"
        )

    return reinforcement


class _Policy:
    """The adapter under reinforcement, with its reward, its prompts and the weights it began at."""

    def __init__(
        self, run: TrainingRun, examples: Sequence[ChatExample], options: ReinforcementOptions
    ) -> None:
        from safetensors.torch import load_file

        self._run = run
        self._options = options
        self._reward = RewardFunction(RewardSpec.from_dict(options.reward))
        self._train = [example for example in examples if example.split == "train"]
        self._dev = [example for example in examples if example.split == "dev"]
        self._start: dict[str, Any] = load_file(Path(options.start) / WEIGHTS_FILE)

    def begin(self, state: TrainingState) -> None:
        """Loads the start and measures it, unless the run resumes from a checkpoint."""
        if state.reinforcement:
            return

        set_weights(self._run.model, self._start)
        before = self._held_out()
        if before.valid < MIN_VALID:
            raise InputError(
                f"reinforcement: {before.valid:.0%} of the start's answers keep the format, at "
                f"least {MIN_VALID:.0%} are needed; train longer for the format first"
            )

        state.reinforcement = {
            "before": before.as_dict(),
            "best": before.as_dict(),
            "best_step": 0,
            "rewards": [],
            "kls": [],
            "stopped": "",
        }
        self._keep(state)
        state.dev_exact = before.right
        save_checkpoint(self._run, state)

    def step(self, state: TrainingState, on_progress: Callable[[TrainingProgress], None]) -> None:
        """Samples, scores and learns once; measures and saves at its intervals."""
        wall_start, cpu_start = time.monotonic(), time.process_time()
        loss = self._learn(state)
        state.step += 1
        state.losses.append(round(loss, 5))

        last = state.step == self._options.steps
        if last or state.step % self._options.evaluation_steps == 0:
            self._evaluate(state)

        state.seconds += time.monotonic() - wall_start
        state.cpu_seconds += time.process_time() - cpu_start
        if last or state.reinforcement["stopped"] or state.step % CHECKPOINT_STEPS == 0:
            save_checkpoint(self._run, state)

        on_progress(
            TrainingProgress(
                state.step, self._options.steps, state.losses[-1], state.seconds, state.dev_exact
            )
        )

    def details(self, state: TrainingState) -> dict[str, Any]:
        """Returns the figures of the run, and why its result should not be used, or None."""
        body = state.reinforcement
        before, after = HeldOutFigures(**body["before"]), HeldOutFigures(**body["best"])
        # The last weights show what the reward rewards, also where they are not the ones kept.
        last = HeldOutFigures(**body.get("last", body["best"]))
        right = [example.answer for example in self._dev]
        gamed = gaming_reasons(before, after, right) or gaming_reasons(before, last, right)
        rejected = None
        if gamed:
            rejected = f"the reward is gamed: {'; '.join(gamed)}"
        elif body["best_step"] == 0:
            rejected = "no better on held-out examples than the supervised adapter"

        set_weights(self._run.model, state.best)
        return {
            "before": body["before"],
            "after": body["best"],
            "kl": body["kls"][-1] if body["kls"] else 0.0,
            "kl_max": max(body["kls"], default=0.0),
            "kl_base": base_divergence(self._run, lambda: adapter_off(self._run)),
            "mean_rewards": body["rewards"],
            "kls": body["kls"],
            "stopped": body["stopped"],
            "gamed": gamed,
            "rejected": rejected,
        }

    def _learn(self, state: TrainingState) -> float:
        """Takes one step of the optimizer; returns the loss, 0 where all rewards were equal."""
        import torch

        run, options = self._run, self._options
        seed = run.options.seed * 1_000_003 + state.step
        chosen = prompts_of_step(len(run.train), options.prompts, state.step, run.options.seed)
        prompts = [_prompt_tokens(run.train[index]) for index in chosen]
        answers = sample_answers(run, prompts, options, seed)

        rewards = []
        for number, answer in enumerate(answers):
            example = self._train[chosen[number // options.group]]
            rewards.append(
                self._reward.score(example.messages[-1]["content"], answer.text, example.answer)
            )

        body = state.reinforcement
        body["rewards"].append(round(sum(rewards) / len(rewards), 4))
        values = advantages(rewards, options.group)
        # A group of equal rewards says nothing; leaving it out saves its share of the work.
        kept = [number for number, value in enumerate(values) if abs(value) > 1e-6]
        if not kept:
            body["kls"].append(body["kls"][-1] if body["kls"] else 0.0)
            return 0.0

        learned = [(answers[number], values[number]) for number in kept]
        loss, kl = add_gradients(run, learned, self._start, options.kl_weight)
        torch.nn.utils.clip_grad_norm_(trainable_weights(run.model), MAX_GRADIENT_NORM)
        run.optimizer.step()
        run.optimizer.zero_grad(set_to_none=True)
        body["kls"].append(round(kl, 5))
        return loss

    def _evaluate(self, state: TrainingState) -> None:
        """Measures on the held-out examples; keeps the best weights within the divergence."""
        body = state.reinforcement
        recent = body["kls"][-self._options.evaluation_steps :]
        mean_kl = sum(recent) / len(recent)
        figures = self._held_out()
        body["last"] = figures.as_dict()
        if mean_kl > self._options.max_kl:
            body["stopped"] = (
                f"the divergence from the supervised adapter is {mean_kl:.3f} nats a token, above "
                f"{self._options.max_kl}"
            )
            return

        best = body["best"]
        if (figures.right, figures.reward) > (best["right"], best["reward"]):
            body["best"] = figures.as_dict()
            body["best_step"] = state.step
            state.dev_exact = figures.right
            self._keep(state)

    def _keep(self, state: TrainingState) -> None:
        weights = get_weights(self._run.model)
        state.best = {name: values.detach().cpu().clone() for name, values in weights.items()}

    def _held_out(self) -> HeldOutFigures:
        prompts = [_prompt_tokens(encoded) for encoded in self._run.dev]
        answers: list[str] = []
        size = self._options.prompts * self._options.group
        for start in range(0, len(prompts), size):
            batch = sample_answers(self._run, prompts[start : start + size], self._options, None)
            answers += [answer.text for answer in batch]

        messages = [example.messages[-1]["content"] for example in self._dev]
        right = [example.answer for example in self._dev]
        return held_out_figures(self._reward, messages, answers, right)


def _prompt_tokens(encoded: Any) -> Sequence[int]:
    tokens: Sequence[int] = encoded.tokens[: len(encoded.tokens) - encoded.answer]
    return tokens
