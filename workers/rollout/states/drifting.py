"""Drifting: a person decides.

Meanwhile the version is rolled back where it does worse, as a live one is.
"""

from __future__ import annotations

from workers.rollout.states.live import run

__all__ = ["run"]
