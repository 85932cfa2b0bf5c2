"""Builds views as Slack stores them: with ids, a hash per version, and the state of inputs."""

from __future__ import annotations

import hashlib
import json

from bot.sandbox.block_kit import with_ids
from bot.sandbox.context import SandboxContext
from bot.sandbox.element_values import initial_state
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID, BOT_ID

STACK_LIMIT = 3
DEFAULTS: Json = {
    "title": None,
    "close": None,
    "submit": None,
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "clear_on_close": False,
    "notify_on_close": False,
}
COPIED_FIELDS = ("type", *DEFAULTS)


def build_view(
    context: SandboxContext, view: Json, *, parent: Json | None = None, replaces: Json | None = None
) -> Json:
    """Returns a view as Slack stores it: of the app's workspace, whoever sees it.

    It is a new view on top of `parent`, or the next version of the view that it `replaces`.
    """
    old = replaces or {}
    view_id = old.get("id") or context.workspace.next_id("V")
    parent_id = parent["id"] if parent else None
    root_id = parent["root_view_id"] if parent else view_id

    built = dict(DEFAULTS)
    for name in COPIED_FIELDS:
        if name in view:
            built[name] = view[name]

    blocks = with_ids(view.get("blocks", []), context.random)
    built |= {
        "blocks": blocks,
        "id": view_id,
        "team_id": context.workspace.team["id"],
        "app_installed_team_id": context.workspace.team["id"],
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "previous_view_id": old.get("previous_view_id") or parent_id,
        "root_view_id": old.get("root_view_id") or root_id,
    }

    # An update keeps what the user entered, as long as block_id and action_id stay the same.
    entered = old.get("state", {}).get("values", {})
    built["state"] = {"values": initial_state(blocks, entered)}
    built["hash"] = _version_hash(context, built)

    return built


def _version_hash(context: SandboxContext, view: Json) -> str:
    """Returns a hash of the content, unique to this version, in Slack's form."""
    seconds, _, fraction = context.workspace.next_ts().partition(".")
    digest = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()[:8]
    return f"{seconds}.{digest}{fraction}"
