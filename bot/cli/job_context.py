"""The context of a job that runs in a terminal: real store and models, no queue, no Slack."""

from __future__ import annotations

from bot.app import encoder, gateway, now, random_share
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.store import Store
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.knowledge.relevance.quote_scorer import QuoteScorer
from workers.llm.model_client import LocalServer
from workers.runtime.leases import Leases


def terminal_context(
    settings: Settings, store: Store, local: LocalServer | None, worker: str
) -> Context:
    """Returns a context whose wake-up calls reach nobody.

    `worker` is the name under which leases are acquired.
    """
    return Context(
        settings=settings,
        store=store,
        queue=MemoryQueue({}),
        model=gateway(settings, store, local),
        replies=MemoryReplies(),
        leases=Leases(store.requests, worker, now, settings.lease_seconds),
        now=now,
        random=random_share,
        index=store.documents,
        encoder=LazyEncoder(lambda: encoder(settings)),
        quote_scorer=QuoteScorer(settings.encoder_cache),
    )
