"""Requests that every worker gave up on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from router.store import Store
from tests.fixtures.delivery import broker
from tests.fixtures.demo_data import demo
from tests.fixtures.knowledge import folder
from tests.fixtures.mining import chatter_fixture, encode, no_map, repeated_requests_fixture
from tests.fixtures.rollout import no_base_model, rollout

__all__ = [
    "broker",
    "chatter_fixture",
    "demo",
    "encode",
    "folder",
    "no_base_model",
    "no_map",
    "repeated_requests_fixture",
    "rollout",
]

GIVEN_UP_AT = 30.0


@pytest.fixture
def give_up(make_request, make_decision) -> Callable[..., str]:
    """Inserts a request that was given up after one attempt; returns its id."""

    def insert(store: Store, key: str, error: str = "it failed", **over: object) -> str:
        store.requests.insert(make_request(id=key, **over), 1.0)
        store.decisions.insert_first(key, make_decision(), 2.0)
        lease = store.requests.acquire(key, "worker", 10.0, 20.0)
        store.requests.complete(lease, "dead", GIVEN_UP_AT, error)
        return key

    return insert
