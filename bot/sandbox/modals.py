"""Views as Slack keeps them: ids, a hash that changes with each version, and the state of their inputs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bot.sandbox.block_kit import with_ids
from bot.sandbox.context import Platform
from bot.sandbox.element_values import initial_state
from bot.sandbox.seed_data import APP_ID, BOT_ID

Json = dict[str, Any]

STACK_LIMIT = 3
KEPT = (
    "type", "title", "close", "submit", "private_metadata", "callback_id", "external_id", "clear_on_close",
    "notify_on_close",
)  # fmt: skip
DEFAULTS: Json = {
    "title": None, "close": None, "submit": None, "private_metadata": "", "callback_id": "", "external_id": "",
    "clear_on_close": False, "notify_on_close": False,
}  # fmt: skip


def made(
    platform: Platform, view: Json, *, below: Json | None = None, instead_of: Json | None = None
) -> Json:
    """The view as it is kept: new, on top of `below`, or as the next version of `instead_of`."""
    kept = {**DEFAULTS, **{name: view[name] for name in KEPT if name in view}}
    kept["blocks"] = with_ids(view.get("blocks", []), platform.random)
    old = instead_of or {}
    view_id = old.get("id") or platform.workspace.next_id("V")
    kept |= {
        "id": view_id,
        "team_id": platform.workspace.team["id"],
        "app_installed_team_id": platform.workspace.team["id"],
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "previous_view_id": old.get("previous_view_id") or (below["id"] if below else None),
        "root_view_id": old.get("root_view_id") or (below["root_view_id"] if below else view_id),
    }

    # What people typed stays where an input with the same block_id and action_id is still there.
    kept["state"] = {
        "values": initial_state(kept["blocks"], old.get("state", {}).get("values", {}))
    }
    version = platform.workspace.next_ts()
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:8]
    kept["hash"] = f"{version.partition('.')[0]}.{digest}{version.partition('.')[2]}"

    return kept
