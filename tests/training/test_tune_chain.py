"""Which trainers run for an approved base, and what of their results becomes a version."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from router.errors import InputError
from workers.datasets.review import from_records
from workers.training.trainers import TrainedModel
from workers.training.tune import TrainedVersions, tune


class ChainTrainer:
    """A trainer that takes no time; reinforcement ends as it is told."""

    def __init__(self, details: dict[str, Any] | None = None, refusal: str = "") -> None:
        self.names: list[str] = []
        self.options: dict[str, Any] = {}
        self._details = details or {}
        self._refusal = refusal

    def __call__(self, name, examples, base, folder, options, on_progress):
        self.names.append(name)
        self.options[name] = options
        if name == "head":
            raise InputError("slots are no work for a head")
        if name == "rft" and self._refusal:
            raise InputError(self._refusal)

        folder.mkdir(parents=True, exist_ok=True)
        (folder / "adapter.gguf").write_text(name, "utf-8")
        model = TrainedModel(
            folder, folder / "adapter.gguf", 3, 1.0, 1.0, [0.1], 0.5, 0.1, 10, "cpu"
        )
        return dataclasses.replace(model, details=self._details if name == "rft" else {})


@pytest.fixture
def run(rollout):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    stored = rollout.store.datasets.newest_for_candidate("T1", "T1:c1")

    def tuned(trainer: ChainTrainer, base: str, **settings: Any) -> TrainedVersions:
        changed = rollout.context.settings.model_copy(update=settings)
        context = dataclasses.replace(rollout.context, settings=changed)
        rows = from_records(stored.rows)
        return tune(context, rollout.live, stored, rows, lambda _: None, trainer, base)

    return tuned


def adapter_text(rollout, trained: TrainedVersions, tmp_path) -> str:
    name = trained.versions["tuned"].adapter
    path = rollout.store.artefacts.materialise("T1", name, tmp_path / "there")
    return path.read_text("utf-8")


def test_an_adapter_alone_is_trained_where_that_was_approved(run):
    trainer = ChainTrainer()
    run(trainer, "local")
    assert trainer.names == ["head", "lora"]


def test_reinforcement_runs_after_the_adapter_that_it_starts_from(run, rollout, tmp_path):
    trainer = ChainTrainer({"rejected": None, "kl": 0.1})
    trained = run(trainer, "local-rft")
    assert trainer.names == ["head", "lora", "rft"]
    assert trainer.options["rft"].reinforcement.start.endswith("lora")
    assert trained.bill["rft"]["kl"] == 0.1
    assert adapter_text(rollout, trained, tmp_path) == "rft"


def test_a_gamed_reward_leaves_the_supervised_adapter_in_place(run, rollout, tmp_path):
    trained = run(ChainTrainer({"rejected": "the reward is gamed: x"}), "local-rft")
    assert trained.bill["rft"]["rejected"] == "the reward is gamed: x"
    assert adapter_text(rollout, trained, tmp_path) == "lora"


def test_a_refused_reinforcement_is_told_and_loses_nothing(run, rollout, tmp_path):
    trained = run(ChainTrainer(refusal="0% keep the format"), "local-rft")
    assert trained.bill["rft_refused"] == "0% keep the format"
    assert adapter_text(rollout, trained, tmp_path) == "lora"


@pytest.mark.parametrize("processes", [1, 3])
def test_all_weights_are_trained_in_as_many_processes_as_the_settings_say(run, processes):
    trainer = ChainTrainer()
    run(trainer, "local-full", tune_processes=processes)
    assert trainer.names == ["head", "full"]
    assert trainer.options["full"].processes == processes


@pytest.mark.parametrize("steps", [7, 80])
def test_the_reward_of_the_route_and_the_steps_of_the_settings_reach_the_trainer(run, steps):
    trainer = ChainTrainer({"rejected": None})
    run(trainer, "local-rft", tune_rft_steps=steps)
    reinforcement = trainer.options["rft"].reinforcement
    assert reinforcement.steps == steps
    # The route declares none: its closed field is the reward, its free text is not.
    assert [check["fields"] for check in reinforcement.reward["checks"]] == [(), ("box",)] or [
        list(check["fields"]) for check in reinforcement.reward["checks"]
    ] == [[], ["box"]]
