"""Fixtures that tests of the jobs share."""

from __future__ import annotations

from tests.fixtures.delivery import make_context
from tests.fixtures.rollout import make_rollout, no_base_model, rollout

__all__ = ["make_context", "make_rollout", "no_base_model", "rollout"]
