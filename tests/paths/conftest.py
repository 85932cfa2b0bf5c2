"""Fixtures that tests of the paths share."""

from __future__ import annotations

from tests.fixtures.delivery import make_context
from tests.fixtures.knowledge import answer, folder, index, ingested, origin
from tests.fixtures.rollout import no_base_model, rollout, settings

__all__ = [
    "answer",
    "folder",
    "index",
    "ingested",
    "make_context",
    "no_base_model",
    "origin",
    "rollout",
    "settings",
]
