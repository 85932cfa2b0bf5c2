"""Fits the gate S1 on streams made of labelled messages and noise, and writes the file that mining reads."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.streams import PURE, WHOLE, main_type, read_stream
from router.config import read_settings
from router.embed import open_encoder
from router.errors import SettingsError
from router.log import set_up_logs
from router.redact import redact
from router.text import normalise
from workers.mining.find import measure, screened
from workers.mining.gate import Gate, Twig, save_gate
from workers.mining.neighbours import find_neighbours
from workers.mining.shape import NEIGHBOURS, Shape
from workers.mining.tree import Tree, grow

SHARES = (0.5, 0.65, 0.8, 0.88, 0.93)
TYPES = 12
LEAST = 12
ONE_OFFS = 0.1
THRESHOLD = 0.35
_FEATURES = """
height stays stays_while_growing jump minor sibling split size size_for_here rows cohesion tight tight_middle farthest
own_ball own_core gap common closed closed_near closed_wide closed_first strays dense nearest_own contrast overlap
overlap_rare top_word top_words own_word own_words core core_twice packed packed_for_here variety length_spread length
length_for_here opening opening_pair asks questions
"""
FEATURES = tuple(_FEATURES.split())
SENTENCE = re.compile(r"(?<=[.?!])\s+")
Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Material:
    """Texts by type, noise texts by source."""

    types: Mapping[str, Sequence[str]]
    noise: Mapping[str, Sequence[str]]


def main(
    types: Annotated[list[Path], typer.Option(help="CSV with text,label; the label `oos` is noise. Repeatable.")],
    noise: Annotated[list[Path], typer.Option(help="A stream whose untyped rows are noise, or a folder of Markdown.")],
    out: Annotated[Path, typer.Option(help="Where the gate is written.")],
    hold: Annotated[list[Path] | None, typer.Option(help="Streams whose types must not be fitted on.")] = None,
    rounds: Annotated[int, typer.Option(help="Streams for each noise source and share.")] = 4,
    seed: int = 0,
) -> None:
    """Fit the request-or-chat gate on streams made of your own labelled messages."""
    set_up_logs("auto", "error")
    encoder = open_encoder("fast", read_settings().encoder_cache)
    material = _read(types, noise, hold or [])
    tables: list[Figures] = []
    wanted: list[NDArray[np.bool_]] = []
    random = np.random.default_rng(seed)
    for source in sorted(material.noise):
        for share in SHARES * rounds:
            texts, kinds = _stream(material, source, share, random)
            vectors = encoder.encode([normalise(redact(text)) for text in texts])
            table, good = _learn(texts, vectors, kinds)
            tables.append(table)
            wanted.append(good)
            typer.echo(
                f"{source:24} {share:.0%} noise: {len(texts)} rows, {len(good)} groups, {int(good.sum())} good",
                err=True,
            )
    made = {"types": len(material.types), "noise": sorted(material.noise), "streams": len(tables), "seed": seed}
    save_gate(fit(np.concatenate(tables), np.concatenate(wanted), made), out)


def fit(table: Figures, good: NDArray[np.bool_], made: Mapping[str, Any]) -> Gate:
    """A gate whose log-odds are the mean of a logistic regression's and of small boosted trees'."""
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    mean, scale = table.mean(0), np.maximum(table.std(0), 1e-9)
    linear = LogisticRegression(C=0.1, max_iter=3000).fit(np.clip((table - mean) / scale, -4, 4), good)
    boosted = GradientBoostingClassifier(
        n_estimators=60, max_depth=3, learning_rate=0.1, min_samples_leaf=40, subsample=0.7, random_state=0
    ).fit(table, good)
    start = float(np.log(good.mean() / (1 - good.mean())))
    return Gate(
        features=FEATURES,
        mean=_rounded(mean),
        scale=_rounded(scale),
        weights=_rounded(linear.coef_[0] / 2),
        bias=round((float(linear.intercept_[0]) + start) / 2, 5),
        twigs=tuple(_twig(tree.tree_, boosted.learning_rate / 2) for tree in boosted.estimators_[:, 0]),
        threshold=THRESHOLD,
        made=made,
    )


def _twig(tree: Any, weight: float) -> Twig:
    leaf = tree.children_left < 0
    return Twig(
        feature=tuple(int(f) if not end else -1 for f, end in zip(tree.feature, leaf, strict=True)),
        limit=_rounded(np.where(leaf, 0.0, tree.threshold)),
        below=tuple((int(a), int(b)) for a, b in zip(tree.children_left, tree.children_right, strict=True)),
        value=_rounded(np.where(leaf, tree.value[:, 0, 0] * weight, 0.0)),
    )


def _learn(
    texts: Sequence[str], vectors: NDArray[np.float32], kinds: NDArray[np.intp]
) -> tuple[Figures, NDArray[np.bool_]]:
    """What the gate would read of each node of a stream's tree, and whether the node is one type and most of it."""
    neighbours = find_neighbours(vectors, NEIGHBOURS)
    tree = grow(vectors, neighbours)
    shape = Shape(vectors, neighbours, tree)
    nodes = screened(shape, tree, LEAST)
    measured = measure(texts, shape, tree, nodes)
    table = np.array([[each[name] for name in FEATURES] for each in measured])
    sizes = np.bincount(kinds[kinds >= 0])
    return table, np.array([_good(tree, int(node), kinds, sizes) for node in nodes])


