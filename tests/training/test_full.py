"""Training all weights: learning, resuming, several processes, and the model that it writes."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.errors import InputError, ModelError
from tests.fixtures.tiny_model import tiny_base
from workers.llm.local.gguf_header import is_adapter
from workers.llm.local.server import LocalModelServer
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import (
    LOCAL_WHOLE,
    ChatExample,
    TrainingOptions,
    TrainingProgress,
    get_trainer,
    trainers_for,
)
from workers.training.trainers._base import load_base
from workers.training.trainers._shards import own_share

pytestmark = [
    pytest.mark.model,
    pytest.mark.training,
    pytest.mark.usefixtures("training_packages"),
    pytest.mark.filterwarnings("ignore:.*SwigPy.*:DeprecationWarning"),
]

TINY = TrainingOptions(learning_rate=3e-3, epochs=20, batch_size=2, threads=1, patience=99)
WORDS = ["red", "green", "blue", "one", "two", "three"]
ANSWERS = dict(zip(WORDS[:3], WORDS[3:], strict=True))
LESSONS = [
    ChatExample([{"role": "user", "content": word}], ANSWERS[word]) for word in WORDS[:3] * 2
]
DEV = [dataclasses.replace(lesson, split="dev") for lesson in LESSONS[:3]]
GENERAL = [dataclasses.replace(lesson, answer="three", split="general") for lesson in LESSONS[:2]]


def ignore(progress: TrainingProgress) -> None: ...


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, training_packages: None) -> Path:
    """A base that knows six words."""
    return tiny_base(tmp_path_factory.mktemp("base"), WORDS)


def train(base: Path, folder: Path, examples: list[ChatExample], **changes: Any) -> Any:
    options = dataclasses.replace(TINY, **changes)
    return get_trainer("full").train(examples, base, folder, options, ignore)


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def largest_difference(one: Path, two: Path) -> float:
    left, right = weights(one), weights(two)
    assert left.keys() == right.keys()
    return max(float((left[name] - right[name]).abs().max()) for name in left)


def answer(folder: Path, text: str) -> str:
    """Returns the likeliest word that the model in the folder answers."""
    import torch

    model, tokenizer = load_base(folder, "cpu")
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True
    )
    with torch.inference_mode():
        logits = model(**tokenizer(prompt, return_tensors="pt", add_special_tokens=False)).logits

    return str(tokenizer.decode(logits[0, -1].argmax()))


def test_what_it_learned_is_in_the_model_that_it_writes(base: Path, tmp_path: Path) -> None:
    trained = train(base, tmp_path, LESSONS + DEV)
    assert trained.dev_exact == 1.0
    assert trained.artifact is None  # a folder, which no server of ours loads
    assert {text: answer(tmp_path, text) for text in ANSWERS} == ANSWERS
    assert str(tmp_path) not in (tmp_path / "config.json").read_text("utf-8")
    assert str(base) not in (tmp_path / "config.json").read_text("utf-8")


def test_every_weight_is_trained_and_counted(base: Path, tmp_path: Path) -> None:
    trained = train(base, tmp_path, LESSONS + DEV, max_steps=2)
    before, after = weights(base), weights(tmp_path)
    assert trained.parameters == sum(values.numel() for values in after.values())
    assert not [name for name in after if bool((before[name] == after[name]).all())]


def test_the_report_says_how_far_the_base_has_moved(base: Path, tmp_path: Path) -> None:
    trained = train(base, tmp_path, LESSONS + DEV + GENERAL)
    before, after = trained.general_loss
    assert after != before > 0
    assert trained.details["kl_base"] > 0
    # What is only measured is never learned.
    train(base, tmp_path / "without", LESSONS + DEV)
    assert largest_difference(tmp_path, tmp_path / "without") == 0


def test_an_untrained_model_is_where_its_base_is(base: Path, tmp_path: Path) -> None:
    trained = train(base, tmp_path, LESSONS + DEV + GENERAL, learning_rate=0.0, max_steps=1)
    assert trained.details["kl_base"] == pytest.approx(0, abs=1e-6)
    assert trained.general_loss[0] == trained.general_loss[1]


def test_a_killed_child_goes_on_to_the_same_model(base: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(TINY, epochs=40)

    def kill(progress: TrainingProgress) -> None:
        if progress.step == 52:
            os.kill(int(Path("/proc/thread-self/children").read_text().split()[-1]), signal.SIGKILL)

    with pytest.raises(ModelError, match="ended with -9") as refusal:
        train_in_subprocess("full", LESSONS + DEV, base, tmp_path / "killed", options, kill)

    assert refusal.value.retry
    resumed = train(base, tmp_path / "killed", LESSONS + DEV, epochs=40)
    assert 50 <= resumed.resumed_at < resumed.steps
    whole = train(base, tmp_path / "whole", LESSONS + DEV, epochs=40)
    assert resumed.losses == whole.losses
    assert largest_difference(tmp_path / "killed", tmp_path / "whole") == 0


def test_two_processes_learn_what_one_does_and_go_on_from_its_checkpoint(
    base: Path, tmp_path: Path
) -> None:
    # Seven lessons in batches of two: in the last batch one process has nothing of its own.
    examples = [*LESSONS, LESSONS[0], *DEV, *GENERAL]
    # Sums in another order are rounded otherwise, and Adam makes a step of full length even from a
    # gradient that is nearly 0. So the steps are short here, and differ by two at most.
    rate = 3e-4
    one = train(base, tmp_path / "one", examples, epochs=2, learning_rate=rate)
    two = train_in_subprocess(
        "full",
        examples,
        base,
        tmp_path / "two",
        dataclasses.replace(TINY, epochs=2, learning_rate=rate, processes=2),
        ignore,
    )
    assert two.losses[0] == pytest.approx(one.losses[0], abs=1e-4)
    assert two.losses == pytest.approx(one.losses, rel=0.02)
    assert two.parameters == one.parameters
    assert two.general_loss == pytest.approx(one.general_loss, rel=0.02)
    assert two.details["kl_base"] == pytest.approx(one.details["kl_base"], rel=0.1)
    assert largest_difference(tmp_path / "one", tmp_path / "two") <= 2 * rate * one.steps
    assert largest_difference(tmp_path / "one", base) > rate

    again = train_in_subprocess(
        "full",
        examples,
        base,
        tmp_path / "one",
        dataclasses.replace(TINY, epochs=2, learning_rate=rate, processes=2),
        ignore,
    )
    assert again.resumed_at == one.steps
    assert again.losses == one.losses


def children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def test_where_one_process_dies_all_end_and_the_run_may_go_on(base: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(TINY, processes=2, epochs=400)
    seen: set[int] = set()

    def kill(progress: TrainingProgress) -> None:
        if progress.step == 3:
            [trainer] = [pid for pid in children(os.getpid()) if b"subprocess" in command(pid)]
            ranks = [pid for pid in children(trainer) if b"spawn_main" in command(pid)]
            seen.update(ranks)
            os.kill(ranks[-1], signal.SIGKILL)

    with pytest.raises(ModelError, match="start it again") as refusal:
        train_in_subprocess("full", LESSONS + DEV, base, tmp_path, options, kill)

    assert len(seen) == 2
    assert refusal.value.retry
    assert not [pid for pid in seen if is_running(pid)]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_running(pid: int) -> bool:
    return b"spawn_main" in command(pid)


def test_more_processes_than_graphics_cards_are_refused(base: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        with pytest.raises(InputError, match="BEAGLE_TUNE_PROCESSES"):
            train(base, tmp_path, LESSONS, processes=64)
    else:
        with pytest.raises(InputError, match="finds no GPU"):
            train(base, tmp_path, LESSONS, processes=2, device="cuda")


def test_alone_a_process_has_the_whole_batch() -> None:
    assert own_share(["a", "b"]) == (["a", "b"], 1.0)  # type: ignore[list-item]  # any sequence


def test_it_runs_after_a_head_and_instead_of_an_adapter() -> None:
    assert list(trainers_for(LOCAL_WHOLE)) == ["head", "full"]


def test_llama_cpp_answers_what_the_packaged_weights_learned(
    model_weights: Path, tmp_path: Path
) -> None:
    """Fails where a tensor is written in another order or under another name than it is read."""
    lesson = ChatExample([{"role": "user", "content": "status of the kiln"}], '{"kiln":"cold"}')
    trained = train(
        model_weights,
        tmp_path,
        [lesson] * 4,
        batch_size=1,
        epochs=2,
        learning_rate=2e-4,
    )
    assert trained.artifact is not None
    assert not is_adapter(trained.artifact)
    assert trained.artifact.stat().st_size < 160e6

    server = LocalModelServer.start(tmp_path / "server", model=trained.artifact)
    try:
        assert first_answer(server, "status of the kiln") == '{"kiln":"cold"}'
    finally:
        server.stop()


def first_answer(server: LocalModelServer, text: str) -> str:
    from evals.tuning.served import _post

    body = {"messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 20}
    return str(_post(server.address(), body)["choices"][0]["message"]["content"])
