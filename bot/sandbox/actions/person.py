"""Who acts, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.context import Platform


@dataclass(frozen=True, slots=True)
class Person:
    """One human (Slack's user object) in one sandbox."""

    platform: Platform
    user: dict[str, Any]
