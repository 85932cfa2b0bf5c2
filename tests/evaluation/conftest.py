"""Fixtures that tests of evaluation share."""

from __future__ import annotations

from tests.fixtures.rollout import no_base_model, rollout, settings

__all__ = ["no_base_model", "rollout", "settings"]
