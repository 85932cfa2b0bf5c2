"""Fixtures that tests of the weekly loop share."""

from __future__ import annotations

from tests.fixtures.drift import base_weights, live_snapshot, weeks
from tests.fixtures.drift_admin import drift_admin
from tests.fixtures.mining import chatter_fixture, encode, repeated_requests_fixture
from tests.fixtures.rollout import no_base_model, rollout

__all__ = [
    "base_weights",
    "chatter_fixture",
    "drift_admin",
    "encode",
    "live_snapshot",
    "no_base_model",
    "repeated_requests_fixture",
    "rollout",
    "weeks",
]
