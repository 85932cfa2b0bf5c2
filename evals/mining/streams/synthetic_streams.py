"""Synthetic streams of labelled messages in noise: to fit the request gate on, and to test it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.mining.streams.chatter import chatter
from evals.mining.streams.streams import MIN_COVERAGE, MIN_PURITY, majority_type, read_stream
from evals.mining.streams.templated import templated
from router.errors import InputError
from router.text.normalise import normalise
from router.text.redact import redact
from workers.mining.clustering import measure_nodes
from workers.mining.linkage import Dendrogram

TYPES_PER_STREAM = 12
MIN_TYPE_ROWS = 28
MAX_TYPE_ROWS = 90
MAX_COPIED_ROWS = 300
"""Of a type whose requests are copied there can be more."""
COPIED_SHARE = 0.2
"""The share of types whose requests are copied from each other, with other things filled in."""

MIN_CLUSTER_ROWS = 12
MAX_NOISE_TEXTS = 10_000
"""Enough for the longest stream."""
ONE_OFF_SHARE = 0.1
CHATTER_SHARES = (0.0, 0.0, 0.03, 0.06, 0.1)
"""Shares of the noise: rare requests, and small talk, whose share is drawn for each stream."""

OUT_OF_SCOPE = "oos"
MIN_SENTENCE_WORDS = 4
MAX_SENTENCE_WORDS = 35
SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
MARKUP = re.compile(r"^[\s*#>\-\d.]+|[`*_]")
NOT_PROSE = re.compile(r"[|<]|http")
"""Tables, HTML and links."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of requests by type, and texts of noise by source."""

    types: Mapping[str, Sequence[str]]
    noise: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class SyntheticStream:
    """A stream as mining sees it.

    Attributes:
        texts: Masked.
        vectors: `(n, d)`, of length 1.
        types: The number of each one's type, -1 for noise.
    """

    texts: list[str]
    vectors: NDArray[np.float32]
    types: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class NodeExamples:
    """Training examples for the gate: the candidate nodes of one stream.

    `table`, `(nodes, features)`, holds their features, `good` whether a node is one type and most
    of it.
    """

    table: NDArray[np.float64]
    good: NDArray[np.bool_]


def make_stream(
    corpus: Corpus,
    source: str,
    noise_share: float,
    encode: Encode,
    random: np.random.Generator,
    types: int = TYPES_PER_STREAM,
) -> SyntheticStream:
    """Mixes this many types into noise of one source, rare requests and small talk."""
    names = sorted(corpus.types)
    picked = [str(name) for name in random.choice(names, types, replace=False)]
    rows: list[tuple[str, int]] = []

    for number, name in enumerate(picked):
        rows += [(text, number) for text in _type_texts(corpus.types[name], random)]

    noise_count = round(len(rows) * noise_share / (1 - noise_share))
    others = [name for name in names if name not in picked]
    noise: list[str] = []

    # A few messages of many other types: requests, but none that repeats.
    for other in random.permutation(others):
        if len(noise) < noise_count * ONE_OFF_SHARE:
            noise += _sample(corpus.types[str(other)], int(random.integers(1, 4)), random)

    noise = noise[:noise_count]
    noise += chatter(int(noise_count * random.choice(CHATTER_SHARES)), random)
    noise += _sample(corpus.noise[source], noise_count - len(noise), random)

    # Sorted before they are shuffled, so that the stream follows from the seed alone.
    rows = sorted([*rows, *((text, -1) for text in noise)])
    rows = [rows[i] for i in random.permutation(len(rows))]
    texts = [redact(text) for text, _ in rows]

    return SyntheticStream(
        texts,
        encode([normalise(text) for text in texts]),
        np.array([number for _, number in rows], np.intp),
    )


def label_nodes(stream: SyntheticStream, features: Sequence[str]) -> NodeExamples:
    """Returns the stream's candidate nodes as training examples for the gate."""
    tree, nodes, measured = measure_nodes(stream.texts, stream.vectors, MIN_CLUSTER_ROWS)
    sizes = np.bincount(stream.types[stream.types >= 0])
    good = np.array([_is_good(tree, int(node), stream.types, sizes) for node in nodes], bool)
    table = np.array([[node[name] for name in features] for node in measured], np.float64)

    return NodeExamples(table.reshape(len(nodes), len(features)), good)


