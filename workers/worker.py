"""The worker process: takes jobs from one queue and runs them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from router.encoder.lazy import LazyEncoder
from router.encoder.reranker import Reranker
from router.errors import BeagleError, ModelError, QueueError, StoreAwayError
from router.log import get_log
from workers.context import Context
from workers.jobs import POOLED, get_job, queue_of_job, queues
from workers.jobs.advance import resume_candidates
from workers.jobs.answer import answer_next
from workers.knowledge.relevance.line_meaning import reads_meaning
from workers.llm.gateway import LOCAL
from workers.ports import LanguageModel, Message, ModelCall, QuoteScores
from workers.runtime import queue as rq_queue
from workers.runtime.thread_pool import BoundedThreadPool


def run_job(context: Context, job: str, key: str) -> None:
    """Runs a job for `key`. A crash is logged and never raised, so that the worker goes on.

    Raises QueueError for an unknown job.
    """
    module = get_job(job)
    start, failed = time.monotonic(), True
    try:
        # What people wait for goes first; the background job comes again after it.
        if getattr(module, "BACKGROUND", False) and answer_next(context):
            context.queue.enqueue(job, key)
            failed = False
            return

        module.run(context, key)
        failed = False
    except StoreAwayError as error:
        # What the job was for is stored, so it is found again once the database answers.
        get_log(job=job, key=key).warning("store_away", error=str(error))
    except Exception:  # noqa: BLE001  # the job boundary: one bad row must not end the worker
        get_log(job=job, key=key).exception("job_crashed")
    finally:
        context.queue.record_run(job, time.monotonic() - start, failed=failed)


def serve(context: Context, url: str, queue: str, stopped: threading.Event) -> None:
    """Takes jobs from `queue` until SIGTERM or SIGINT, then finishes what it has begun."""
    if queue not in queues():
        raise QueueError(f"working on queue {queue!r}: unknown; known: {', '.join(queues())}")

    if queue in POOLED and context.settings.reranker:
        context = replace(context, reranker=_load_in_background(context.settings.reranker))

    def run(job: str, key: str) -> None:
        run_job(context, job, key)

    log = get_log(queue=queue)
    log.info("worker_started")
    # Not only at the reaper's next round: training may have been interrupted.
    if queue == queue_of_job()["advance"]:
        resume_candidates(context)

    # RQ itself runs one job at a time; the pool lets many model calls wait at once.
    if queue in POOLED:
        pool = BoundedThreadPool(run, context.settings.concurrency)
        rq_queue.run_worker(url, queue, pool.submit, stopped)
        pool.drain()
    else:
        rq_queue.run_worker(url, queue, run, stopped)

    log.info("worker_stopped")


def warm_up_models(encoder: LazyEncoder, scorer: QuoteScores | None = None) -> None:
    """Loads the encoder and the quote scorer on a thread: a first request would wait for them.

    Where that fails, each request that needs the encoder fails and says why.
    """

    def load() -> None:
        try:
            encoder.encode(["hello"])
            if scorer is not None and reads_meaning(encoder):
                scorer.scores("hello", ["hello"])
        except BeagleError as error:
            get_log(part="encoder").warning("encoder_warmup_failed", error=str(error))

    threading.Thread(target=load, name="encoder", daemon=True).start()


def warm_up_local_model(model: LanguageModel) -> None:
    """Makes one short call now: the first one reads the weights."""
    hello: Message = {"role": "user", "content": "hello"}
    try:
        model.complete(ModelCall([hello], models=(LOCAL,), output_tokens=1))
    except ModelError as error:
        get_log(part="model").warning("model_warmup_failed", error=str(error))


def _load_in_background(name: str) -> Reranker:
    """Returns the reranker at once and loads it on a thread, so that no request waits for it."""
    reranker = Reranker(name)
    threading.Thread(target=reranker.load, name="reranker", daemon=True).start()
    return reranker
