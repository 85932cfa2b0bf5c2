"""auth.*, api.test, apps.connections.open, blocks.validate: the app itself."""

from __future__ import annotations

from typing import Any

from bot.sandbox.block_kit import check_message, check_view
from bot.sandbox.delivery import events
from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, Method, RefusalError

Json = dict[str, Any]


def api_test(call: Call) -> Json:
    """What was sent comes back."""
    if call.text("error", ""):
        raise RefusalError(call.text("error"), args=call.args)
    return {"args": call.args}


def auth_test(call: Call) -> Json:
    """Whom the token speaks for."""
    team, bot = call.workspace.team, call.workspace.bot
    return {
        "url": f"{call.platform.url}/",
        "team": team["name"],
        "user": bot["name"],
        "team_id": team["id"],
        "user_id": bot["id"],
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }


def revoke(call: Call) -> Json:
    """The token is of no use any more."""
    if call.flag("test"):
        return {"revoked": False}

    call.platform.grants.revoke(token=call.token)
    tokens = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [call.workspace.bot["id"]]}}
    events.publish(call.platform, {**tokens, "event_ts": call.workspace.next_ts()})

    return {"revoked": True}


def open_connection(call: Call) -> Json:
    """A WebSocket URL, good for one connection within 30 seconds."""
    call.allow("connections:write")
    ticket = call.platform.tickets.give("socket")
    host = call.platform.url.replace("http://", "ws://", 1)

    return {"url": f"{host}/link/?ticket={ticket}&app_id={APP_ID}"}


def validate(call: Call) -> Json:
    """Whether blocks, a message or a view would be accepted."""
    view, message = call.structure("view"), call.structure("message")
    found = call.structure("blocks", "invalid_blocks_format")

    if isinstance(view, dict):
        details = check_view(view)
    else:
        details = check_message(
            message.get("blocks") if isinstance(message, dict) else found
        ).details

    if details:
        raise RefusalError("invalid_blocks", *details)

    return {}


METHODS = {
    "api.test": Method(api_test, kind="any", tier=4),
    "auth.test": Method(auth_test, limited=False),
    "auth.revoke": Method(revoke, tier=3),
    "apps.connections.open": Method(open_connection, kind="app", tier=1, limited=False),
    "blocks.validate": Method(validate, tier=4),
}
