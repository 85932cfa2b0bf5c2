"""The quote scorer is exported once, is what was trained, and its absence is told once."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from evals.retrieval.scorer_training import PairModel
from router.config import Settings
from router.encoder.bert_graph import write_cross_encoder
from router.encoder.factory import minilm_folder, minilm_weights
from router.encoder.onnx import open_session
from workers.knowledge.relevance.quote_scorer import (
    ADAPTERS,
    MAX_TOKENS,
    QuoteScorer,
    open_pair_tokenizer,
    run_pair,
    scorer_files,
)
from workers.knowledge.relevance.quote_scorer_export import merged, prepare_quote_scorer

QUESTION = "How many days of holiday do I have?"
PAIRS = (
    "Leave. Everybody has 28 days of annual leave.",
    "Meals. Soup is served at noon.",
    "naïve café 日本語",
    "",
    "word " * 1000,
)


@pytest.mark.model
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*SwigPy.*:DeprecationWarning")
def test_what_is_exported_computes_what_was_trained(tmp_path: Path):
    torch = pytest.importorskip("torch")
    tokenizers = pytest.importorskip("transformers")
    pytest.importorskip("peft")

    torch.manual_seed(0)
    model = PairModel()
    model.base.eval()
    with torch.no_grad():
        for weight in model.trained:
            if weight.dim() == 2:
                weight += torch.randn_like(weight) * 0.02

    arrays = model.saved()
    write_cross_encoder(merged(minilm_weights(), arrays), tmp_path / "full.onnx")
    session, tokenizer = open_session(tmp_path / "full.onnx"), open_pair_tokenizer(minilm_folder())
    actual = [run_pair(session, tokenizer, QUESTION, quote) for quote in PAIRS]

    tokens = tokenizers.AutoTokenizer.from_pretrained(str(minilm_folder()))(
        [QUESTION] * len(PAIRS), list(PAIRS), padding=True, truncation="longest_first",
        max_length=MAX_TOKENS, return_tensors="pt",
    )  # fmt: skip
    with torch.no_grad():
        expected = model.scores(tokens).numpy()

    # Training computes in half precision.
    assert np.abs(expected - actual).max() < 0.05 * np.abs(expected).max()


@pytest.mark.model
def test_the_shipped_scorer_puts_what_answers_above_what_does_not():
    scorer = QuoteScorer(Settings(_env_file=None).encoder_cache)

    scores = scorer.scores(QUESTION, PAIRS)

    assert scores.shape == (len(PAIRS),)
    assert int(scores.argmax()) == 0
    assert np.array_equal(scores[:1], scorer.scores(QUESTION, PAIRS[:1]))


@pytest.mark.model
def test_an_export_is_made_once_and_has_passed_its_parity_check(tmp_path: Path):
    prepare_quote_scorer(tmp_path, ADAPTERS)
    files = scorer_files(ADAPTERS)
    first = files.model(tmp_path).stat().st_mtime_ns
    prepare_quote_scorer(tmp_path, ADAPTERS)

    assert files.metadata(tmp_path)["admitted"]
    assert files.model(tmp_path).stat().st_mtime_ns == first
    assert files.model(tmp_path).stat().st_size < 25_000_000


def test_a_model_that_its_parity_check_refused_is_told_once_and_gives_no_scores(tmp_path: Path):
    files = scorer_files(ADAPTERS)
    files.model(tmp_path).write_bytes(b"anything")
    files.check(tmp_path).write_text(json.dumps({"admitted": False}), "utf-8")

    with capture_logs() as logs:
        scorer = QuoteScorer(tmp_path)
        threads = [threading.Thread(target=scorer.scores, args=("a", ["b"])) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert scorer.scores(QUESTION, PAIRS) is None

    assert [line["event"] for line in logs] == ["no_quote_scorer"]
    assert "parity check" in logs[0]["why"]


def test_a_damaged_file_is_told_and_gives_no_scores(tmp_path: Path):
    files = scorer_files(ADAPTERS)
    files.model(tmp_path).write_bytes(b"damaged")
    files.check(tmp_path).write_text(json.dumps({"admitted": True, "sha256": "0" * 64}), "utf-8")

    with capture_logs() as logs:
        assert QuoteScorer(tmp_path).scores(QUESTION, PAIRS) is None

    assert "SHA-256" in logs[0]["why"]


def test_other_adapters_have_files_of_their_own(tmp_path: Path):
    other = tmp_path / "other.npz"
    other.write_bytes(ADAPTERS.read_bytes() + b"0")

    assert scorer_files(other).model_id != scorer_files(ADAPTERS).model_id
