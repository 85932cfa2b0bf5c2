"""Takes an approved candidate its next step on the way to a live version, one at a time, from any point again.

The candidate's state is the truth. Which version answers follows from it and is set anew at each run, so that a process
that was killed between the two leaves nothing half done. What is done in a state is `workers/road/<state>.py`.
"""

from __future__ import annotations

from router.errors import BeagleError, LifecycleError, QueueError
from router.lifecycle import SYSTEM
from router.log import get_log
from router.store import Store
from router.types import Candidate
from workers import standing
from workers.context import Context
from workers.ports import Queue
from workers.road import get_step, moving
from workers.training import train_apart
from workers.tune import Train


def run(context: Context, key: str, train: Train = train_apart) -> None:
    """Candidate `key` is a step further, or waits: for a person, for more requests, or for what the log says."""
    one = context.store.candidates.get(key)
    if one is None:
        return
    settle(context, one)
    step = get_step(one.state)
    if step is None:
        return
    log = get_log(step="advance", candidate=key, state=one.state)
    try:
        found = step.run(context, one, train)
        if found is None:
            return
        to, evidence = found
        now = context.store.candidates.advance(
            key, to, actor=SYSTEM, at=context.now(), evidence=evidence, version=one.version
        )
    except LifecycleError as error:
        log.info("advanced_elsewhere", error=str(error))
        return
    except BeagleError as error:
        log.warning("candidate_waits", error=str(error))
        return
    settle(context, now)
    log.info("candidate_advanced", to=to)
    try:
        context.queue.wake("advance", key)
    except QueueError as error:
        log.info("not_woken", error=str(error))


def wake_all(store: Store, queue: Queue) -> None:
    """Every candidate that may go on by itself, or whose versions may not stand as it says, is looked at again."""
    for one in store.candidates.waiting((*moving(), "rolled_back")):
        queue.wake("advance", one.id)


def settle(context: Context, one: Candidate) -> None:
    """The versions of the candidate's route stand as its state says. Doing it twice changes nothing."""
    told = standing.evidence(context, one)
    version = told.get("version")
    stored = context.store.versions.get(one.route, version) if one.route and version else None
    if stored is None:
        return
    versions, place = context.store.versions, (stored.state, stored.share)
    if one.state == "shadow" and place != ("shadow", 1.0):
        versions.try_beside(stored.route, stored.id)
    elif one.state == "canary" and place != ("canary", told["share"]):
        versions.let_in(stored.route, stored.id, float(told["share"]))
    elif one.state == "live" and stored.state == "canary":
        versions.go_live(stored.route, stored.id, share=1.0)
    elif one.state == "rolled_back" and stored.state in ("canary", "live", "shadow"):
        versions.withdraw(stored.route, stored.id)
