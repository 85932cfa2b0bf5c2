"""Faults that strike at once: on the Socket Mode connections, on all of Slack, on the app's own rights."""

from __future__ import annotations

from typing import Any

from bot.sandbox.context import Platform
from bot.sandbox.delivery import events
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.faults.faults import Fault

Json = dict[str, Any]


async def strike_now(platform: Platform, socket: SocketMode, fault: Fault) -> None:
    """What the fault says has happened."""
    if fault.kind == "dead":
        platform.dead_until = platform.clock.now() + fault.seconds
        await socket.break_all("rst")
    elif fault.kind in ("revoke", "uninstall"):
        _take_rights(platform, fault.kind)
    else:
        await socket.break_all(fault.kind)


def _take_rights(platform: Platform, kind: str) -> None:
    """The bot's token is of no use, and the bot is told; after `uninstall` that is the last it hears."""
    ts = platform.workspace.next_ts()
    tokens: Json = {"oauth": [], "bot": [platform.workspace.bot["id"]]}
    events.publish(platform, {"type": "tokens_revoked", "tokens": tokens, "event_ts": ts})

    if kind == "uninstall":
        events.publish(
            platform, {"type": "app_uninstalled", "event_ts": platform.workspace.next_ts()}
        )

    platform.grants.revoke(kind="bot")
