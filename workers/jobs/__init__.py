"""One file per job: its name is the job, `QUEUE` is the queue it waits in, `run(context, key)` does it.

Running a job twice is safe: the queue is only a wake-up call, and a worker may be killed at any
point.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from router.errors import QueueError

POOLED = frozenset({"answer"})
"""Queues whose jobs wait for a model: many at once in one process. The others use the processor:
one at a time."""
OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "carry_out": "execute_proposal",
        "gate": "judge_version",
        "refresh": "refresh_source",
        "shared": "ingest_shared_file",
    }
)
"""Job names of release 0.1, still accepted for one release: they may wait in a queue while the
workers are upgraded."""


def job_names() -> list[str]:
    """Every job, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def get_job(name: str) -> ModuleType:
    """The job's module. Raises QueueError naming the jobs there are."""
    name = OLD_NAMES.get(name, name)
    if name not in job_names():
        raise QueueError(f"running job {name!r}: unknown; known: {', '.join(job_names())}")

    return importlib.import_module(f"{__name__}.{name}")


@cache
def queue_of_job() -> Mapping[str, str]:
    """Job -> the queue that it waits in."""
    return MappingProxyType({name: get_job(name).QUEUE for name in job_names()})


def queues() -> list[str]:
    """The names of all queues."""
    return sorted(set(queue_of_job().values()))
