"""Retrieval quality, and whether extractive answers keep their promise to quote."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.retrieval.answer_figures import (
    Judgement,
    judge_by_passages,
    judge_by_words,
    read_gold_questions,
    separation,
    shares,
    write_misses,
)
from evals.retrieval.rag_data import (
    TEAM,
    Questions,
    VectorCache,
    part_of,
    read_corpus,
    read_questions,
)
from evals.retrieval.retrieval_metrics import ndcg, precision_at_1, recall
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.index import WORKSPACE_ACL, Document, Hit, Index, Vector
from router.log import set_up_logs
from router.statistics import paired_difference
from router.store import open_store
from router.text.printable import print_line
from router.types import Viewer
from workers.knowledge.relevance.quote_scorer import QuoteScorer
from workers.knowledge.relevance.ranking import RANKED, rank_passages
from workers.ports import QuoteScores

FETCHED_HITS = 60
"""Hits are collapsed to their section before they are counted, so more are fetched than are
scored."""
BATCH = 64
VIEWER = Viewer(TEAM, "U-eval", frozenset({WORKSPACE_ACL}))


@dataclass(frozen=True, slots=True)
class SearchRun:
    """The results of one search method for every question."""

    ranked: list[list[str]]
    hits: list[list[Hit]]
    milliseconds: list[float]

    def scores(self, questions: Questions) -> list[float]:
        """Returns nDCG@10 of each question."""
        return [
            ndcg(ranked, grades)
            for ranked, grades in zip(self.ranked, questions.grades, strict=True)
        ]

    def summary(self, questions: Questions) -> dict[str, float]:
        """Returns the means over the questions."""
        pairs = list(zip(self.ranked, questions.grades, strict=True))
        return {
            "ndcg10": round(statistics.fmean(self.scores(questions)), 4),
            "recall10": round(statistics.fmean(recall(*pair) for pair in pairs), 4),
            "p1": round(statistics.fmean(precision_at_1(*pair) for pair in pairs), 4),
            "p50_ms": round(statistics.median(self.milliseconds), 2),
            "p95_ms": round(float(np.percentile(self.milliseconds, 95)), 2),
        }


def main(
    corpus: Annotated[
        Path, typer.Option(help="A folder of pages, or JSON lines of _id, title and text.")
    ],
    queries: Annotated[Path | None, typer.Option(help="JSON lines of _id and text.")] = None,
    qrels: Annotated[
        Path | None, typer.Option(help="Tab-separated query, document, grade.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Instead: JSON lines of question and right answers.")
    ] = None,
    misses: Annotated[
        Path | None, typer.Option(help="A Markdown page to write every missed question to.")
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="fast, torch, or a sentence-transformers name.")
    ] = "fast",
    cache: Annotated[
        Path | None, typer.Option(help="A folder that keeps vectors between runs.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and of the halves.")] = 0,
    part: Annotated[
        str, typer.Option(help="dev, to choose a method on; test, to report it; or all.")
    ] = "test",
    database: Annotated[
        str, typer.Option(help="The URL of an empty one to fill; else a temporary SQLite file.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure retrieval by words, by meaning and by both, and the answers quoted from it."""
    set_up_logs("auto", "warning")
    if part not in ("dev", "test", "all"):
        raise typer.BadParameter(f"--part {part!r}; allowed: dev, test, all")
    if answers is None and (queries is None or qrels is None):
        raise typer.BadParameter("give --queries and --qrels, or --answers")

    documents, names = read_corpus(corpus)
    settings = read_settings()
    text_encoder = open_encoder(encoder, settings.encoder_cache)
    scorer = QuoteScorer(settings.encoder_cache)

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(database or f"sqlite:///{folder}/rag.db")
        try:
            index = store.documents
            result = fill_index(
                index, documents, text_encoder, VectorCache(cache, text_encoder.model_id)
            )
            if queries is not None and qrels is not None:
                questions = part_of(read_questions(queries, qrels), part, seed)
                measured, judgements = _measure_search(
                    index, text_encoder, scorer, questions, names, seed
                )
            else:
                assert answers is not None
                measured, judgements = _measure_answers(index, text_encoder, scorer, answers, part)
        finally:
            store.close()

    if misses is not None:
        write_misses(misses, judgements)

    result |= measured
    print_line(json.dumps(result) if as_json else _table(result))


def fill_index(
    index: Index, documents: Sequence[Document], encoder: Encoder, cache: VectorCache
) -> dict[str, Any]:
    """Fills the index and returns how fast that went."""
    chunks = sum(len(document.chunks) for document in documents)
    start, used = time.perf_counter(), time.process_time()

    for first in range(0, len(documents), BATCH):
        index.upsert(*documents[first : first + BATCH])

    lexical, busy = time.perf_counter() - start, time.process_time() - used
    encoded, seconds = 0, 0.0

    while pending := index.chunks_without_vector(encoder.model_id, BATCH):
        texts = [piece.text for piece in pending]
        start = time.perf_counter()
        vectors, encoded_now = cache.vectors(texts, encoder)
        seconds += time.perf_counter() - start if encoded_now else 0.0
        encoded += encoded_now
        index.store_vectors(encoder.model_id, [piece.chunk for piece in pending], vectors)

    cache.save()
    return {
        "documents": len(documents),
        "chunks": chunks,
        "encoder": encoder.model_id,
        "lexical_chunks_per_s": round(chunks / lexical, 1),
        "lexical_chunks_per_cpu_s": round(chunks / busy, 1),
        "embedded_chunks_per_s": round(encoded / seconds, 1) if encoded else None,
    }


