"""Takes an approved candidate its next step on the way to a live version, one at a time, from any point again.

The candidate's state is the truth. Which version answers follows from it in the same transaction,
so that a process that is killed leaves nothing half done. What is done in a state is
`workers/road/<state>.py`.
"""

from __future__ import annotations

from router.errors import BeagleError, LifecycleError, QueueError
from router.lifecycle import SYSTEM
from router.log import get_log
from router.store import Store
from workers.context import Context
from workers.llm.metered import KEPT_SECONDS, sweep
from workers.ports import Queue
from workers.rollout.states import get_step, moving
from workers.training.subprocess import train_apart
from workers.training.tune import Train

QUEUE = "compute"


def run(context: Context, key: str, train: Train = train_apart) -> None:
    """Candidate `key` is a step further, or waits: for a person, for more requests, or for what the log says."""
    sweep(context.settings.data, context.now() - KEPT_SECONDS)
    one = context.store.candidates.get(key)
    if one is None:
        return

    step = get_step(one.state)
    if step is None:
        return

    log = get_log(step="advance", candidate=key, state=one.state)
    try:
        found = step.run(context, one, train)
        if found is None:
            return

        to, evidence = found
        context.store.candidates.advance(
            key, to, actor=SYSTEM, at=context.now(), evidence=evidence, version=one.version
        )
    except LifecycleError as error:
        log.info("advanced_elsewhere", error=str(error))
        return
    except BeagleError as error:
        log.warning("candidate_waits", error=str(error))
        return

    log.info("candidate_advanced", to=to)
    try:
        context.queue.wake("advance", key)
    except QueueError as error:
        log.info("not_woken", error=str(error))


def wake_all(store: Store, queue: Queue) -> None:
    """Every candidate that may go on by itself is looked at again."""
    for one in store.candidates.waiting(moving()):
        queue.wake("advance", one.id)


def take_up(context: Context) -> None:
    """Candidates whose worker died are looked at by the one that has just come up, not only at the next round."""
    try:
        wake_all(context.store, context.queue)
    except QueueError as error:
        get_log(step="advance").info("not_woken", error=str(error))
