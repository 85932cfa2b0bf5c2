"""Drifting: a person is waited for, and meanwhile it is taken back where it does worse, as a live version is."""

from __future__ import annotations

from workers.rollout.states.live import run

__all__ = ["run"]