def _measure_search(
    index: Index,
    encoder: Encoder,
    scorer: QuoteScores,
    questions: Questions,
    names: Sequence[str],
    seed: int,
) -> tuple[dict[str, Any], list[Judgement]]:
    def encode(text: str) -> Vector:
        return encoder.model_id, encoder.encode([text])[0]

    def by_words(text: str) -> list[Hit]:
        return index.search(text, None, VIEWER, FETCHED_HITS)

    def by_meaning(text: str) -> list[Hit]:
        return index.search("", encode(text), VIEWER, FETCHED_HITS)

    def by_both(text: str) -> list[Hit]:
        return index.search(text, encode(text), VIEWER, FETCHED_HITS)

    def reranked(text: str) -> list[Hit]:
        hits = by_both(text)
        return [*rank_passages(text, hits[:RANKED]), *hits[RANKED:]]

    encode("the first call loads what the others use")
    reranked("and the words that the ranking knows")
    methods = {"lexical": by_words, "vector": by_meaning, "hybrid": by_both, "reranked": reranked}
    runs = {name: _search_all(search, questions, names) for name, search in methods.items()}
    result: dict[str, Any] = {"queries": len(questions.texts)}
    vector = runs["vector"].scores(questions)

    for name, run in runs.items():
        result[name] = run.summary(questions)
        if name != "vector":
            gain = paired_difference(run.scores(questions), vector, seed)
            ends = (gain.gain, gain.low, gain.high)
            result[name]["ndcg10_over_vector"] = [round(end, 4) for end in ends]

    relevant = []
    for grades in questions.grades:
        relevant.append({key for key, grade in grades.items() if grade > 0})

    present, removed = judge_by_passages(
        questions.texts,
        runs["reranked"].hits,
        relevant,
        lambda hit: names[_row(hit)],
        encoder,
        scorer,
    )
    figures = shares(present) | {"not_found_when_removed": shares(removed)["honest"]}
    return result | {"answers": figures}, present + removed


def _measure_answers(
    index: Index, encoder: Encoder, scorer: QuoteScores, path: Path, part: str
) -> tuple[dict[str, Any], list[Judgement]]:
    def find(text: str) -> list[Hit]:
        vector = encoder.model_id, encoder.encode([text])[0]
        return rank_passages(text, index.search(text, vector, VIEWER, RANKED))

    questions = read_gold_questions(path, part)
    judgements = judge_by_words(questions, find, encoder, scorer)
    figures = {**shares(judgements), "auroc": separation(judgements)}
    return {"queries": len(questions), "answers": figures}, judgements


def _search_all(
    search: Callable[[str], list[Hit]], questions: Questions, names: Sequence[str]
) -> SearchRun:
    ranked, hits, milliseconds = [], [], []
    for text in questions.texts:
        start = time.perf_counter()
        results = search(text)
        milliseconds.append((time.perf_counter() - start) * 1000)
        hits.append(results)
        ranked.append(list(dict.fromkeys(names[_row(hit)] for hit in results)))

    return SearchRun(ranked, hits, milliseconds)


def _row(hit: Hit) -> int:
    """Returns the corpus row of a hit, the end of its link as `read_corpus` wrote it."""
    return int(hit.url.rsplit("#", 1)[1])


def _table(result: dict[str, Any]) -> str:
    lines = [
        "{documents} documents, {chunks} chunks, {queries} questions, encoder {encoder}".format(
            **result
        ),
        f"{'':8} {'nDCG@10':>8} {'R@10':>7} {'P@1':>7} {'p50 ms':>7}  nDCG over vectors (95 %)",
    ]
    for name in ("lexical", "vector", "hybrid", "reranked"):
        if name not in result:
            continue

        row = result[name]
        over = (
            "{:+.4f} ({:+.4f}, {:+.4f})".format(*row["ndcg10_over_vector"])
            if "ndcg10_over_vector" in row
            else ""
        )

        lines.append(
            f"{name:8} {row['ndcg10']:8.4f} {row['recall10']:7.4f} "
            f"{row['p1']:7.4f} {row['p50_ms']:7.1f}  {over}"
        )

    lines.append(
        f"indexed {result['lexical_chunks_per_s']} chunks/s, "
        f"embedded {result['embedded_chunks_per_s']} chunks/s"
    )
    for name, value in result["answers"].items():
        lines.append(f"{name.replace('_', ' ')}: {value}")

    return "\n".join(lines)
