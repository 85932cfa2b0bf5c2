"""Fits the request gate on synthetic streams, and writes the file that mining reads."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.mining.mine import EmbeddingCache
from evals.mining.streams.synthetic_streams import (
    TYPES_PER_STREAM,
    Corpus,
    Encode,
    NodeExamples,
    label_nodes,
    make_stream,
    read_corpus,
)
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.text.printable import print_line
from workers.mining.request_gate import DecisionTree, RequestGate, save_gate

_INCREASING = """
overlap overlap_for_here overlap_rare top_word top_words own_word own_words core core_twice
cohesion tight tight_middle farthest dense dense_for_here nearest_own
"""
_DECREASING = "packed packed_for_here variety variety_for_here opening opening_pair height"
INCREASING = frozenset(_INCREASING.split())
DECREASING = frozenset(_DECREASING.split())
"""Features that grow, and that fall, the more regular a cluster is: the monotone constraints."""

NOISE_SHARES = (0.5, 0.65, 0.8, 0.88, 0.93)
SMALL_NOISE_SHARES = (0.0, 0.2, 0.4, 0.6)
MAX_SMALL_TYPES = 5
"""The first weeks of a small workspace: fewer types than that, and little beside them."""
THRESHOLD = 0.7
LENIENT_THRESHOLD = 0.1
"""Chosen by what holds for noise from a source that was not fitted on: see `gate_transfer`."""
EVEN_NODES = 300
_FEATURES = """
height stays stays_while_growing jump minor sibling split size size_for_here rows
cohesion tight tight_middle farthest own_ball own_core gap common
closed closed_near closed_wide closed_first strays dense dense_for_here nearest_own contrast
overlap overlap_for_here overlap_rare top_word top_words own_word own_words core core_twice
packed packed_for_here variety variety_for_here
length_spread length_spread_for_here length length_for_here
opening opening_for_here opening_pair opening_pair_for_here
asks asks_for_here questions questions_for_here
"""
FEATURES = tuple(_FEATURES.split())


def main(
    types: Annotated[
        list[Path],
        typer.Option(help="CSV with text,label; rows labelled `oos` are left out. Repeatable."),
    ],
    noise: Annotated[
        list[Path],
        typer.Option(help="A stream whose untyped rows are noise, or a folder of Markdown."),
    ],
    out: Annotated[Path, typer.Option(help="Where the gate is written.")],
    hold: Annotated[
        list[Path] | None, typer.Option(help="Streams whose types must not be fitted on.")
    ] = None,
    rounds: Annotated[int, typer.Option(help="Streams for each noise source and share.")] = 4,
    seed: int = 0,
) -> None:
    """Fit the request gate on streams made of your own labelled messages."""
    set_up_logs("auto", "error")
    encode = EmbeddingCache(open_encoder("fast", read_settings().encoder_cache).encode).encode
    corpus = read_corpus(types, noise, hold or [])
    sources = sorted(corpus.noise)
    examples: list[NodeExamples] = []
    for source in sources:
        examples += sample_examples(corpus, source, encode, rounds, seed)

    fitted_on = {
        "types": len(corpus.types),
        "noise": sources,
        "streams": len(examples),
        "seed": seed,
    }
    save_gate(fit_request_gate(examples, fitted_on), out)


def sample_examples(
    corpus: Corpus, source: str, encode: Encode, rounds: int, seed: int
) -> list[NodeExamples]:
    """Returns training examples from streams with noise of one source.

    There are `rounds` streams for each share of noise, and as many small workspaces among them.
    """
    random = np.random.default_rng([seed, *source.encode()])
    plan = [(share, TYPES_PER_STREAM) for share in NOISE_SHARES * rounds]
    for share in SMALL_NOISE_SHARES * rounds:
        plan.append((share, int(random.integers(1, MAX_SMALL_TYPES))))

    examples = []
    for share, types in plan:
        stream = make_stream(corpus, source, share, encode, random, types)
        examples.append(label_nodes(stream, FEATURES))
        good = examples[-1].good
        print_line(
            f"{source:24} {types:2} types, {share:.0%} noise: {len(stream.texts)} rows, "
            f"{len(good)} groups, {int(good.sum())} good",
            file=sys.stderr,
        )

    return examples


def fit_request_gate(
    examples: Sequence[NodeExamples], fitted_on: Mapping[str, Any], seed: int = 0
) -> RequestGate:
    """Fits gradient-boosted trees in which more regular wording never counts against a cluster.

    Without these monotone constraints, requests that are worded nearly alike look like a part of
    something: corpora hold few requests that people copy from each other, and those are the best
    candidates. The constraints also help on unseen noise.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    table = np.concatenate([own.table for own in examples])
    good = np.concatenate([own.good for own in examples])
    boosted = HistGradientBoostingClassifier(
        max_iter=150,
        max_depth=4,
        learning_rate=0.05,
        min_samples_leaf=40,
        l2_regularization=1.0,
        max_features=0.3,
        monotonic_cst=[(name in INCREASING) - (name in DECREASING) for name in FEATURES],
        early_stopping=False,
        random_state=seed,
    )
    boosted.fit(table, good, sample_weight=_weights(examples))

    # The library has no public way to its trees. Its version is pinned, and a gate is read without
    # it.
    bias = boosted._baseline_prediction.item()  # noqa: SLF001
    predictors = boosted._predictors  # noqa: SLF001
    return RequestGate(
        features=FEATURES,
        mean=_rounded(table.mean(0)),
        scale=_rounded(np.maximum(table.std(0), 1e-9)),
        bias=round(float(bias), 5),
        trees=tuple(_decision_tree(tree.nodes) for (tree,) in predictors),
        threshold=THRESHOLD,
        lenient_threshold=LENIENT_THRESHOLD,
        fitted_on=fitted_on,
    )


def _weights(examples: Sequence[NodeExamples]) -> NDArray[np.float64]:
    """Returns the nodes' weights: that of a whole stream grows with the square root of its nodes.

    A long stream has more nodes, and does not count as much more.
    """
    weights = []
    for own in examples:
        nodes = len(own.good)
        weights.append(np.full(nodes, (EVEN_NODES / max(nodes, 1)) ** 0.5))

    return np.concatenate(weights)


def _decision_tree(nodes: NDArray[np.void]) -> DecisionTree:
    is_leaf = nodes["is_leaf"].astype(bool)
    children = zip(nodes["left"], nodes["right"], strict=True)
    return DecisionTree(
        feature=tuple(np.where(is_leaf, -1, nodes["feature_idx"]).tolist()),
        threshold=_rounded(np.where(is_leaf, 0.0, nodes["num_threshold"])),
        children=tuple((int(left), int(right)) for left, right in children),
        value=_rounded(np.where(is_leaf, nodes["value"], 0.0)),
    )


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)
