"""Fixtures that tests of drift share."""

from __future__ import annotations

from tests.fixtures.drift import base_weights, live_snapshot, weeks
from tests.fixtures.drift_admin import drift_admin
from tests.fixtures.rollout import no_base_model

__all__ = ["base_weights", "drift_admin", "live_snapshot", "no_base_model", "weeks"]
