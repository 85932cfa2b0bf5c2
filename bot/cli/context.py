"""What a step works with when somebody runs it in a terminal: the real store and models, no queue and no Slack."""

from __future__ import annotations

from bot.app import chance, encoder, gateway, now
from router.config import Settings
from router.store import Store
from router.store.knowledge.index import Knowledge
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.llm.local_server import LocalModel
from workers.runtime.leases import Leases


def by_hand(settings: Settings, store: Store, local: LocalModel | None, worker: str) -> Context:
    """A context whose wake-up calls reach nobody; `worker` is the name it takes leases under."""
    return Context(
        settings=settings,
        store=store,
        queue=MemoryQueue({}),
        model=gateway(settings, store, local),
        replies=MemoryReplies(),
        leases=Leases(store.requests, worker, now, settings.lease_seconds),
        now=now,
        random=chance,
        search=Knowledge(store.engine),
        encoder=lambda: encoder(settings),
    )
