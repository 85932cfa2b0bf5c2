"""Fits the ranking of passages, and the decision whether they answer, on headings."""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from evals.retrieval.rag import fill_index
from evals.retrieval.rag_data import VectorCache, half_of, read_corpus
from evals.retrieval.relevance_lists import (
    VIEWER,
    RankedList,
    mixed_questions,
    ranked_lists,
    without_headings,
)
from router.config import read_settings
from router.encoder.factory import minilm_folder, open_encoder
from router.encoder.protocol import Encoder
from router.index import Document, Hit
from router.store import open_store
from router.text.printable import print_line
from router.text.scripts import words_of
from workers.knowledge.quotes.extractive_answer import ANSWER_PASSAGES
from workers.knowledge.relevance import ranking, word_vectors
from workers.knowledge.relevance.features import match_passages
from workers.knowledge.relevance.ranking import LinearModel, support_features
from workers.knowledge.relevance.word_vectors import WordVectors

DIMENSIONS = 96
L2 = 0.03
FALSE_RATE = 0.05
"""How often "not found" may be said although the section is there, on headings that were held out.
Questions in people's own words match less and are refused more often.
"""
HELD_OUT = 0.25
SUPPORT_PASSAGES = 12
PLAIN_WORD = re.compile(r"[a-z0-9\u00c0-\u024f]{2,24}")


