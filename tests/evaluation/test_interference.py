"""Catastrophic forgetting: replay examples in training, and interference in the report."""

from __future__ import annotations

import dataclasses
import json

import pytest

from router.catalog.catalog import read_route
from router.errors import InputError, ModelError
from router.store.versions.versions import StoredVersion
from workers.datasets.review import from_records
from workers.evaluation import interference
from workers.llm.fakes import ScriptedModel
from workers.training import replay_questions
from workers.training.trainers import ChatExample
from workers.training.tune import tune

OTHER = """---
name: other
description: Another route.
utterances: [something else]
output: {type: object, properties: {box: {enum: [left, right]}}}
---
OTHER
"""


class Base:
    """Gives one answer until `moved`, and another one with an adapter."""

    def __init__(self) -> None:
        self.moved, self.wavers, self.calls = False, 0, []

    def complete(self, call, on_text=None):
        self.calls.append(call)
        said = "moved" if self.moved or call.adapter or self.wavers else "paris"
        self.wavers = max(0, self.wavers - 1)
        text = json.dumps({"box": "left" if said == "paris" else "right"}) if call.schema else said
        reply = ScriptedModel([text]).complete(call, on_text)

        return dataclasses.replace(
            reply, finish_reason="length" if "apple" in call.messages[-1]["content"] else "stop"
        )


@pytest.fixture
def base(rollout, tmp_path):
    place = tmp_path / "routes" / "other"
    place.mkdir()
    (place / "route.md").write_text(OTHER, "utf-8")
    rows = [{"text": f"row {n}", "answer": {"box": "left"}, "split": "test"} for n in range(5)]
    (place / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    version = read_route(place).version
    body = version.model_dump(mode="json")
    rollout.store.versions.insert(
        StoredVersion("", "other", version.id, "prompt", "shadow", body, 1.0)
    )
    rollout.store.versions.go_live("", "other", version.id)
    made = Base()
    rollout.context = dataclasses.replace(rollout.context, model=made)

    return made


def replayed(rollout, share, rows=300):
    return replay_questions.replay_examples(rollout.context.model, share, rows)


def test_the_share_of_general_examples_is_the_settings_and_zero_is_none(rollout, base):
    assert len(replayed(rollout, 0.1)) == 33
    assert replayed(rollout, 0.0) == []
    assert (
        len(replayed(rollout, 0.5, 10_000))
        == len(replay_questions.QUESTIONS) - replay_questions.HELD_OUT
    )


def test_what_is_mixed_in_are_the_bases_own_answers_and_held_out_ones_are_never_learnt(
    rollout, base
):
    taught, held = replayed(rollout, 0.1), replay_questions.held_out_examples(rollout.context.model)
    assert {lesson.answer for lesson in taught} == {"paris"}
    assert {lesson.split for lesson in held} == {"general"}
    asked = [lesson.messages[-1]["content"] for lesson in [*taught, *held]]
    assert len(set(asked)) == len(asked)
    assert not set(asked) & set(interference.PROBES)


def test_the_end_of_an_answer_that_was_cut_off_is_not_taught(rollout, base):
    lessons = replay_questions._self_answered(
        rollout.context.model, ["an apple", "a pear"], held_out=False
    )
    assert [lesson.complete for lesson in lessons] == [False, True]


def test_without_a_base_training_goes_on_without_general_examples(rollout, base):
    def away(call, on_text=None):
        raise ModelError("away", retry=True)

    base.complete = away
    assert replayed(rollout, 0.1) == []


def test_a_training_that_goes_on_after_a_kill_is_taught_the_same(rollout, base, tmp_path):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    stored = rollout.store.datasets.newest_for_candidate("T1", "T1:c1")
    seen: list[list[ChatExample]] = []

    def train(name, lessons, *rest):
        seen.append(list(lessons))
        return rollout.trainer(name, lessons, *rest)

    for moved in (False, True):
        base.moved = moved
        tune(
            rollout.context,
            rollout.live,
            stored,
            from_records(stored.rows),
            lambda _: None,
            train,
        )

    taught = [lessons for lessons in seen if any(lesson.split == "general" for lesson in lessons)]
    assert len(taught) == 2
    assert taught[0] == taught[1]


def test_nothing_is_trained_that_too_few_test_rows_could_not_show(rollout):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    settings = rollout.context.settings.model_copy(update={"evaluation_min_rows": 500})
    context = dataclasses.replace(rollout.context, settings=settings)
    stored = rollout.store.datasets.newest_for_candidate("T1", "T1:c1")

    with pytest.raises(InputError, match="BEAGLE_EVALUATION_MIN_ROWS"):
        tune(context, rollout.live, stored, from_records(stored.rows), lambda _: None)


def test_loading_the_base_in_four_bits_is_a_setting(rollout, base):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    settings = rollout.context.settings.model_copy(update={"tune_load_in_4bit": True})
    stored, seen = rollout.store.datasets.newest_for_candidate("T1", "T1:c1"), []

    def train(name, lessons, place, folder, options, on_progress):
        seen.append((name, options.four_bit))
        return rollout.trainer(name, lessons, place, folder, options, on_progress)

    context = dataclasses.replace(rollout.context, settings=settings)
    tune(context, rollout.live, stored, from_records(stored.rows), lambda _: None, train)
    assert seen == [("head", False), ("lora", True)]


@pytest.fixture
def tuned(rollout):
    return rollout.live.with_changes(kind="tuned", adapter="boxes-1")


def test_an_adapter_that_is_off_changes_nothing_for_others(rollout, base, tuned):
    before = interference.snapshot(rollout.context, tuned)
    assert list(before.routes) == ["other"]
    assert len(before.routes["other"]) == rollout.context.settings.interference_rows
    found = interference.compare(rollout.context, tuned, before)
    assert found["changed"] == 0.0
    assert found["probes"]["changed_on"] == found["probes"]["asked"] == len(interference.PROBES)
    assert (found["probes"]["right_off"], found["probes"]["right_on"]) == (1, 0)


def test_interference_is_reported_by_route(rollout, base, tuned):
    before = interference.snapshot(rollout.context, tuned)
    base.moved = True
    found = interference.compare(rollout.context, tuned, before)
    assert found["changed"] == 1.0
    assert found["routes"]["other"] == {"rows": 2, "changed": 2}


def test_an_answer_that_wavers_beside_other_requests_is_asked_once_more(rollout, base, tuned):
    before = interference.snapshot(rollout.context, tuned)
    base.wavers = 1
    assert interference.compare(rollout.context, tuned, before)["changed"] == 0.0


def test_a_version_without_an_adapter_asks_nobody(rollout, base):
    assert interference.snapshot(rollout.context, rollout.live) is None
    assert interference.compare(rollout.context, rollout.live, None) is None
    assert base.calls == []