def read_corpus(
    types: Sequence[Path], noise: Sequence[Path], hold: Sequence[Path], *, held: bool = False
) -> Corpus:
    """Reads labelled CSV files and files of noise.

    Only types without a text in the streams `hold` are kept; with `held` only those with one.
    Raises InputError for noise in an unknown format.
    """
    labelled: dict[str, list[str]] = {}
    for path in types:
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["label"] != OUT_OF_SCOPE:
                    labelled.setdefault(f"{path.stem}:{row['label']}", []).append(row["text"])

    by_source: dict[str, list[str]] = {}
    for path in noise:
        by_source.setdefault(path.stem.split("-")[0], []).extend(_read_noise(path))

    held_texts = _typed_texts(hold)
    kept = {
        name: texts
        for name, texts in labelled.items()
        if bool(held_texts.intersection(texts)) == held
    }
    all_labelled = {text for texts in labelled.values() for text in texts}
    sources = {name: _noise_sample(texts, all_labelled) for name, texts in by_source.items()}

    return Corpus(kept, sources)


def _type_texts(texts: Sequence[str], random: np.random.Generator) -> list[str]:
    """Returns the rows of one type: different ones, or copied ones where its texts allow that."""
    is_copied = random.random() < COPIED_SHARE
    max_rows = MAX_COPIED_ROWS if is_copied else MAX_TYPE_ROWS
    # Log-uniform: small types are the common ones.
    size = round(float(np.exp(random.uniform(*np.log((MIN_TYPE_ROWS, max_rows))))))

    copied = templated(texts, size, random) if is_copied else []
    return copied or _sample(texts, size, random)


def _noise_sample(texts: Sequence[str], labelled: Collection[str]) -> list[str]:
    """Returns at most MAX_NOISE_TEXTS of the texts, none of which is a labelled one."""
    unlabelled = sorted({text for text in texts if text not in labelled})
    return _sample(unlabelled, MAX_NOISE_TEXTS, np.random.default_rng(0))


def _sample(texts: Sequence[str], count: int, random: np.random.Generator) -> list[str]:
    """Returns up to `count` different texts."""
    pool = sorted(set(texts))
    if not pool:
        return []

    size = min(len(pool), max(count, 0))
    return [str(text) for text in random.choice(pool, size, replace=False)]


def _is_good(tree: Dendrogram, node: int, types: NDArray[np.intp], sizes: NDArray[np.intp]) -> bool:
    """Returns whether the node is one type, and most of it."""
    rows = tree.members(node)
    majority, count = majority_type(rows, types)
    if majority < 0 or count < MIN_PURITY * len(rows):
        return False

    return count >= MIN_COVERAGE * int(sizes[majority])


def _typed_texts(paths: Sequence[Path]) -> set[str]:
    """Returns the texts that have a type in these streams."""
    texts: set[str] = set()
    for path in paths:
        stream = read_stream(path)
        for row, number in zip(stream.rows, stream.types, strict=True):
            if number >= 0:
                texts.add(row.text)

    return texts


def _read_noise(path: Path) -> list[str]:
    """Returns the untyped rows of a stream, or the sentences of a CSV or a folder of Markdown."""
    if path.suffix == ".jsonl":
        rows = map(json.loads, path.read_text("utf-8").splitlines())
        return [str(row["text"]) for row in rows if not row["type"]]

    if path.suffix == ".csv":
        with path.open(encoding="utf-8") as file:
            rows_of_text = [row["text"] for row in csv.DictReader(file)]

        return _sentences(line for text in rows_of_text for line in text.splitlines())

    if path.is_dir():
        files = sorted(path.rglob("*.md"))
        return _sentences(
            line for file in files for line in file.read_text("utf-8", "ignore").splitlines()
        )

    raise InputError(
        f"reading noise from {str(path)!r}: unknown form; give a stream (.jsonl), a CSV with a "
        "column text, or a folder of Markdown"
    )


def _sentences(lines: Iterable[str]) -> list[str]:
    """Returns the sentences of usual length in lines of prose, sorted, each once."""
    sentences: set[str] = set()
    for line in lines:
        if NOT_PROSE.search(line):
            continue

        for sentence in SENTENCE_END.split(MARKUP.sub("", line)):
            if MIN_SENTENCE_WORDS <= len(sentence.split()) <= MAX_SENTENCE_WORDS:
                sentences.add(sentence)

    return sorted(sentences)
