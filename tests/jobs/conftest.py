"""Fixtures that tests of the jobs share."""

from __future__ import annotations

from tests.fixtures.delivery import make_context
from tests.fixtures.mining import chatter_fixture, encode, repeated_requests_fixture
from tests.fixtures.rollout import make_rollout, no_base_model, rollout
from tests.fixtures.weekly import (
    context,
    mined_week,
    queue,
    review,
    settings,
    slack,
    store,
    week,
    words,
)

__all__ = [
    "chatter_fixture",
    "context",
    "encode",
    "make_context",
    "make_rollout",
    "mined_week",
    "no_base_model",
    "queue",
    "repeated_requests_fixture",
    "review",
    "rollout",
    "settings",
    "slack",
    "store",
    "week",
    "words",
]