def _good(tree: Tree, node: int, kinds: NDArray[np.intp], sizes: NDArray[np.intp]) -> bool:
    rows = tree.members(node)
    kind, count = main_type(rows, kinds)
    return kind >= 0 and count >= PURE * len(rows) and count >= WHOLE * int(sizes[kind])


def _stream(
    material: Material, source: str, share: float, random: np.random.Generator
) -> tuple[list[str], NDArray[np.intp]]:
    """Twelve types among noise of one source, some of it rare requests of other types; in canonical order."""
    names = sorted(material.types)
    picked = [str(name) for name in random.choice(names, TYPES, replace=False)]
    rows: list[tuple[str, int]] = []
    for kind, name in enumerate(picked):
        size = min(len(material.types[name]), round(float(np.exp(random.uniform(np.log(28), np.log(90))))))
        rows += [(str(text), kind) for text in random.choice(sorted(material.types[name]), size, replace=False)]
    count = round(len(rows) * share / (1 - share))
    others = [str(name) for name in random.permutation([name for name in names if name not in picked])]
    alone: list[str] = []
    for name in others:
        if len(alone) < count * ONE_OFFS:
            alone += [str(text) for text in random.choice(sorted(material.types[name]), random.integers(1, 4))]
    pool = sorted(material.noise[source])
    rest = random.choice(pool, min(len(pool), count - len(alone)), replace=False)
    rows += [(str(text), -1) for text in [*alone, *rest]]
    rows = [rows[i] for i in random.permutation(len(rows))]
    return [text for text, _ in rows], np.array([kind for _, kind in rows], dtype=np.intp)


def _read(types: Sequence[Path], noise: Sequence[Path], hold: Sequence[Path]) -> Material:
    labelled: dict[str, list[str]] = {}
    noises: dict[str, list[str]] = {}
    for path in types:
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                into = noises if row["label"] == "oos" else labelled
                into.setdefault(f"{path.stem}:{row['label']}", []).append(row["text"])
    for path in noise:
        noises.setdefault(path.stem.split("-")[0], []).extend(_noise(path))
    held = _held(hold)
    return Material({n: t for n, t in labelled.items() if not held.intersection(t)}, noises)


def _held(streams: Sequence[Path]) -> set[str]:
    """The texts of the types in these streams: a type with one of them is not fitted on."""
    out: set[str] = set()
    for path in streams:
        stream = read_stream(path)
        out |= {row.text for row, kind in zip(stream.rows, stream.types, strict=True) if kind >= 0}
    return out


def _noise(path: Path) -> list[str]:
    """The untyped rows of a stream; of a folder of Markdown, or of a CSV's column `text`, the sentences."""
    if path.suffix == ".jsonl":
        return [str(said["text"]) for said in map(json.loads, path.read_text("utf-8").splitlines()) if not said["type"]]
    if path.suffix == ".csv":
        with path.open(encoding="utf-8") as file:
            return _sentences(line for row in csv.DictReader(file) for line in row["text"].splitlines())
    if path.is_dir():
        files = sorted(path.rglob("*.md"))
        return _sentences(line for file in files for line in file.read_text("utf-8", "ignore").splitlines())
    raise SettingsError(
        f"reading noise from {str(path)!r}: unknown form; give a stream (.jsonl), a CSV with a column text, "
        "or a folder of Markdown"
    )


def _sentences(lines: Iterable[str]) -> list[str]:
    plain = [re.sub(r"^[\s*#>\-\d.]+|[`*_]", "", line) for line in lines if not re.search(r"[|<]|http", line)]
    return sorted({s for line in plain for s in SENTENCE.split(line) if 4 <= len(s.split()) <= 35})


def _rounded(values: Any) -> tuple[float, ...]:
    return tuple(round(float(v), 6) for v in values)
