"""Fixtures that tests of datasets share."""

from __future__ import annotations

from tests.fixtures.rollout import no_base_model, rollout

__all__ = ["no_base_model", "rollout"]
