"""Shows the progress of a training on stderr."""

from __future__ import annotations

import sys

from router.text.printable import print_line
from workers.training.trainers import TrainingProgress


def print_progress(progress: TrainingProgress) -> None:
    """Prints the step, the loss and the seconds, and how many dev answers are exact if measured."""
    dev = "" if progress.dev_exact is None else f"  dev exact {progress.dev_exact:.0%}"
    position = f"step {progress.step}/{progress.steps}"
    line = f"{position}  loss {progress.loss:.3f}  {progress.seconds:.0f} s{dev}"
    print_line(line, file=sys.stderr)