def main(
    corpus: Annotated[Path, typer.Option(help="Documents to learn from; see `eval rag`.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path(
        ranking.__file__
    ).parent,
    lists: Annotated[int, typer.Option(help="Questions of each kind.")] = 500,
    cache: Annotated[
        Path | None, typer.Option(help="A folder that keeps vectors between runs.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample and of the halves.")] = 0,
) -> None:
    """Fit the shipped ranking on the dev half of a corpus; the test half is never read."""
    rng = random.Random(seed)  # noqa: S311  # a reproducible sample
    documents, _ = read_corpus(corpus)
    pages = [page for page in documents if half_of(page.key, seed) == "dev"]
    settings = read_settings()
    encoder = open_encoder("fast", settings.encoder_cache)
    saved = VectorCache(cache, encoder.model_id)

    _write_words(out / "words.npz", pages, encoder, saved)
    vectors = WordVectors.load(out / "words.npz")
    changed, headings = without_headings(pages)
    by_heading = _search(changed, _sample(headings, lists, rng), encoder, saved)
    mixed = _sample(mixed_questions(pages, headings, rng), lists // 3, rng)
    by_words = _search(pages, mixed, encoder, saved)
    saved.save()

    passages = _fit_passages(by_heading, vectors)
    support, min_support, figures = _fit_support(by_heading + by_words, passages, vectors, rng)
    fields = {
        "passages": passages.fields(),
        "support": support.fields(),
        "min_support": round(min_support, 4),
    }
    (out / "ranking.json").write_text(json.dumps(fields, indent=1) + "\n", "utf-8")
    print_line(json.dumps({"headings": len(by_heading), "mixed": len(by_words), **figures}))


def _sample(questions: dict[str, str], count: int, rng: random.Random) -> dict[str, str]:
    chosen = rng.sample(sorted(questions), min(count, len(questions)))
    return {anchor: questions[anchor] for anchor in chosen}


def _search(
    documents: Sequence[Document],
    questions: dict[str, str],
    encoder: Encoder,
    saved: VectorCache,
) -> list[RankedList]:
    """Returns what an index of the documents finds, for questions whose section it finds."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/lists.db")
        try:
            index = store.documents
            fill_index(index, documents, encoder, saved)

            def search(question: str) -> list[Hit]:
                vector = encoder.model_id, encoder.encode([question])[0]
                return index.search(question, vector, VIEWER, ranking.RANKED)

            ranked = ranked_lists(questions, search)
        finally:
            store.close()

    return [item for item in ranked if any(item.right) and not all(item.right)]


def _fit_passages(ranked: Sequence[RankedList], vectors: WordVectors) -> LinearModel:
    features, right = [], []
    for item in ranked:
        matches = match_passages(item.question, item.hits, vectors)
        features.append(np.stack([match.features for match in matches]))
        right.append(np.array(item.right))

    return fit_listwise(features, right)


def fit_listwise(
    features: Sequence[NDArray[np.float32]], right: Sequence[NDArray[np.bool_]]
) -> LinearModel:
    """Returns the linear model with the greatest likelihood of a right passage being first.

    The likelihood of a list is the softmax of its scores (ListNet; Cao et al., 2007), summed over
    the right passages.
    """
    from scipy.optimize import minimize

    rows = np.concatenate(features)
    mean, scale = np.nanmean(rows, 0, np.float64), np.nanstd(rows, 0, np.float64) + 1e-6
    scaled = [np.nan_to_num((list_rows - mean) / scale) for list_rows in features]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = 0.0, np.zeros_like(weights)
        for list_rows, is_right in zip(scaled, right, strict=True):
            scores = list_rows @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            of_right = shares * is_right
            total -= np.log(of_right.sum() + 1e-12)
            gradient += list_rows.T @ (shares - of_right / (of_right.sum() + 1e-12))

        count = len(scaled)
        penalty = L2 * float(weights @ weights)
        return total / count + penalty, gradient / count + 2 * L2 * weights

    result = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return LinearModel(np.asarray(mean), np.asarray(scale), np.asarray(result.x), 0.0)


def _fit_support(
    ranked: Sequence[RankedList], passages: LinearModel, vectors: WordVectors, rng: random.Random
) -> tuple[LinearModel, float, dict[str, float]]:
    """Returns the decision whether a question is answered, its threshold, and figures for it.

    Each question is asked with its section and without it, and once with passages of another
    question. Sometimes only a few of the passages are there, as in a small collection.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    rows, answered, questions = [], [], []
    shuffled = rng.sample(list(ranked), len(ranked))
    for number, item in enumerate(shuffled):
        kept = [rng.random() < 0.3 for _ in item.hits] if rng.random() < 0.5 else [True] * 99
        hits, right = [], []
        for hit, is_right, is_kept in zip(item.hits, item.right, kept, strict=False):
            if is_kept or is_right:
                hits.append(hit)
                right.append(is_right)

        foreign = shuffled[number - 1].hits
        wrong = [hit for hit, is_right in zip(hits, right, strict=True) if not is_right]
        for found, label in ((hits, 1), (wrong, 0), (foreign, 0)):
            row = _support_row(item.question, found, passages, vectors)
            if row is not None:
                rows.append(row)
                answered.append(label)
                questions.append(number)

    values, labels = np.stack(rows).astype(np.float64), np.array(answered)
    held_out = np.array(questions) >= (1 - HELD_OUT) * max(questions)
    mean, scale = np.nanmean(values, 0), np.nanstd(values, 0) + 1e-6
    scaled = np.nan_to_num((values - mean) / scale)
    model = LogisticRegression(C=0.05, max_iter=2000).fit(scaled[~held_out], labels[~held_out])
    chances = model.predict_proba(scaled[held_out])[:, 1]
    truth = labels[held_out]
    threshold = float(np.quantile(chances[truth == 1], FALSE_RATE))
    figures = {
        "auroc": round(float(roc_auc_score(truth, chances)), 4),
        "not_found_when_absent": round(float((chances[truth == 0] < threshold).mean()), 4),
    }
    support = LinearModel(mean, scale, model.coef_[0], float(model.intercept_[0]))
    return support, threshold, figures


def _support_row(
    question: str, hits: Sequence[Hit], passages: LinearModel, vectors: WordVectors
) -> NDArray[np.float32] | None:
    if not hits:
        return None

    # The best by the index are few enough to be matched twice, and hold what is quoted.
    matches = match_passages(question, hits[:SUPPORT_PASSAGES], vectors)
    scores = passages.scores(np.stack([match.features for match in matches]))
    best = [hits[place] for place in np.argsort(-scores)[:ANSWER_PASSAGES]]
    return support_features(match_passages(question, best, vectors))


def _write_words(
    path: Path, documents: Sequence[Document], encoder: Encoder, saved: VectorCache
) -> None:
    """Writes the vectors of MiniLM's own words, and how rare each is in the documents.

    Other words of the documents are left out: they are names, and told apart without a vector.
    """
    sections: list[set[str]] = []
    for document in documents:
        for chunk in document.chunks:
            sections.append(set(words_of(f"{chunk.headings} {chunk.body}")))

    counts = Counter(word for section in sections for word in section)
    tokens = json.loads((minilm_folder() / "tokenizer.json").read_text("utf-8"))
    known = tokens["model"]["vocab"]
    words = sorted(word for word in known if PLAIN_WORD.fullmatch(word) and not word.isdigit())

    rows, _ = saved.vectors(words, encoder)
    centred = rows - rows.mean(0)
    _, _, axes = np.linalg.svd(centred.T @ centred)
    reduced = centred @ axes[:DIMENSIONS].T
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True) + 1e-9
    held = np.array([counts[word] for word in words], np.float64)
    word_vectors.save(path, words, reduced, np.log(1 + len(sections) / (held + 1)))
