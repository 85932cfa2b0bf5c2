"""Every step a worker can do, and the queue it waits in."""

from __future__ import annotations

import threading
from dataclasses import replace

from router.encoder.reranker import Reranker
from router.errors import QueueError
from router.log import get_log
from workers.context import Context
from workers.jobs import POOLED, get_job, queue_of_job, queues
from workers.jobs.advance import take_up
from workers.runtime import queue as rq_queue
from workers.runtime.thread_pool import Pool


def run_step(context: Context, step: str, key: str) -> None:
    """The step has been done for `key`, or left for another try; a failure is logged once and never raised."""
    job = get_job(step)
    try:
        job.run(context, key)
    except Exception:  # noqa: BLE001  # the job boundary: one bad row must not end the worker
        get_log(step=step, key=key).exception("step_broke")


def serve(context: Context, url: str, queue: str, stopped: threading.Event) -> None:
    """Take steps from `queue` until SIGTERM or SIGINT, then finish what was begun."""
    if queue not in queues():
        raise QueueError(f"working on queue {queue!r}: unknown; known: {', '.join(queues())}")

    if queue in POOLED and context.settings.reranker:
        context = replace(context, reranker=_loading(context.settings.reranker))

    def run(step: str, key: str) -> None:
        run_step(context, step, key)

    log = get_log(queue=queue)
    log.info("worker_started")
    if queue == queue_of_job()["advance"]:
        take_up(context)

    if queue in POOLED:
        pool = Pool(run, context.settings.concurrency)
        rq_queue.work(url, queue, pool.submit, stopped)
        pool.drain()
    else:
        rq_queue.work(url, queue, run, stopped)

    log.info("worker_stopped")


def _loading(name: str) -> Reranker:
    """The reranker; it loads on a thread of its own, so that nobody's question waits for that."""
    reranker = Reranker(name)
    threading.Thread(target=reranker.load, name="reranker", daemon=True).start()
    return reranker
