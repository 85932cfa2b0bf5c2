"""A trained router as one file, so that a start with the same examples trains nothing."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from router.classifier.linear import Linear, Mix
from router.classifier.local_density import Belonging
from router.classifier.model import Model
from router.classifier.neighbours import Known
from router.classifier.scope_gate import Gate
from router.classifier.training_data import Lesson
from router.log import get_log

KEPT = 5
"""Files of older routers that stay, so that going back is quick."""


def place(folder: Path, version: str) -> Path:
    """The file of that router."""
    return folder / f"router-{version}.npz"


def save(folder: Path, version: str, model: Model, kept: Sequence[Lesson]) -> None:
    """The file is there, whole; of older ones the newest few stay."""
    folder.mkdir(parents=True, exist_ok=True)
    linear, mix, gate, known = model.linear, model.mix, model.gate, model.known
    arrays: dict[str, Any] = {
        "weights": linear.weights,
        "bias": linear.bias,
        "mix": np.array([mix.heat, mix.share, mix.mixed_heat]),
        "gate": np.stack([gate.centre, gate.scale]),
        "gate_weights": gate.weights,
        "gate_bias": np.array([gate.bias, model.threshold]),
        "rows": known.rows,
        "labels": known.labels,
        "middles": known.middles,
        "middle": known.belonging.middle,
        "blocks": known.belonging.blocks,
        "starts": known.belonging.starts,
        "usual": known.belonging.usual,
        "usual_in": known.belonging.usual_in,
        "lessons": np.frombuffer(json.dumps([asdict(one) for one in kept]).encode(), np.uint8),
    }

    partial = folder / f"router-{version}.{os.getpid()}.partial"
    with partial.open("wb") as file:
        np.savez(file, **arrays)

    partial.replace(place(folder, version))
    for old in sorted(folder.glob("router-*.npz"), key=lambda path: path.stat().st_mtime_ns)[
        :-KEPT
    ]:
        old.unlink(missing_ok=True)


def only(folder: Path, versions: Collection[str]) -> None:
    """The files of all other routers are gone."""
    kept = {place(folder, version) for version in versions}
    for file in folder.glob("router-*.npz"):
        if file not in kept:
            file.unlink(missing_ok=True)


def load(folder: Path, version: str) -> tuple[Model, list[Lesson]] | None:
    """What `save` was given; None when there is no such file. A damaged one is as good as none, and the log says so."""
    path = place(folder, version)
    if not path.is_file():
        return None

    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            a = {name: file[name] for name in file.files}

        heat, share, mixed_heat = (float(x) for x in a["mix"])
        centre, scale = a["gate"]
        bias, threshold = (float(x) for x in a["gate_bias"])
        linear, mix = Linear(a["weights"], a["bias"]), Mix(heat, share, mixed_heat)
        known = Known(
            a["rows"],
            a["labels"],
            a["middles"],
            Belonging(a["middle"], a["blocks"], a["starts"], a["usual"], a["usual_in"]),
        )

        kept = [Lesson(**one) for one in json.loads(a["lessons"].tobytes())]
        return Model(
            linear, mix, Gate(centre, scale, a["gate_weights"], bias), known, threshold
        ), kept
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        get_log(part="router").warning(
            "saved_router_unreadable", file=path.name, why=type(error).__name__
        )
        return None
