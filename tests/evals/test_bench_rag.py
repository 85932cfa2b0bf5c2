"""What `beagle bench rag` counts is what happened."""

from __future__ import annotations

import numpy as np
import pytest

from evals.bench.parts.rag import VOCABULARY, _ask_questions, _edit_documents, _fill_index, _texts


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_index_holds_so_many_pieces_and_every_edit_is_in_the_next_answer(index, encoder, rng):
    encoder.dim = len(encoder.keywords)
    assert _fill_index(index, encoder, rng, 45)["chunks"] == 45
    assert sum(held.chunks for held in index.sources("T-bench")) == 45
    assert index.count_chunks_without_vector() == 0
    assert _ask_questions(index, encoder, rng, 3)["p50_ms"] > 0
    assert _edit_documents(index, rng, 4)["stale_answers"] == 0


def test_words_are_as_common_as_in_a_language(rng):
    ranks = [int(word[1:]) for text in _texts(rng, 200, 100) for word in text.split()]
    assert 0.05 < sum(rank == 0 for rank in ranks) / len(ranks) < 0.15
    assert max(ranks) < VOCABULARY
    assert min(int(word[1:]) for text in _texts(rng, 50, 20, 100) for word in text.split()) >= 100
