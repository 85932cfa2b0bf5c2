"""A typed slash command with all its parts, for tests that call a command directly."""

from __future__ import annotations

from typing import Any

from bot.admins import Admins
from bot.commands import CommandContext
from router.config import Settings
from router.store import Store
from tests.taken import Slack
from workers.fakes import MemoryQueue


def make_command(store: Store, settings: Settings, now: Any, **over: Any) -> CommandContext:
    """Returns a command that UADA typed in C1 of T1; `over` replaces single fields."""
    values: dict[str, Any] = {
        "words": (),
        "team": "T1",
        "user": "UADA",
        "channel": "C1",
        "settings": settings,
        "store": store,
        "queue": MemoryQueue({"digest": "compute"}),
        "routing": None,
        "now": now,
        "admins": Admins(settings, store.audit, now),
        "client": Slack(),
        "trigger_id": "t",
    }
    return CommandContext(**(values | over))
