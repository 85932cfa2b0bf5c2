"""Accepted answers count as examples, and test rows are never shown to the model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from router.encoder.lazy import LazyEncoder
from router.lifecycle_evidence import ApprovalEvidence, OptimisedEvidence
from router.store.weekly.datasets import StoredDataset
from router.types import Candidate
from tests.fixtures.rule_model import BOXES, RuleModel, make_context, make_route
from workers.datasets.build import DatasetExample
from workers.datasets.labelled import labelled_rows
from workers.datasets.review import to_records
from workers.optimise.few_shot_selection import shot_sets
from workers.optimise.search import optimise_prompt
from workers.rollout.approval import affordable_usd


@pytest.fixture
def place(tmp_path):
    context = make_context(tmp_path, RuleModel())
    yield context, make_route(context, tmp_path)
    context.store.close()


def reviewed(context, team, *rows):
    """A dataset of that workspace's candidate for the route."""
    context.store.candidates.upsert(
        Candidate(f"{team}:c1", team, "boxes", "d", "digested", route="boxes"), 1.0
    )
    context.store.datasets.insert(
        StoredDataset(team, f"d{team}", f"{team}:c1", "boxes", to_records(rows), {}, 1.0)
    )


def row(text, user="U1", split="train", review="accepted"):
    return DatasetExample(text, {"box": "top"}, user, 1.0, "outcome", split, review, "UADA")


def test_what_people_let_through_joins_the_files_rows_and_is_counted(place):
    context, route = place
    reviewed(
        context,
        "T1",
        row("hang the pink lantern up", split="dev"),
        row("hang the mauve lantern up"),
        row("hang the teal lantern up", review="waiting"),
        row("hang the ochre lantern up", review="dropped"),
        row("hang the beige lantern up", user="UOUT"),
        row("put the red crate away", split="dev"),
    )

    context.store.opt_outs.add("T1", "UOUT", 1.0)

    rows = labelled_rows(context, route, "T1")

    assert rows.from_log == 2
    assert "hang the pink lantern up" in {one.text for one in rows.dev}
    assert [one.text for one in rows.train if "lantern" in one.text] == [
        "hang the mauve lantern up"
    ]
    assert {one.text for one in rows.train if one.text == "put the red crate away"}
    assert not [one for one in rows.few_shot if "lantern" in one.text]
    assert len(rows.few_shot) == 12
    assert "2 were reviewed" in rows.summary


def test_nobodys_words_get_into_a_version_which_could_not_forget_them(place):
    context, route = place
    lanterns = (
        row(f"hang the {colour} lantern number {n} up")
        for n, colour in enumerate(["red", "green"] * 20)
    )
    reviewed(context, "T1", *lanterns)
    found = optimise_prompt(context, route, route.version, "T1")
    assert found.version.shots
    assert "lantern" not in found.version.model_dump_json()


def test_the_answers_of_another_workspace_are_none_of_ours(place):
    context, route = place
    reviewed(context, "T2", row("hang the pink lantern up"))
    assert labelled_rows(context, route, "T1").from_log == 0
    assert labelled_rows(context, route).from_log == 0


def test_a_message_that_measures_anywhere_is_never_shown(place):
    context, route = place
    reviewed(
        context,
        "T1",
        row("hang the pink lantern up"),
        row("Hang the pink lantern up!", split="test"),
    )

    rows = labelled_rows(context, route, "T1")
    assert [one.text for one in rows.test if "lantern" in one.text] == ["Hang the pink lantern up!"]
    assert not [one for one in rows.train if "lantern" in one.text]


def test_unlike_examples_cover_what_the_first_ones_repeat(place):
    class Colours:
        model_id = "colours"

        def encode(self, texts):
            seen = np.array(
                [[1e-3 + (colour in text) for colour in BOXES] for text in texts], dtype=np.float32
            )
            return seen / np.linalg.norm(seen, axis=1, keepdims=True)

    context, route = place
    context = dataclasses.replace(context, encoder=LazyEncoder(Colours))
    train = sorted(labelled_rows(context, route).train, key=lambda one: one.text)

    found = dict(shot_sets(context, route.version, train, 0))

    def colours(name):
        return {colour for shot in found[name].shots for colour in BOXES if colour in shot.text}

    assert len(colours("the first 4")) == 2
    assert len(colours("4 unlike ones")) == 4
    assert colours("8 unlike ones") == set(BOXES)
    assert found["the 4 nearest"].steps[-1].pick == "nearest"
    assert len(found["the 4 nearest"].shots) == len(train)


def test_no_step_spends_more_than_the_approval_leaves(place):
    context, _ = place
    store = context.store
    store.candidates.upsert(Candidate("T1:c1", "T1", "boxes", "d", "digested", route="boxes"), 1.0)
    assert affordable_usd(store, "T1:c1", 2.0) == 2.0
    consent = ApprovalEvidence(consent=True, budget_usd=1.5, base="local")
    store.candidates.advance("T1:c1", consent, actor="UADA", at=2.0, version=0)
    assert affordable_usd(store, "T1:c1", 2.0) == 1.5
    store.candidates.advance(
        "T1:c1", OptimisedEvidence(spend={"usd": 1.0}), actor="beagle", at=3.0, version=1
    )
    assert affordable_usd(store, "T1:c1", 2.0) == 0.5
    assert affordable_usd(store, "T1:c1", 2.0, 0.8) == 0.0
