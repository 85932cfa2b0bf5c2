"""Fixtures that tests of the weekly loop share."""

from __future__ import annotations

from tests.fixtures.draft_clicks import drafted, found, presses
from tests.fixtures.drift import base_weights, live_snapshot, weeks
from tests.fixtures.drift_admin import drift_admin
from tests.fixtures.mining import chatter_fixture, encode, repeated_requests_fixture
from tests.fixtures.rollout import no_base_model, rollout
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
    "base_weights",
    "chatter_fixture",
    "context",
    "drafted",
    "drift_admin",
    "encode",
    "found",
    "live_snapshot",
    "mined_week",
    "no_base_model",
    "presses",
    "queue",
    "repeated_requests_fixture",
    "review",
    "rollout",
    "settings",
    "slack",
    "store",
    "week",
    "weeks",
    "words",
]
