"""Faults with an immediate effect: on open connections, on all of Slack, on the app's tokens."""

from __future__ import annotations

from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery import events
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.faults.faults import InjectedFault
from bot.sandbox.json_types import Json


async def apply_immediate_fault(
    context: SandboxContext, socket: SocketMode, fault: InjectedFault
) -> None:
    """Applies a fault of IMMEDIATE_KINDS."""
    if fault.kind == "dead":
        context.down_until = context.clock.now() + fault.seconds
        await socket.break_connections("rst")
    elif fault.kind in ("revoke", "uninstall"):
        _revoke_bot_token(context, uninstall=fault.kind == "uninstall")
    else:
        await socket.break_connections(fault.kind)


def _revoke_bot_token(context: SandboxContext, *, uninstall: bool) -> None:
    """Notifies the bot, then revokes its token: an app without a token receives no events."""
    tokens: Json = {"oauth": [], "bot": [context.workspace.bot["id"]]}
    revoked = {"type": "tokens_revoked", "tokens": tokens, "event_ts": context.workspace.next_ts()}
    events.publish(context, revoked)

    if uninstall:
        events.publish(
            context, {"type": "app_uninstalled", "event_ts": context.workspace.next_ts()}
        )

    context.tokens.revoke(kind="bot")
