"""Streams made of labelled messages and noise: what the gate S1 learns from, and what it is tried on."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.chatter import chatter
from evals.streams import PURE, WHOLE, main_type, read_stream
from evals.templated import templated
from router.errors import SettingsError
from router.text.normalise import normalise
from router.text.redact import redact
from workers.mining.clustering import measure
from workers.mining.linkage import Tree

TYPES = 12
SIZES, MOST_COPIED = (28, 90), 300
"""Rows of a type; of one whose requests are copied there can be more."""
LEAST = 12
MOST_NOISE = 10_000
ONE_OFFS = 0.1
CHATTER = (0.0, 0.0, 0.03, 0.06, 0.1)
"""Shares of the noise that are rare requests, and small talk, which is drawn for each stream."""
COPIED = 0.2
"""The share of types whose requests are copied, with other things filled in."""
SENTENCE = re.compile(r"(?<=[.?!])\s+")
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Material:
    """Texts by type, and noise texts by source."""

    types: Mapping[str, Sequence[str]]
    noise: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Made:
    """A stream as the miner sees it: masked texts, their vectors, and each one's type, -1 for noise."""

    texts: list[str]
    vectors: NDArray[np.float32]
    types: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the gate reads of each node of a stream's tree, and whether the node is one type and most of it."""

    table: NDArray[np.float64]
    good: NDArray[np.bool_]


def make_stream(
    material: Material,
    source: str,
    share: float,
    encode: Encode,
    random: np.random.Generator,
    types: int = TYPES,
) -> Made:
    """So many types among noise of one source, mixed with rare requests and small talk."""
    names = sorted(material.types)
    picked = [str(name) for name in random.choice(names, types, replace=False)]
    rows = [
        (text, kind)
        for kind, name in enumerate(picked)
        for text in _asked(material.types[name], random)
    ]

    count = round(len(rows) * share / (1 - share))
    noise: list[str] = []

    for other in random.permutation([name for name in names if name not in picked]):
        if len(noise) < count * ONE_OFFS:
            noise += _some(material.types[str(other)], int(random.integers(1, 4)), random)

    noise = noise[:count] + chatter(int(count * random.choice(CHATTER)), random)
    noise += _some(material.noise[source], count - len(noise), random)
    rows = sorted([*rows, *((text, -1) for text in noise)])
    rows = [rows[i] for i in random.permutation(len(rows))]
    texts = [redact(text) for text, _ in rows]

    return Made(
        texts,
        encode([normalise(text) for text in texts]),
        np.array([kind for _, kind in rows], np.intp),
    )


def _asked(texts: Sequence[str], random: np.random.Generator) -> list[str]:
    """The rows of one type: different ones, or copied ones where its texts allow that."""
    copied = random.random() < COPIED
    size = round(
        float(np.exp(random.uniform(*np.log((SIZES[0], MOST_COPIED if copied else SIZES[1])))))
    )

    return (templated(texts, size, random) if copied else []) or _some(texts, size, random)


def learn(stream: Made, features: Sequence[str]) -> Lesson:
    """The stream as a lesson for the gate."""
    tree, nodes, measured = measure(stream.texts, stream.vectors, LEAST)
    sizes = np.bincount(stream.types[stream.types >= 0])
    good = np.array([_good(tree, int(node), stream.types, sizes) for node in nodes], bool)
    table = np.array([[each[name] for name in features] for each in measured], np.float64)

    return Lesson(table.reshape(len(nodes), len(features)), good)


def read_material(
    types: Sequence[Path], noise: Sequence[Path], hold: Sequence[Path], *, held: bool = False
) -> Material:
    """What these files hold; of the types those with no text in the streams `hold`, or only those with one."""
    labelled: dict[str, list[str]] = {}
    noises: dict[str, list[str]] = {}

    for path in types:
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["label"] != "oos":
                    labelled.setdefault(f"{path.stem}:{row['label']}", []).append(row["text"])

    for path in noise:
        noises.setdefault(path.stem.split("-")[0], []).extend(_noise(path))

    seen = _texts_of(hold)
    kept = {
        name: texts for name, texts in labelled.items() if bool(seen.intersection(texts)) == held
    }
    ours = {text for texts in labelled.values() for text in texts}

    return Material(kept, {name: _few(texts, ours) for name, texts in noises.items()})


def _few(texts: Sequence[str], ours: Collection[str]) -> list[str]:
    """At most MOST_NOISE of the texts, none of them one of `ours`: enough for the longest stream."""
    kept = sorted({text for text in texts if text not in ours})
    return _some(kept, MOST_NOISE, np.random.default_rng(0))


def _some(texts: Sequence[str], count: int, random: np.random.Generator) -> list[str]:
    pool = sorted(set(texts))
    return (
        [str(text) for text in random.choice(pool, min(len(pool), max(count, 0)), replace=False)]
        if pool
        else []
    )


def _good(tree: Tree, node: int, kinds: NDArray[np.intp], sizes: NDArray[np.intp]) -> bool:
    rows = tree.members(node)
    kind, count = main_type(rows, kinds)
    return kind >= 0 and count >= PURE * len(rows) and count >= WHOLE * int(sizes[kind])


def _texts_of(streams: Sequence[Path]) -> set[str]:
    """The texts of the types in these streams."""
    out: set[str] = set()
    for path in streams:
        stream = read_stream(path)
        out |= {row.text for row, kind in zip(stream.rows, stream.types, strict=True) if kind >= 0}

    return out


def _noise(path: Path) -> list[str]:
    """The untyped rows of a stream; of a folder of Markdown, or of a CSV's column `text`, the sentences."""
    if path.suffix == ".jsonl":
        return [
            str(said["text"])
            for said in map(json.loads, path.read_text("utf-8").splitlines())
            if not said["type"]
        ]

    if path.suffix == ".csv":
        with path.open(encoding="utf-8") as file:
            return _sentences(
                line for row in csv.DictReader(file) for line in row["text"].splitlines()
            )

    if path.is_dir():
        files = sorted(path.rglob("*.md"))
        return _sentences(
            line for file in files for line in file.read_text("utf-8", "ignore").splitlines()
        )

    raise SettingsError(
        f"reading noise from {str(path)!r}: unknown form; give a stream (.jsonl), a CSV with a column text, "
        "or a folder of Markdown"
    )


def _sentences(lines: Iterable[str]) -> list[str]:
    plain = [
        re.sub(r"^[\s*#>\-\d.]+|[`*_]", "", line)
        for line in lines
        if not re.search(r"[|<]|http", line)
    ]
    return sorted({s for line in plain for s in SENTENCE.split(line) if 4 <= len(s.split()) <= 35})
