"""Reinforcement fine-tuning on a tiny model: what it improves, refuses, catches and survives."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from router.catalog.reward import RewardCheck
from router.errors import InputError, ModelError
from tests.fixtures.tiny_model import tiny_base
from workers.training.reward import RewardSpec
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import (
    ChatExample,
    ReinforcementOptions,
    TrainedModel,
    TrainingOptions,
    TrainingProgress,
    get_trainer,
)
from workers.training.trainers._adapter import WEIGHTS_FILE, with_adapter
from workers.training.trainers._checkpoint import get_weights, set_weights, trainable_weights
from workers.training.trainers._grpo import add_gradients, policy_loss, sample_answers
from workers.training.trainers._run import prepare_run

pytestmark = [
    pytest.mark.model,
    pytest.mark.training,
    pytest.mark.usefixtures("training_packages"),
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*SwigPy.*:DeprecationWarning"),
]

COLOURS = ("red", "green", "blue")
BOXES = ("left", "middle", "right")
SIZES = ("big", "small", "flat")
ANSWERS = [json.dumps({"box": box}).replace(" ", "") for box in BOXES]
WORDS = [*COLOURS, *SIZES, *ANSWERS, BOXES[0]]
SCHEMA = {"type": "object", "properties": {"box": {"enum": list(BOXES)}}, "required": ["box"]}
FIELDS = RewardSpec(
    (RewardCheck(check="schema"), RewardCheck(check="fields", fields=("box",), weight=3)), SCHEMA
)
BY_COLOUR = dict(zip(COLOURS, ANSWERS, strict=True))
SFT = TrainingOptions(
    rank=4, alpha=8, learning_rate=1e-2, epochs=16, batch_size=3, threads=1, patience=99
)


def examples(split: Any, *, answer: str | None = None) -> list[ChatExample]:
    """One message for each colour and size; the colour alone says which box is right."""
    rows = []
    for colour in COLOURS:
        for size in SIZES:
            right = answer or BY_COLOUR[colour]
            rows.append(
                ChatExample(
                    [{"role": "user", "content": f"{size} {colour} {BOXES[0]}"}], right, split
                )
            )

    return rows


LESSONS = [*examples("train"), *examples("dev")]


def ignore(progress: TrainingProgress) -> None: ...


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, training_packages: None) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base"), WORDS)


@pytest.fixture(scope="module")
def start(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that keeps the format and always says the first box: a third is right."""
    folder = tmp_path_factory.mktemp("start")
    # Every answer once for each message: the format is learned, and nothing of the task.
    lessons = [row for answer in ANSWERS for row in examples("train", answer=answer)]
    get_trainer("lora").train(lessons, base, folder, SFT, ignore)
    return folder


def options(start: Path, spec: RewardSpec = FIELDS, **changes: Any) -> TrainingOptions:
    reinforcement = ReinforcementOptions(
        reward=spec.as_dict(),
        start=str(start),
        group=8,
        prompts=3,
        steps=20,
        answer_tokens=4,
        evaluation_steps=5,
        max_kl=9.0,
    )
    return dataclasses.replace(
        SFT,
        learning_rate=2e-2,
        reinforcement=dataclasses.replace(reinforcement, **changes),
    )


def reinforce(base: Path, folder: Path, chosen: TrainingOptions) -> TrainedModel:
    return get_trainer("rft").train(LESSONS, base, folder, chosen, ignore)


def test_it_gets_more_right_than_its_supervised_start(base, start, tmp_path):
    trained = reinforce(base, tmp_path, options(start))
    details = trained.details
    assert details["after"]["right"] >= details["before"]["right"] + 0.15
    assert details["rejected"] is None
    assert details["gamed"] == []
    assert details["kl_max"] > 0
    assert details["kl_base"] > 0
    assert trained.artifact == tmp_path / "adapter.gguf"


def test_a_killed_run_goes_on_to_the_same_adapter(base, start, tmp_path):
    chosen = options(start, steps=16)

    def kill(progress: TrainingProgress) -> None:
        if progress.step == 7:
            os.kill(int(Path("/proc/thread-self/children").read_text().split()[-1]), signal.SIGKILL)

    with pytest.raises(ModelError, match="ended with -9") as refusal:
        train_in_subprocess("rft", LESSONS, base, tmp_path / "killed", chosen, kill)

    assert refusal.value.retry
    resumed = reinforce(base, tmp_path / "killed", chosen)
    whole = reinforce(base, tmp_path / "whole", chosen)
    assert 5 <= resumed.resumed_at < resumed.steps
    assert resumed.losses == whole.losses
    assert resumed.details == whole.details


