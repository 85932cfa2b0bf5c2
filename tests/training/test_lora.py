"""LoRA tuning: learning, resuming after a kill, and equal results of both adapter formats."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import signal
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from router.errors import InputError, ModelError
from tests.fixtures.tiny_model import tiny_base
from workers.llm.local.server import LocalModelServer
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import (
    ChatExample,
    TrainingOptions,
    TrainingProgress,
    get_trainer,
    trainer_names,
)
from workers.training.trainers._base import default_learning_rate

pytestmark = [
    pytest.mark.model,
    pytest.mark.training,
    pytest.mark.usefixtures("training_packages"),
    # Libraries of the day warn about each other; none of it is ours to change.
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*SwigPy.*:DeprecationWarning"),
]

TINY = TrainingOptions(
    rank=2, alpha=4, learning_rate=2e-2, epochs=4, batch_size=2, threads=1, patience=9
)
QUICK = dataclasses.replace(TINY, rank=8, alpha=16, learning_rate=1e-2, epochs=30, patience=99)
WORDS = ["red", "green", "blue", "one", "two", "three"]
ANSWERS = dict(zip(WORDS[:3], WORDS[3:], strict=True))
LESSONS = [
    ChatExample([{"role": "user", "content": word}], ANSWERS[word]) for word in WORDS[:3] * 2
]
DEV = [dataclasses.replace(lesson, split="dev") for lesson in LESSONS[:3]]


def ignore(progress: TrainingProgress) -> None: ...


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, training_packages: None) -> Path:
    """A base that knows six words."""
    return tiny_base(tmp_path_factory.mktemp("base"), WORDS)


def tensors(path: Path) -> dict[str, Any]:
    import gguf

    return {tensor.name: tensor.data.copy() for tensor in gguf.GGUFReader(path).tensors}


def same(left: Path, right: Path) -> bool:
    one, two = tensors(left), tensors(right)
    return one.keys() == two.keys() and all((one[name] == two[name]).all() for name in one)


@pytest.mark.parametrize(("width", "rate"), [(576, 1.32e-3), (2000, 5e-4), (4096, 2.86e-4)])
def test_a_wider_base_is_taught_more_gently(width, rate):
    assert default_learning_rate(width) == pytest.approx(rate, rel=0.01)


def test_it_learns_what_the_lessons_say_and_says_what_it_cost(base: Path, tmp_path: Path) -> None:
    steps: list[TrainingProgress] = []
    trained = get_trainer("lora").train(LESSONS + DEV, base, tmp_path, QUICK, steps.append)
    assert trained.losses[-1] < trained.losses[0] / 2
    assert trained.dev_exact == 1.0
    assert [progress.step for progress in steps] == list(range(1, trained.steps + 1))
    assert trained.artifact == tmp_path / "adapter.gguf"
    assert (trained.seconds > 0, trained.cpu_seconds > 0, trained.resumed_at) == (True, True, 0)


def test_the_same_arguments_give_the_same_adapter(base: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        get_trainer("lora").train(LESSONS + DEV, base, tmp_path / name, TINY, ignore)

    assert same(tmp_path / "one" / "adapter.gguf", tmp_path / "two" / "adapter.gguf")


def test_another_seed_gives_another_adapter(base: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        get_trainer("lora").train(
            LESSONS, base, tmp_path / str(seed), dataclasses.replace(TINY, seed=seed), ignore
        )

    assert not same(tmp_path / "0" / "adapter.gguf", tmp_path / "1" / "adapter.gguf")


def test_a_killed_child_goes_on_to_the_same_adapter(base: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(TINY, epochs=40, patience=99)

    def kill(progress: TrainingProgress) -> None:
        if progress.step == 12:
            os.kill(int(Path("/proc/thread-self/children").read_text().split()[-1]), signal.SIGKILL)

    with pytest.raises(ModelError, match="ended with -9") as refusal:
        train_in_subprocess("lora", LESSONS + DEV, base, tmp_path / "killed", options, kill)

    assert refusal.value.retry
    resumed = get_trainer("lora").train(LESSONS + DEV, base, tmp_path / "killed", options, ignore)
    assert 10 <= resumed.resumed_at < resumed.steps
    whole = get_trainer("lora").train(LESSONS + DEV, base, tmp_path / "whole", options, ignore)
    assert resumed.losses == whole.losses
    assert same(tmp_path / "killed" / "adapter.gguf", tmp_path / "whole" / "adapter.gguf")


def test_a_finished_run_is_not_trained_again(base: Path, tmp_path: Path) -> None:
    first = get_trainer("lora").train(LESSONS, base, tmp_path, TINY, ignore)
    again = get_trainer("lora").train(LESSONS, base, tmp_path, TINY, ignore)
    assert again.losses == first.losses
    assert again.resumed_at == first.steps


def test_a_folder_of_other_lessons_is_refused(base: Path, tmp_path: Path) -> None:
    get_trainer("lora").train(LESSONS, base, tmp_path, TINY, ignore)
    with pytest.raises(InputError, match="empty folder"):
        get_trainer("lora").train(LESSONS[:-1], base, tmp_path, TINY, ignore)


def test_training_stops_early_when_the_dev_rows_get_no_better(base: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(TINY, epochs=50, patience=1, learning_rate=0.0)
    trained = get_trainer("lora").train(LESSONS + DEV, base, tmp_path, options, ignore)
    assert trained.steps == 6


def test_dev_rows_are_never_learnt(base: Path, tmp_path: Path) -> None:
    wrong = [dataclasses.replace(lesson, answer="three", split="dev") for lesson in LESSONS[:2]]
    for name, dev in (("with", wrong), ("without", [])):
        get_trainer("lora").train(
            LESSONS + dev, base, tmp_path / name, dataclasses.replace(TINY, epochs=1), ignore
        )

    assert same(tmp_path / "with" / "adapter.gguf", tmp_path / "without" / "adapter.gguf")


def test_general_lessons_say_how_far_the_base_moved_and_are_never_learnt(
    base: Path, tmp_path: Path
) -> None:
    general = [
        dataclasses.replace(lesson, answer="three", split="general", complete=False)
        for lesson in LESSONS[:2]
    ]
    with_them = get_trainer("lora").train(LESSONS + general, base, tmp_path / "with", QUICK, ignore)
    without = get_trainer("lora").train(LESSONS, base, tmp_path / "without", QUICK, ignore)
    assert with_them.general_loss is not None
    before, after = with_them.general_loss
    assert after != before > 0
    assert without.general_loss is None
    assert same(tmp_path / "with" / "adapter.gguf", tmp_path / "without" / "adapter.gguf")


@pytest.mark.parametrize(
    ("lessons", "change", "said"),
    [
        ([], {}, "no train lesson"),
        (DEV, {}, "no train lesson"),
        ([ChatExample([{"role": "user", "content": "red " * 3000}], "one")], {}, "at most 2048"),
        (LESSONS, {"device": "cuda"}, "finds no GPU"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(
    base: Path, tmp_path: Path, lessons: list[ChatExample], change: dict[str, Any], said: str
) -> None:
    import torch

    if change and torch.cuda.is_available():
        pytest.skip("a GPU is here")

    with pytest.raises(InputError, match=said):
        get_trainer("lora").train(
            lessons, base, tmp_path, dataclasses.replace(TINY, **change), ignore
        )


def test_a_base_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a GGUF file or a folder"):
        get_trainer("lora").train(LESSONS, tmp_path / "nothing", tmp_path / "out", TINY, ignore)


def test_an_unknown_trainer_is_refused_with_the_names_there_are() -> None:
    assert "lora" in trainer_names()
    with pytest.raises(InputError, match="lora"):
        get_trainer("magic")


def test_the_packaged_weights_can_be_tuned(model_weights: Path, tmp_path: Path) -> None:
    lesson = ChatExample([{"role": "user", "content": "hi"}], '{"mood":"good"}')
    steps: list[TrainingProgress] = []
    options = TrainingOptions(
        rank=1, alpha=2, batch_size=1, max_steps=3, threads=1, learning_rate=1e-3
    )
    trained = get_trainer("lora").train(
        [lesson] * 3, model_weights, tmp_path, options, steps.append
    )
    assert [progress.step for progress in steps] == [1, 2, 3]
    assert trained.losses[-1] < trained.losses[0]
    assert trained.artifact is not None
    assert len(tensors(trained.artifact)) == 30 * 7 * 2


def test_a_refusal_in_the_child_is_a_refusal_here(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no train lesson"):
        train_in_subprocess("lora", [], base, tmp_path, TINY)


def test_the_adapter_file_does_not_name_folders_of_this_machine(base: Path, tmp_path: Path) -> None:
    get_trainer("lora").train(
        LESSONS, base, tmp_path, dataclasses.replace(TINY, max_steps=1), ignore
    )
    settings = json.loads((tmp_path / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == base.name


def test_the_server_sees_the_tokens_that_were_learnt(
    local_model: LocalModelServer, model_weights: Path
) -> None:
    from transformers import AutoTokenizer

    from workers.training.trainers._batches import encode

    messages = [
        {"role": "system", "content": "Extract."},
        {"role": "user", "content": "I'm off — Zoë covers <@U01>"},
    ]
    tokenizer = AutoTokenizer.from_pretrained(
        model_weights.parent, gguf_file=model_weights.name, local_files_only=True
    )
    encoded = encode(tokenizer, ChatExample(messages, "{}"))

    place = urlsplit(local_model.url)
    with closing(
        http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    ) as connection:
        connection.request(
            "POST",
            "/v1/chat/completions",
            json.dumps({"messages": messages, "max_tokens": 1}),
            {"Authorization": f"Bearer {local_model.address().key}"},
        )
        usage = json.loads(connection.getresponse().read())["usage"]

    assert usage["prompt_tokens"] == len(encoded.tokens) - encoded.answer
