"""The process that trains: it takes one job from its parent, saves the files and ends."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from router.learning.learner import Learner
from router.learning.training_process import ParentEncoder, TrainingJob


def main() -> None:
    """Runs the job that comes through the connection of that number."""
    with Connection(int(sys.argv[1])) as parent:
        job: TrainingJob = parent.recv()
        encoder = ParentEncoder(parent, job.model_id, job.dim)
        learner = Learner(encoder, job.folder, job.seed, job.false_reject)
        try:
            getattr(learner, job.method)(**job.arguments)
        except Exception as error:  # noqa: BLE001  # whatever it was, the parent is told
            # Only the type: the message may quote what people wrote.
            parent.send(("failed", type(error).__name__))
        else:
            parent.send(("done", None))


if __name__ == "__main__":
    main()