def test_a_reward_that_one_constant_answer_earns_is_caught(base, start, tmp_path):
    # Every message says "left", so quoting it is always rewarded, and right in a third.
    spec = RewardSpec((RewardCheck(check="quotes", fields=("box",)),), SCHEMA)
    details = reinforce(base, tmp_path, options(start, spec, kl_weight=0.0)).details
    assert "gamed" in details["rejected"]
    assert details["gamed"]


def test_it_stops_where_the_policy_has_moved_too_far(base, start, tmp_path):
    chosen = options(start, max_kl=1e-4, evaluation_steps=5)
    trained = reinforce(base, tmp_path, chosen)
    assert trained.steps == 5
    assert "nats a token" in trained.details["stopped"]
    assert "no better" in trained.details["rejected"]


def test_the_penalty_alone_pulls_the_policy_back_to_its_start(base, start, tmp_path):
    """Which way a whole run goes depends on the processor's rounding; each step's direction not."""
    import torch
    from safetensors.torch import load_file

    chosen = options(start)
    run = prepare_run(
        LESSONS, base, tmp_path, chosen, lambda model: with_adapter(model, chosen), lambda _: 1e-3
    )
    begin = get_weights(run.model) | load_file(start / WEIGHTS_FILE)
    set_weights(run.model, {name: 1.5 * values for name, values in begin.items()})
    prompts = [encoded.tokens[: len(encoded.tokens) - encoded.answer] for encoded in run.train]
    answers = sample_answers(run, prompts, chosen.reinforcement, seed=0)
    descent = torch.optim.SGD(trainable_weights(run.model), lr=1e-2)
    divergences = []

    for _ in range(30):
        # Answers that are all as good as each other: the reward pulls nowhere.
        loss, divergence = policy_loss(run, answers, [0.0] * len(answers), begin, kl_weight=1.0)
        divergences.append(divergence)
        descent.zero_grad()
        loss.backward()
        descent.step()

    assert divergences[0] > 0.01
    # Dropout makes single steps noisy.
    assert divergences[-1] < 0.5 * divergences[0]


def test_gradients_do_not_depend_on_how_many_answers_are_read_at_once(base, start, tmp_path):
    import torch
    from safetensors.torch import load_file

    chosen = options(start)
    run = prepare_run(
        LESSONS, base, tmp_path, chosen, lambda model: with_adapter(model, chosen), lambda _: 1e-3
    )
    begin = get_weights(run.model) | load_file(start / WEIGHTS_FILE)
    set_weights(run.model, {name: 1.5 * values for name, values in begin.items()})
    prompts = [encoded.tokens[: len(encoded.tokens) - encoded.answer] for encoded in run.train]
    answers = sample_answers(run, prompts, chosen.reinforcement, seed=0)
    assert len({answer.encoded.answer for answer in answers}) > 1
    learned = [(answer, float(number % 5 - 2)) for number, answer in enumerate(answers)]

    results = []
    for size in (len(answers), 5):
        sized = dataclasses.replace(run, options=dataclasses.replace(chosen, batch_size=size))
        figures = add_gradients(sized, learned, begin, kl_weight=1.0)
        weights = trainable_weights(run.model)
        gradients = torch.cat([values.grad.flatten() for values in weights])
        run.optimizer.zero_grad(set_to_none=True)
        results.append((figures, gradients))

    (at_once, whole), (in_parts, parts) = results
    assert in_parts == pytest.approx(at_once, rel=1e-4)
    assert at_once[1] > 0.01
    # The passes are in bfloat16, whose steps are .4 % of a value.
    assert float((whole - parts).norm()) < 1e-2 * float(whole.norm())


def test_reinforcement_without_a_supervised_adapter_is_refused(base, tmp_path):
    with pytest.raises(InputError, match="train one for the format first"):
        reinforce(base, tmp_path / "run", options(tmp_path / "nothing"))


def test_a_start_that_does_not_keep_the_format_is_refused(base, tmp_path):
    lessons = examples("train", answer="red")
    get_trainer("lora").train(lessons, base, tmp_path / "sft", SFT, ignore)
    with pytest.raises(InputError, match="keep the format"):
        reinforce(base, tmp_path / "run", options(tmp_path / "sft"))


def test_without_a_reward_or_held_out_examples_it_is_refused(base, start, tmp_path):
    with pytest.raises(InputError, match="no reward"):
        reinforce(base, tmp_path, dataclasses.replace(SFT, reinforcement=None))
    with pytest.raises(InputError, match="held-out"):
        get_trainer("rft").train(examples("train"), base, tmp_path, options(start), ignore)
