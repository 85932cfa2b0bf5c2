"""Fixtures that tests of the evaluations share."""

from __future__ import annotations

from tests.fixtures.knowledge import encoder, index
from tests.fixtures.mining import chatter_fixture, encode, repeated_requests_fixture
from tests.fixtures.rollout import no_base_model, rollout
from tests.fixtures.router import examples, routes, trigrams

__all__ = [
    "chatter_fixture",
    "encode",
    "encoder",
    "examples",
    "index",
    "no_base_model",
    "repeated_requests_fixture",
    "rollout",
    "routes",
    "trigrams",
]
