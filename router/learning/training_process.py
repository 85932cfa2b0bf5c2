"""Trains in a process of its own, so that what trains leaves no memory where people are answered.

The optimiser's library alone takes some 50 MB, and a training several times its vectors. The child
asks its parent for the vectors of texts, which has most of them and the model that makes them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder
from router.errors import BeagleError

CHILD = "router.learning.training_child"
ROOT = Path(__file__).resolve().parents[2]
MAX_SILENT_SECONDS = 900.0
"""A child that says nothing for so long hangs; 15,000 examples train in a few minutes."""


class TrainingProcessError(BeagleError):
    """A training in a process of its own did not end well."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A call of a `Learner` method, and what its learner is made of."""

    method: str
    arguments: Mapping[str, Any]
    folder: Path
    seed: int
    false_reject: float
    model_id: str
    dim: int


class ParentEncoder:
    """The encoder of the process that started this one; see `Encoder`."""

    def __init__(self, parent: Connection, model_id: str, dim: int) -> None:
        self._parent = parent
        self.model_id = model_id
        self.dim = dim

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder.encode`."""
        return self._ask("encode", texts)

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder.views`."""
        return self._ask("views", texts)

    def _ask(self, method: str, texts: Sequence[str]) -> NDArray[np.float32]:
        self._parent.send((method, list(texts)))
        rows: NDArray[np.float32] = self._parent.recv()
        return rows


def train_in_child(job: TrainingJob, encoder: Encoder) -> None:
    """Runs the job in a child process and returns when it has saved its files.

    Raises TrainingProcessError where it failed, was killed or fell silent.
    """
    ours, theirs = Pipe()
    with ours:
        with theirs:
            # No variables of ours: they hold tokens and keys. A session of its own: who ends this
            # process by its terminal does not end a training in the middle of a file.
            process = subprocess.Popen(  # noqa: S603  # ourselves, with arguments we made
                [sys.executable, "-m", CHILD, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={
                    "PYTHONPATH": str(ROOT),
                    "LC_ALL": "C.UTF-8",
                    "OMP_NUM_THREADS": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                },
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

        try:
            ours.send(job)
            _serve(ours, encoder)
        except (EOFError, OSError) as error:
            raise TrainingProcessError(
                f"training in a process of its own: it ended with status {process.wait()}"
            ) from error
        finally:
            process.kill()
            process.wait()


def _serve(child: Connection, encoder: Encoder) -> None:
    """Answers the child's questions until it is done."""
    while True:
        if not child.poll(MAX_SILENT_SECONDS):
            raise TrainingProcessError(
                f"training in a process of its own: no word of it for {MAX_SILENT_SECONDS:.0f} s"
            )

        kind, content = child.recv()
        if kind == "views":
            child.send(encoder.views(content))
        elif kind == "encode":
            child.send(encoder.encode(content))
        elif kind == "failed":
            raise TrainingProcessError(f"training in a process of its own: {content}")
        else:
            return
