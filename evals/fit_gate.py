"""Fits the gate S1 on streams made of labelled messages and noise, and writes the file that mining reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.made_streams import Encode, Lesson, Material, learn, make_stream, read_material
from router.config import read_settings
from router.embed import open_encoder
from router.log import set_up_logs
from workers.mining.gate import Gate, Twig, save_gate

_GROWS = """
overlap overlap_for_here overlap_rare top_word top_words own_word own_words core core_twice
cohesion tight tight_middle farthest dense dense_for_here nearest_own
"""
_FALLS = "packed packed_for_here variety variety_for_here opening opening_pair height"
GROWS, FALLS = frozenset(_GROWS.split()), frozenset(_FALLS.split())
"""Features by the way in which a group is more regular."""
RIDGE = 0.1

SHARES = (0.5, 0.65, 0.8, 0.88, 0.93)
THRESHOLD, LENIENT = 0.5, 0.1
"""Chosen by what holds for noise from a source that was not fitted on: see `gate_transfer`."""
EVEN_NODES = 300
_FEATURES = """
height stays stays_while_growing jump minor sibling split size size_for_here rows cohesion tight tight_middle farthest
own_ball own_core gap common closed closed_near closed_wide closed_first strays dense dense_for_here nearest_own
contrast overlap overlap_for_here overlap_rare top_word top_words own_word
own_words core core_twice packed packed_for_here variety variety_for_here length_spread
length_spread_for_here length length_for_here opening opening_for_here opening_pair opening_pair_for_here asks
asks_for_here questions questions_for_here
"""
FEATURES = tuple(_FEATURES.split())
Figures = NDArray[np.float64]


def main(
    types: Annotated[
        list[Path], typer.Option(help="CSV with text,label; rows labelled `oos` are left out. Repeatable.")
    ],
    noise: Annotated[list[Path], typer.Option(help="A stream whose untyped rows are noise, or a folder of Markdown.")],
    out: Annotated[Path, typer.Option(help="Where the gate is written.")],
    hold: Annotated[list[Path] | None, typer.Option(help="Streams whose types must not be fitted on.")] = None,
    rounds: Annotated[int, typer.Option(help="Streams for each noise source and share.")] = 4,
    seed: int = 0,
) -> None:
    """Fit the request-or-chat gate on streams made of your own labelled messages."""
    set_up_logs("auto", "error")
    encoder = open_encoder("fast", read_settings().encoder_cache)
    material = read_material(types, noise, hold or [])
    lessons = [
        each for source in sorted(material.noise) for each in teach(material, source, encoder.encode, rounds, seed)
    ]
    made = {"types": len(material.types), "noise": sorted(material.noise), "streams": len(lessons), "seed": seed}
    save_gate(fit(lessons, made), out)


def teach(material: Material, source: str, encode: Encode, rounds: int, seed: int) -> list[Lesson]:
    """Lessons with noise of one source, `rounds` for each share of noise."""
    random = np.random.default_rng([seed, *source.encode()])
    lessons = []
    for share in SHARES * rounds:
        stream = make_stream(material, source, share, encode, random)
        lessons.append(learn(stream, FEATURES))
        typer.echo(
            f"{source:24} {share:.0%} noise: {len(stream.texts)} rows, {len(lessons[-1].good)} groups, "
            f"{int(lessons[-1].good.sum())} good",
            err=True,
        )
    return lessons


def fit(lessons: Sequence[Lesson], made: Mapping[str, Any], seed: int = 0) -> Gate:
    """A gate whose log-odds are the mean of a logistic regression's and of small boosted trees'.

    A long stream has more groups, and does not count as much more: its weight grows with their square root.
    """
    from sklearn.ensemble import GradientBoostingClassifier

    table, good = np.concatenate([each.table for each in lessons]), np.concatenate([each.good for each in lessons])
    weight = np.concatenate([np.full(len(each.good), (EVEN_NODES / len(each.good)) ** 0.5) for each in lessons])
    mean, scale = table.mean(0), np.maximum(table.std(0), 1e-9)
    linear, bias = _linear(np.clip((table - mean) / scale, -4, 4), good, weight)
    boosted = GradientBoostingClassifier(
        n_estimators=150,
        max_depth=3,
        learning_rate=0.1,
        min_samples_leaf=40,
        subsample=0.7,
        max_features=8,
        random_state=seed,
    ).fit(table, good, sample_weight=weight)
    chance = float(np.average(good, weights=weight))
    return Gate(
        features=FEATURES,
        mean=_rounded(mean),
        scale=_rounded(scale),
        weights=_rounded(linear / 2),
        bias=round((bias + float(np.log(chance / (1 - chance)))) / 2, 5),
        twigs=tuple(_twig(tree.tree_, boosted.learning_rate / 2) for tree in boosted.estimators_[:, 0]),
        threshold=THRESHOLD,
        lenient=LENIENT,
        made=made,
    )


def _linear(rows: Figures, good: NDArray[np.bool_], weight: Figures) -> tuple[Figures, float]:
    """The weights and the bias of a logistic regression in which regular wording never counts against a group.

    Without that, what is worded nearly alike looks like a part of something to it: corpora hold few requests that
    people copy from each other, and those are the ripest.
    """
    from scipy.optimize import minimize

    sign = np.where(good, 1.0, -1.0)

    def loss(values: Figures) -> tuple[float, Figures]:
        margin = sign * (rows @ values[:-1] + values[-1])
        slope = -weight * sign / (1 + np.exp(np.clip(margin, -30, 30)))
        held = np.append(values[:-1], 0.0) / RIDGE
        total = float((weight * np.logaddexp(0, -margin)).sum() + values[:-1] @ values[:-1] / (2 * RIDGE))
        return total, np.append(rows.T @ slope, slope.sum()) + held

    bounds = [(0.0, None) if n in GROWS else (None, 0.0) if n in FALLS else (None, None) for n in FEATURES]
    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return found.x[:-1], float(found.x[-1])


def _twig(tree: Any, weight: float) -> Twig:
    leaf = tree.children_left < 0
    return Twig(
        feature=tuple(int(f) if not end else -1 for f, end in zip(tree.feature, leaf, strict=True)),
        limit=_rounded(np.where(leaf, 0.0, tree.threshold)),
        below=tuple((int(a), int(b)) for a, b in zip(tree.children_left, tree.children_right, strict=True)),
        value=_rounded(np.where(leaf, tree.value[:, 0, 0] * weight, 0.0)),
    )


def _rounded(values: Any) -> tuple[float, ...]:
    return tuple(round(float(v), 6) for v in values)
