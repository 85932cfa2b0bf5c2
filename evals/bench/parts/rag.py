"""Speed of document search: ingestion, queries, and the delay until an edit is found."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from router.config import read_settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.index import WORKSPACE_ACL, Chunk, Document, Index
from router.log import set_up_logs
from router.store import open_store
from router.text.printable import print_line
from router.types import Viewer
from workers.knowledge.chunking import MAX_WORDS
from workers.knowledge.relevance.ranking import RANKED, rank_passages

TEAM = "T-bench"
VIEWER = Viewer(TEAM, "U-bench", frozenset({WORKSPACE_ACL}))
PAGE_CHUNKS = 20
"""Chunks of one document."""
VOCABULARY = 60_000
COMMON_WORDS = 100
"""The most frequent words, about half of every text. Questions are told apart by the
rarer ones."""
QUESTION_WORDS = 6
"""Rare words in a question."""
BATCH = 64


def main(
    chunks: Annotated[int, typer.Option(help="Passages in the index.")] = 10_000,
    questions: Annotated[int, typer.Option(help="Questions asked.")] = 200,
    changes: Annotated[
        int, typer.Option(help="Documents edited, each followed by a question.")
    ] = 50,
    seed: Annotated[int, typer.Option(help="Makes the documents.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fill an index with generated documents, ask it, and edit what it holds."""
    set_up_logs("auto", "warning")
    settings = read_settings()
    encoder = open_encoder(settings.encoder, settings.encoder_cache)
    rng = np.random.default_rng(seed)

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/rag.db")
        try:
            index = store.documents
            result = _fill_index(index, encoder, rng, chunks)
            result |= _ask_questions(index, encoder, rng, questions)
            result |= _edit_documents(index, rng, changes)
        finally:
            store.close()

    print_line(
        json.dumps(result)
        if as_json
        else "\n".join(f"{name}: {value}" for name, value in result.items())
    )


def _fill_index(
    index: Index, encoder: Encoder, rng: np.random.Generator, chunks: int
) -> dict[str, Any]:
    """Fills the index and returns its speed.

    Vectors are random, because only their number costs time.
    """
    seconds, busy = 0.0, 0.0
    for documents in _documents(rng, chunks):
        start, used = time.perf_counter(), time.process_time()
        index.upsert(*documents)
        seconds += time.perf_counter() - start
        busy += time.process_time() - used

    while pending := index.chunks_without_vector(encoder.model_id, 4096):
        vectors = rng.standard_normal((len(pending), encoder.dim), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        index.store_vectors(encoder.model_id, [chunk.chunk for chunk in pending], vectors)

    return {
        "chunks": chunks,
        "lexical_chunks_per_s": round(chunks / seconds, 1),
        "lexical_chunks_per_cpu_s": round(chunks / busy, 1),
    }


def _ask_questions(
    index: Index, encoder: Encoder, rng: np.random.Generator, questions: int
) -> dict[str, Any]:
    """Returns query times, from question to ranked hits, with encoding.

    The first query reads all vectors and is reported separately.

    Processor time is given as well, because it stays the same on a busy machine.
    """
    milliseconds, busy = [], []
    for text in _texts(rng, questions + 1, QUESTION_WORDS, COMMON_WORDS):
        start, used = time.perf_counter(), time.process_time()
        vector = encoder.encode([text])[0]
        rank_passages(text, index.search(text, (encoder.model_id, vector), VIEWER, RANKED))
        milliseconds.append((time.perf_counter() - start) * 1000)
        busy.append((time.process_time() - used) * 1000)

    rest = milliseconds[1:]
    return {
        "p50_cpu_ms": round(statistics.median(busy[1:]), 2),
        "first_ms": round(milliseconds[0], 1),
        "p50_ms": round(statistics.median(rest), 2),
        "p95_ms": round(float(np.percentile(rest, 95)), 2),
    }


def _edit_documents(index: Index, rng: np.random.Generator, changes: int) -> dict[str, Any]:
    """Edits a document repeatedly; returns the times until its new words are found.

    `stale_answers` counts searches that missed the edit.
    """
    milliseconds, stale = [], 0
    (documents,) = _documents(rng, PAGE_CHUNKS)
    page = replace(documents[0], key="edited")

    for number in range(changes):
        word = f"canary{number}"
        chunk_list = [Chunk("Edited", "", f"{word} {page.chunks[0].body}"), *page.chunks[1:]]
        start = time.perf_counter()
        index.upsert(replace(page, hash=word, chunks=chunk_list))
        hits = index.search(word, None, VIEWER)
        milliseconds.append((time.perf_counter() - start) * 1000)
        stale += not any(word in hit.body for hit in hits)

    return {
        "change_to_answer_p50_ms": round(statistics.median(milliseconds), 2),
        "change_to_answer_max_ms": round(max(milliseconds), 2),
        "stale_answers": stale,
    }


def _documents(rng: np.random.Generator, chunks: int) -> Iterator[list[Document]]:
    """Yields batches of documents with this many chunks in all."""
    batch: list[Document] = []
    for number in range(0, chunks, PAGE_CHUNKS):
        bodies = _texts(rng, min(PAGE_CHUNKS, chunks - number), MAX_WORDS)
        chunk_list = [
            Chunk(f"Page {number} > Part {number_on_page}", str(number_on_page), body)
            for number_on_page, body in enumerate(bodies)
        ]
        key = f"page-{number}"
        batch.append(
            Document(TEAM, key, "bench", f"Page {number}", "", WORKSPACE_ACL, 0.0, key, chunk_list)
        )

        if len(batch) == BATCH:
            yield batch
            batch = []

    if batch:
        yield batch


def _texts(rng: np.random.Generator, count: int, words: int, after: int = 0) -> list[str]:
    """Returns texts with Zipf-distributed words: rank n is drawn in proportion to 1/n.

    Only words after rank `after` are used.
    """
    shares = np.cumsum(1.0 / np.arange(after + 1, VOCABULARY + 1))
    ranks: NDArray[np.int64] = (
        np.searchsorted(shares, rng.random((count, words)) * shares[-1]) + after
    )

    return [" ".join(f"w{rank}" for rank in row) for row in ranks]
