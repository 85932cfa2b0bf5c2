"""Dataset: a person reviews it.

A version that is being retrained answers meanwhile and is watched as a live one.
"""

from __future__ import annotations

from workers.rollout.states.live import run

__all__ = ["run"]
