"""Reranking: the cross-encoder sees only readable passages, and failures fall back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from structlog.testing import capture_logs

from router.catalog.version import PromptStep, RetrieveStep, Version
from router.config import Settings
from router.encoder.reranker import Reranker
from workers import worker as jobs
from workers.context import Context, Work
from workers.fakes import MemoryDirectory, MemoryQueue
from workers.knowledge import retrieval as retrieve


class ByLength:
    """Scores a passage by its length and keeps its inputs."""

    def scores(self, question, passages):
        self.asked = (question, passages)
        return [float(len(passage)) for passage in passages]


@pytest.fixture
def find(store, index, clock, make_request, make_decision):
    steps = (RetrieveStep(do="retrieve"), PromptStep())
    version = Version(route="handbook", kind="rag", steps=steps, prompt="Answer.")

    def ask(text, reranker=None, top=3):
        people = MemoryDirectory()
        context = Context(
            Settings(_env_file=None),
            store,
            None,
            None,
            None,
            None,
            clock,
            lambda: 0.5,
            index=index,
            directory=people,
            reranker=reranker,
        )

        hits = retrieve.retrieve(
            context, Work(make_request(text), make_decision("handbook"), version), top
        )
        return [hit.body for hit in hits]

    return ask


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A CrossEncoder of one small layer with random weights."""
    folder = tmp_path_factory.mktemp("tiny")
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "tide",
        "rain",
        "dog",
        "cat",
        "boat",
        "harbour",
    ]

    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    size = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
    }

    config = BertConfig(
        vocab_size=len(words),
        num_labels=1,
        max_position_embeddings=64,
        initializer_range=1.0,
        **size,
    )

    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


PAGE = "The tide.\n\nThe tide and a dog.\n\nThe tide, a cat and a boat in the harbour.\n\nRain."


def test_the_order_is_the_rerankers(index, page, find):
    index.upsert(page(PAGE))
    reranker = ByLength()
    longest_first = [
        "The tide, a cat and a boat in the harbour.",
        "The tide and a dog.",
        "The tide.",
    ]

    assert find("tide?") != longest_first
    assert find("tide?", reranker) == longest_first
    assert find("tide?", reranker, top=1) == longest_first[:1]


def test_the_reranker_is_handed_nothing_that_may_not_be_read(index, page, find):
    index.upsert(
        page(PAGE), page("The tide is a secret.", key="handbook:other.md", acl="C-private")
    )
    reranker = ByLength()
    find("tide", reranker)
    question, passages = reranker.asked
    assert question == "tide"
    assert len(passages) == 3
    assert not any("secret" in passage for passage in passages)


@pytest.mark.model
def test_a_real_cross_encoder_decides_the_order(index, page, find, tiny):
    index.upsert(page(PAGE))
    before = find("tide")
    reranker = Reranker(str(tiny))
    reranker.load()
    scores = reranker.scores("tide", [f"Page\n{body}" for body in before])
    assert len(set(scores)) == 3
    expected = [before[place] for place in np.argsort(-np.array(scores))]
    assert [find("tide", reranker) for _ in range(2)] == [expected, expected]


def test_until_it_is_loaded_the_order_is_the_indexs(index, page, find):
    index.upsert(page(PAGE))
    assert find("tide", Reranker("some-cross-encoder")) == find("tide")


@pytest.mark.model
@pytest.mark.parametrize("config", [None, "{}", "not json"])
def test_without_a_model_that_loads_search_goes_on(index, page, find, tmp_path, config):
    index.upsert(page(PAGE))
    folder = tmp_path / "broken"

    if config is not None:
        folder.mkdir()
        (folder / "config.json").write_text(config)

    reranker = Reranker(str(folder))
    with capture_logs() as logs:
        reranker.load()

    assert [line["event"] for line in logs] == ["no_reranker"]
    assert "BEAGLE_RERANKER" in logs[0]["do"]
    assert find("tide", reranker) == find("tide")


def test_a_model_that_cannot_be_opened_is_logged_with_what_to_do(index, page, find, monkeypatch):
    def fail(name):
        raise OSError(f"{name} is no folder")

    monkeypatch.setattr("router.encoder.reranker._open_cross_encoder", fail)
    index.upsert(page(PAGE))
    reranker = Reranker("some-cross-encoder")
    with capture_logs() as logs:
        reranker.load()

    assert [line["event"] for line in logs] == ["no_reranker"]
    assert "BEAGLE_RERANKER" in logs[0]["do"]
    assert find("tide", reranker) == find("tide")


def test_a_model_that_breaks_while_it_runs_is_given_up_once(index, page, find):
    index.upsert(page(PAGE))
    reranker = Reranker("some-cross-encoder")
    reranker._model = SimpleNamespace(predict=lambda *_, **__: np.array([np.nan]))

    with capture_logs() as logs:
        assert find("tide", reranker) == find("tide", reranker) == find("tide")

    assert [line["event"] for line in logs] == ["no_reranker"]


@pytest.mark.parametrize(
    ("queue", "name", "has"),
    [("answer", "r", True), ("answer", "", False), ("compute", "r", False)],
)
def test_only_workers_that_answer_load_one(monkeypatch, store, queue, name, has):

    seen, named = [], []
    context = Context(Settings(_env_file=None, reranker=name), store, MemoryQueue({}), *[None] * 5)
    monkeypatch.setattr(jobs, "_load_in_background", lambda name: named.append(name) or ByLength())
    monkeypatch.setattr(
        jobs, "run_job", lambda context, *_: seen.append(context.reranker is not None)
    )
    monkeypatch.setattr(
        jobs.rq_queue, "run_worker", lambda url, queue, take, stopped: take("answer", "k")
    )
    jobs.serve(context, "", queue, None)
    assert (seen, named) == ([has], [name] if has else [])
