"""Labelled messages from a CSV file, and the train and test sets drawn from them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder
from router.errors import InputError
from router.text.normalise import normalise
from router.types import Example

OOS = "oos"
COLUMNS = ("split", "text", "label")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file; `label` is `oos` where no route fits."""

    split: str
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One experiment: the training examples, the test rows and out-of-scope training texts."""

    routes: tuple[str, ...]
    train: tuple[Example, ...]
    test: tuple[Row, ...]
    oos_texts: tuple[str, ...] = ()


def read_rows(path: Path) -> list[Row]:
    """Reads a CSV file with the columns split, text and label.

    Raises InputError saying what is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)

            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"reading {str(path)!r}: no column {', '.join(missing)}; "
                    f"found {reader.fieldnames!r}; "
                    "the first line names split, text and label"
                )

            rows = [
                Row(line["split"] or "", line["text"] or "", line["label"] or "") for line in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"reading {str(path)!r}: {error}; expected a CSV file in UTF-8") from error

    rows = [row for row in rows if row.text.strip() and row.label.strip()]
    for split in ("train", "test"):
        if not any(row.split == split and row.label != OOS for row in rows):
            raise InputError(
                f"reading {str(path)!r}: no line of split {split!r} "
                "with a route's name as its label"
            )

    return rows


def labels_of_domain(path: Path, domain: str, domains: Path | None) -> frozenset[str]:
    """Returns the labels of a domain from a JSON file of lists by name.

    The default file is `<data>_domains.json`.
    """
    file = domains or path.with_name(f"{path.stem}_domains.json")
    try:
        by_domain = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"reading domains from {str(file)!r}: {error}; expected JSON like {{name: [label]}}"
        ) from error

    if domain not in by_domain:
        raise InputError(
            f"reading {str(file)!r}: no domain {domain!r}; known: {', '.join(sorted(by_domain))}"
        )

    return frozenset(by_domain[domain])


def draw_trial(
    rows: Sequence[Row],
    shots: int | None,
    seed: int,
    only: frozenset[str] | None = None,
    use_oos: bool = False,
) -> Trial:
    """Draws `shots` training rows of each route by the seed (None: all); takes all test rows.

    With 0 the routes have their names alone.

    With `only`, messages of all other routes are out of scope. Those of a label without a
    training row always are. Out-of-scope rows of train and valid are used only on request.
    """
    labels = sorted({row.label for row in rows if row.split == "train" and row.label != OOS})
    routes = [label for label in labels if only is None or label in only]
    rng = np.random.default_rng(seed)
    train: list[Example] = []

    for route in routes:
        own_texts = [row.text for row in rows if row.split == "train" and row.label == route]
        picked = rng.permutation(len(own_texts))[:shots]
        train += [Example(own_texts[i], route) for i in picked]

    known = set(routes)
    test = tuple(
        row if row.label in known else Row(row.split, row.text, OOS)
        for row in rows
        if row.split == "test"
    )

    oos_texts: list[str] = []
    if use_oos:
        oos_texts = [row.text for row in rows if row.split != "test" and row.label == OOS]

    return Trial(tuple(routes), tuple(train), test, tuple(oos_texts))


def without_names(trial: Trial) -> Trial:
    """Returns the trial with numbers instead of route names, so that names carry no signal."""
    numbers = {route: f"{i:04d}" for i, route in enumerate(trial.routes)}
    train = tuple(Example(example.text, numbers[example.route]) for example in trial.train)
    test = tuple(Row(row.split, row.text, numbers.get(row.label, OOS)) for row in trial.test)

    return Trial(tuple(numbers.values()), train, test, trial.oos_texts)


def hide_siblings(trial: Trial, seed: int, encoder: Encoder) -> Trial:
    """Returns the trial without a third of its routes, whose messages become out of scope.

    The routes are taken from the closest pairs, one of each, so that every out-of-scope message
    is close to a known route.
    """
    if len(trial.routes) < 3:
        raise InputError(
            f"hiding siblings: --near needs three routes or more; found {len(trial.routes)}"
        )

    centroids = []
    for route in trial.routes:
        rows = encoder.encode(
            [normalise(example.text) for example in trial.train if example.route == route]
        )
        centroid = rows.mean(axis=0)
        centroids.append(centroid / max(float(np.linalg.norm(centroid)), 1e-9))

    similar = np.array(centroids) @ np.array(centroids).T
    rng = np.random.default_rng(seed)
    paired: set[int] = set()
    hidden: set[str] = set()

    first, second = np.triu_indices(len(trial.routes), 1)
    # Closest pairs first, each route in one pair only.
    for i in np.argsort(-similar[first, second], kind="stable"):
        pair = int(first[i]), int(second[i])
        if len(hidden) < len(trial.routes) // 3 and not paired & set(pair):
            paired |= set(pair)
            hidden.add(trial.routes[pair[int(rng.integers(2))]])

    train = tuple(example for example in trial.train if example.route not in hidden)
    test = tuple(
        Row(row.split, row.text, OOS) if row.label in hidden else row
        for row in trial.test
        if row.label != OOS
    )

    return Trial(
        tuple(route for route in trial.routes if route not in hidden), train, test, trial.oos_texts
    )


class CachedEncoder:
    """An encoder that encodes each text once per evaluation."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.model_id, self.dim = encoder.model_id, encoder.dim
        self._rows: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the first view alone."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the views of the wrapped encoder."""
        missing = list(dict.fromkeys(text for text in texts if text not in self._rows))
        if missing:
            self._rows.update(zip(missing, self._encoder.views(missing), strict=True))
        if not texts:
            return self._encoder.views([])

        return np.stack([self._rows[text] for text in texts])
