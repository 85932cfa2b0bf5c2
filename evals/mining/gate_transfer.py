"""How the request gate does on noise and types that it was not fitted on.

Leave-one-source-out: each source of noise is held out once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.mining.fit_request_gate import fit_request_gate, sample_examples
from evals.mining.mine import EmbeddingCache, means
from evals.mining.streams.streams import gate_auroc, read_stream, score_recovery
from evals.mining.streams.synthetic_streams import (
    MIN_CLUSTER_ROWS,
    Corpus,
    Encode,
    NodeExamples,
    SyntheticStream,
    make_stream,
    read_corpus,
)
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.text.printable import print_line
from workers.mining.clustering import cluster_rows
from workers.mining.request_gate import RequestGate
from workers.mining.rows import canonicalise, mask_rows

NOISE_SHARES = (0.5, 0.8, 0.93)
ALL_SOURCES = "all"
NOT_FIGURES = ("source", "noise", "streams")


def main(
    types: Annotated[list[Path], typer.Option(help="CSV with text,label. Repeatable.")],
    noise: Annotated[
        list[Path],
        typer.Option(help="A stream whose untyped rows are noise, or a folder of Markdown."),
    ],
    hold: Annotated[
        list[Path], typer.Option(help="Streams to try it on; their types are never fitted on.")
    ],
    rounds: Annotated[int, typer.Option(help="Streams for each noise source and share.")] = 3,
    seed: int = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fit a gate without each source of noise in turn, and test it on that and held-out types.

    A source that the streams in `hold` come from is tried on those streams; the others on streams
    made of the held-out types.
    """
    set_up_logs("auto", "error")
    encode = EmbeddingCache(open_encoder("fast", read_settings().encoder_cache).encode).encode
    corpus = read_corpus(types, noise, hold)
    held_out = read_corpus(types, noise, hold, held=True)
    examples = {
        source: sample_examples(corpus, source, encode, rounds, seed)
        for source in sorted(corpus.noise)
    }
    results = []

    for source in sorted(examples):
        gate = _fit_without(source, examples)
        for name, stream in _test_streams(source, held_out, hold, encode, rounds, seed):
            results.append({"source": source, "noise": name, **_figures(gate, stream)})
            if not as_json:
                print_line(_line(results[-1]), file=sys.stderr)

    summary = _summarise(results)
    if as_json:
        print_line(json.dumps({"means": summary, "streams": results}))
    else:
        print_line("\n".join(map(_line, summary)))


def _fit_without(source: str, examples: Mapping[str, list[NodeExamples]]) -> RequestGate:
    others: list[NodeExamples] = []
    for name, own in sorted(examples.items()):
        if name != source:
            others += own

    return fit_request_gate(others, {"without": source})


def _test_streams(
    source: str,
    held_out: Corpus,
    hold: Sequence[Path],
    encode: Encode,
    rounds: int,
    seed: int,
) -> Iterator[tuple[str, SyntheticStream]]:
    """Yields streams with noise of that source, each with its share of noise as text."""
    recorded = [path for path in hold if path.stem.split("-")[0] == source]
    for path in recorded:
        stream = _read_stream(path, encode)
        yield f"{round(float((stream.types < 0).mean()), 2):.0%}", stream

    if recorded:
        return

    random = np.random.default_rng([seed + 1, *source.encode()])
    for share in NOISE_SHARES * rounds:
        yield f"{share:.0%}", make_stream(held_out, source, share, encode, random)


def _read_stream(path: Path, encode: Encode) -> SyntheticStream:
    """Returns a recorded stream as mining would see it."""
    stream = read_stream(path)
    rows = mask_rows(stream.rows)
    positions, texts = canonicalise(rows)
    masked = [rows[position].text for position in positions]

    return SyntheticStream(masked, encode(texts), stream.types[positions])


def _figures(gate: RequestGate, stream: SyntheticStream) -> dict[str, Any]:
    selection = cluster_rows(stream.texts, stream.vectors, gate, MIN_CLUSTER_ROWS)
    score = score_recovery([group.rows for group in selection.passed], stream.types)
    considered = [(group.rows, group.request_probability) for group in selection.considered]
    return {
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
        "false_candidates": score.false_candidates,
        "s1_auroc": gate_auroc(considered, stream.types),
    }


def _summarise(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns the means for each share of noise, by source and over all sources."""
    summary: list[dict[str, Any]] = []
    for noise in sorted({result["noise"] for result in results}):
        same_noise = [result for result in results if result["noise"] == noise]
        sources = sorted({result["source"] for result in same_noise})

        for source in [*sources, ALL_SOURCES]:
            chosen = [
                {name: value for name, value in result.items() if name not in NOT_FIGURES}
                for result in same_noise
                if source in (result["source"], ALL_SOURCES)
            ]
            about = {"source": source, "noise": noise, "streams": len(chosen)}
            summary.append({**about, **means(chosen)})

    return summary


def _line(result: Mapping[str, Any]) -> str:
    figures = "  ".join(
        f"{name} {value:.2f}"
        for name, value in result.items()
        if name not in NOT_FIGURES and value is not None
    )
    return f"{result['source']:16} {result['noise']} noise  {figures}"
