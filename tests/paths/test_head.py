"""A linear head learns answers from a closed set and serves them on any worker."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from router.catalog.version import Version
from router.encoder.lazy import LazyEncoder
from router.errors import InputError, PathError, StoreError
from router.types import Decision
from workers.context import Context, Work
from workers.fakes import MemoryQueue, MemoryReplies
from workers.llm.fakes import ScriptedModel
from workers.paths import get_path
from workers.paths._linear_head_model import LinearHead, fit_head
from workers.runtime.leases import Leases
from workers.training.trainers import (
    ChatExample,
    TrainingOptions,
    get_trainer,
    trainable_bases,
    trainers_for,
)

LEFT, RIGHT = '{"box":"left"}', '{"box":"right"}'
TEXTS = [f"{word} {n}" for n in range(8) for word in ("apples", "pears")]
ANSWERS = [LEFT if "apples" in text else RIGHT for text in TEXTS]


class Letters:
    """An encoder that counts letters."""

    dim = 26

    def __init__(self, model_id: str = "letters") -> None:
        self.model_id = model_id

    def encode(self, texts):
        rows = np.array(
            [[text.lower().count(chr(97 + n)) + 1e-3 for n in range(26)] for text in texts],
            np.float32,
        )
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    views = encode


@pytest.fixture
def served(store, settings, clock, make_request):
    def serve(text, version, encoder=None):
        context = Context(
            settings=settings,
            store=store,
            queue=MemoryQueue({}),
            model=ScriptedModel(),
            replies=MemoryReplies(),
            leases=Leases(store.requests, "me", clock, 20.0),
            now=clock,
            random=lambda: 0.0,
            encoder=LazyEncoder(encoder or Letters),
        )

        decision = Decision("route", version.route, 1.0, 1.0, 1.0, (), "r", version.id)
        return get_path("head").run(context, Work(make_request(text), decision, version))

    return serve


@pytest.fixture
def head_file(tmp_path) -> Path:
    fit_head(Letters(), TEXTS, ANSWERS).save(tmp_path / "head.npz")
    return tmp_path / "head.npz"


@pytest.fixture
def version(store, head_file, clock):
    return Version(
        route="boxes",
        kind="head",
        adapter=store.artefacts.insert("T1", "boxes", head_file, clock()),
    )


def test_a_head_answers_what_it_learnt_without_a_token(served, version):
    outcome = served("more apples please", version)
    assert outcome.data == {"box": "left"}
    assert (outcome.tokens.total, outcome.usd, outcome.kind, outcome.version) == (
        0,
        0.0,
        "head",
        version.id,
    )

    assert served("pears", version).data == {"box": "right"}


def test_a_saved_head_says_the_same(head_file):
    fitted = fit_head(Letters(), TEXTS, ANSWERS)
    assert LinearHead.load(head_file).predict(Letters(), TEXTS) == fitted.predict(Letters(), TEXTS)


def test_a_head_of_another_encoder_is_refused_in_words(served, version):
    with pytest.raises(PathError, match="another encoder"):
        served("apples", version, lambda: Letters("other"))


def test_a_head_that_is_gone_is_refused_in_words(served):
    with pytest.raises(PathError, match="train it again"):
        served("apples", Version(route="boxes", kind="head", adapter="boxes-000000000000"))


def test_an_artefact_reaches_a_fresh_machine_and_a_changed_one_is_refused(
    store, head_file, clock, tmp_path
):
    name = store.artefacts.insert("T1", "boxes", head_file, clock())
    assert store.artefacts.insert("T1", "boxes", head_file, clock()) == name
    path = store.artefacts.materialise("T1", name, tmp_path / "there")
    assert path is not None
    assert path.read_bytes() == head_file.read_bytes()
    head_file.write_bytes(b"other")
    other = store.artefacts.insert("T1", "boxes", head_file, clock())

    with store.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE artefact SET body = x'00' WHERE name = '{other}'"
        )  # our name

    with pytest.raises(StoreError, match="another hash"):
        store.artefacts.materialise("T1", other, tmp_path / "there")


def test_a_file_that_no_database_holds_is_refused_before_it_is_read(store, clock, tmp_path):
    large = tmp_path / "model.gguf"
    with large.open("wb") as file:
        file.truncate(2_000_000_000)  # a hole, which takes no room on the disk

    with pytest.raises(InputError, match=r"has 2,000 MB .* serve it with a server of your own"):
        store.artefacts.insert("T1", "boxes", large, clock())


@pytest.mark.parametrize("base", trainable_bases())
def test_trainers_of_one_base_make_one_kind_of_version_each_unless_one_continues_another(base):
    trainers = trainers_for(base)
    for trainer in trainers.values():
        if trainer.STARTS_FROM is not None:
            assert trainers[trainer.STARTS_FROM].VERSION_KIND == trainer.VERSION_KIND

    kinds = [trainer.VERSION_KIND for trainer in trainers.values() if trainer.STARTS_FROM is None]
    assert len(set(kinds)) == len(kinds)


def test_slots_and_free_text_are_no_work_for_a_head(tmp_path):
    lessons = [
        ChatExample([{"role": "user", "content": text}], json.dumps({"said": text}))
        for text in TEXTS
    ]
    with pytest.raises(InputError, match="tune a model instead"):
        get_trainer("head").train(lessons, tmp_path, tmp_path, TrainingOptions(), lambda _: None)
