"""Saves a trained router as one file, so that a start with the same examples trains nothing.

A file holds vectors and ids of examples, and of their words 20 bits of a checksum each.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.classifier.local_density import ClassDensity
from router.classifier.logistic import LinearClassifier
from router.classifier.mixture import Mixture
from router.classifier.model import FittedParts, RouteClassifier
from router.classifier.neighbours import ExampleIndex
from router.classifier.scope_gate import ScopeClassifier
from router.classifier.training_data import ExampleReference
from router.classifier.words import WordModel
from router.log import get_log

MAX_FILES = 5
"""Files that stay in a folder, newest first, so that going back to an older router is quick."""


def path_for(folder: Path, version: str) -> Path:
    """Returns the file of that router."""
    return folder / f"router-{version}.npz"


def save_classifier(
    folder: Path,
    version: str,
    classifier: RouteClassifier,
    examples: Sequence[ExampleReference],
) -> None:
    """Writes the file, which appears whole or not at all, and removes all but the newest few."""
    folder.mkdir(parents=True, exist_ok=True)

    # A rename is atomic. The process id keeps two processes from writing to the same partial file.
    partial = folder / f"router-{version}.{os.getpid()}.partial"
    with partial.open("wb") as file:
        np.savez(file, **_to_arrays(classifier, examples))
    partial.replace(path_for(folder, version))

    files = sorted(folder.glob("router-*.npz"), key=lambda path: path.stat().st_mtime_ns)
    for old in files[:-MAX_FILES]:
        old.unlink(missing_ok=True)


def load_classifier(
    folder: Path, version: str
) -> tuple[RouteClassifier, list[ExampleReference]] | None:
    """Returns what `save_classifier` was given, or None when there is no such file.

    A damaged file counts as missing: the log says so, and the router is trained again.
    """
    path = path_for(folder, version)
    if not path.is_file():
        return None

    try:
        # Without pickle, nothing in a file can run as code.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}

        return _from_arrays(arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        get_log(part="router").warning(
            "saved_router_unreadable", file=path.name, why=type(error).__name__
        )
        return None


def prune(folder: Path, versions: Collection[str]) -> None:
    """Removes the files of all other routers."""
    wanted = {path_for(folder, version) for version in versions}
    for file in folder.glob("router-*.npz"):
        if file not in wanted:
            file.unlink(missing_ok=True)


def _to_arrays(classifier: RouteClassifier, examples: Sequence[ExampleReference]) -> dict[str, Any]:
    """Returns everything as arrays by name; the examples are JSON in an array of bytes."""
    parts = classifier.parts
    linear, index, words = parts.linear, parts.index, parts.words
    mixture = classifier.mixture
    scope = classifier.scope
    text = json.dumps([asdict(example) for example in examples])

    return {
        "weights": linear.weights,
        "bias": linear.bias,
        "mixture": np.array(list(asdict(mixture).values())),
        "word_ids": words.ids,
        "word_starts": words.starts,
        "word_classes": words.classes,
        "word_gains": words.gains,
        "word_unused": words.unused,
        "scope": np.stack([scope.center, scope.scale]),
        "scope_weights": scope.weights,
        "scope_bias": np.array([scope.bias, classifier.threshold]),
        "rows": index.rows,
        "labels": index.labels,
        "centroids": index.centroids,
        "density_mean": index.density.mean,
        "density_views": index.density.views,
        "density_starts": index.density.starts,
        "density_nn_cosine": index.density.nn_cosine,
        "density_class_nn_cosine": index.density.class_nn_cosine,
        "has_near_misses": np.array([classifier.has_near_misses]),
        "examples": np.frombuffer(text.encode(), np.uint8),
    }


def _from_arrays(
    arrays: Mapping[str, NDArray[Any]],
) -> tuple[RouteClassifier, list[ExampleReference]]:
    """Inverts `_to_arrays`. Raises KeyError, TypeError or ValueError for other content."""
    linear = LinearClassifier(arrays["weights"], arrays["bias"])
    mixture = Mixture(*(float(value) for value in arrays["mixture"]))
    words = WordModel(
        *(arrays[f"word_{name}"] for name in ("ids", "starts", "classes", "gains", "unused"))
    )

    center, scale = arrays["scope"]
    bias, threshold = (float(value) for value in arrays["scope_bias"])
    scope = ScopeClassifier(center, scale, arrays["scope_weights"], bias)

    density = ClassDensity(
        arrays["density_mean"],
        arrays["density_views"],
        arrays["density_starts"],
        arrays["density_nn_cosine"],
        arrays["density_class_nn_cosine"],
    )
    index = ExampleIndex(arrays["rows"], arrays["labels"], arrays["centroids"], density)

    examples = [ExampleReference(**row) for row in json.loads(arrays["examples"].tobytes())]
    has_near_misses = bool(arrays["has_near_misses"][0])
    parts = FittedParts(linear, index, words)
    classifier = RouteClassifier(parts, mixture, scope, threshold, has_near_misses)
    return classifier, examples
