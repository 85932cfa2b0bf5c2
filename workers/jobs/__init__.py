"""One file per job: its name is the job, `QUEUE` is its queue, `run(context, key)` does the work.

`FIRST = True` puts it at the head of its queue, `BACKGROUND = True` lets requests go first.

Running a job twice is safe: the queue may repeat entries, and a worker may be killed at any point.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from router.errors import QueueError

POOLED = frozenset({"answer"})
"""Queues whose jobs wait for a model, so one process runs many at once. Jobs of the other queues
use the processor and run one at a time."""
OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "carry_out": "execute_proposal",
        "gate": "judge_version",
        "refresh": "refresh_source",
        "shared": "ingest_shared_file",
    }
)
"""Job names of release 0.1, accepted for one more release: entries with them may wait in a queue
while the workers are upgraded."""


def job_names() -> list[str]:
    """Returns the names of all jobs in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def get_job(name: str) -> ModuleType:
    """Returns the job's module. Raises QueueError naming the known jobs."""
    name = OLD_NAMES.get(name, name)
    if name not in job_names():
        raise QueueError(f"running job {name!r}: unknown; known: {', '.join(job_names())}")

    return importlib.import_module(f"{__name__}.{name}")


@cache
def queue_of_job() -> Mapping[str, str]:
    """Returns each job's queue, by the job's name."""
    return MappingProxyType({name: get_job(name).QUEUE for name in job_names()})


@cache
def first_jobs() -> frozenset[str]:
    """Returns the jobs that are put at the head of their queue (`FIRST = True` in the file)."""
    return frozenset(name for name in job_names() if getattr(get_job(name), "FIRST", False))


def queues() -> list[str]:
    """Returns the names of all queues."""
    return sorted(set(queue_of_job().values()))
