"""Dataset: its review is a person's; a version that is trained anew and answers meanwhile is watched as a live one."""

from __future__ import annotations

from workers.rollout.states.live import run

__all__ = ["run"]
