"""Takes an approved candidate one state further on its way to a live version.

The candidate's state is the truth, and which version answers follows from it in the same
transaction, so a killed process leaves nothing half done. The work of a state is in
`workers/rollout/states/<state>.py`.
"""

from __future__ import annotations

from router.errors import BeagleError, LifecycleError, QueueError
from router.lifecycle import SYSTEM
from router.log import get_log
from router.store import Store
from workers.context import Context
from workers.knowledge.workspace_scope import workspace_context
from workers.llm.call_recording import RECORDING_SECONDS, delete_old_recordings
from workers.ports import Queue
from workers.rollout.states import automatic_states, get_handler
from workers.training.subprocess import train_in_subprocess
from workers.training.tune import TrainingRunner

QUEUE = "compute"


def run(context: Context, key: str, train: TrainingRunner = train_in_subprocess) -> None:
    """Does the work of candidate `key`'s state and moves it on, or leaves it waiting.

    It waits for a person, for more requests, or for what the log says. Running it twice is safe.
    """
    delete_old_recordings(context.settings.data, context.now() - RECORDING_SECONDS)
    candidate = context.store.candidates.get(key)
    if candidate is None:
        return

    handler = get_handler(candidate.state)
    if handler is None:
        return

    log = get_log(job="advance", candidate=key, state=candidate.state)
    try:
        # What is measured, trained and stored is this workspace's.
        scoped = workspace_context(context, candidate.team)
        evidence = handler.run(scoped, candidate, train)
        if evidence is None:
            return

        # The version of the candidate that the work began with: if anybody moved it meanwhile, the
        # store refuses.
        context.store.candidates.advance(
            key, evidence, actor=SYSTEM, at=context.now(), version=candidate.version
        )
    except LifecycleError as error:
        log.info("advanced_elsewhere", error=str(error))
        return
    except BeagleError as error:
        log.warning("candidate_waits", error=str(error))
        return

    log.info("candidate_advanced", to=evidence.state)
    try:
        context.queue.enqueue("advance", key)
    except QueueError as error:
        log.info("job_enqueue_failed", error=str(error))


def enqueue_automatic(store: Store, queue: Queue) -> None:
    """Enqueues every candidate in a state that needs no person. Raises QueueError."""
    for candidate in store.candidates.in_states(automatic_states()):
        queue.enqueue("advance", candidate.id)


def resume_candidates(context: Context) -> None:
    """Enqueues candidates when a worker starts: the worker that died may have had one of them."""
    try:
        enqueue_automatic(context.store, context.queue)
    except QueueError as error:
        get_log(job="advance").info("job_enqueue_failed", error=str(error))
