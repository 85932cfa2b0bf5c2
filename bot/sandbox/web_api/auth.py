"""auth.*, api.test, apps.connections.open and blocks.validate: the app itself."""

from __future__ import annotations

from bot.sandbox.block_kit import check_message, check_view
from bot.sandbox.delivery import events
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, Method, RefusalError


def api_test(call: Call) -> Json:
    """Returns the arguments."""
    if call.text("error", ""):
        raise RefusalError(call.text("error"), args=call.args)
    return {"args": call.args}


def auth_test(call: Call) -> Json:
    """Returns the workspace and bot that the token belongs to."""
    team = call.workspace.team
    bot = call.workspace.bot
    own = call.workspace.own_company
    grid = {"enterprise_id": own.enterprise} if own.enterprise else {}
    return {
        "url": f"{call.context.url}/",
        "team": team["name"],
        "user": bot["name"],
        "team_id": team["id"],
        "user_id": bot["id"],
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": call.context.org_install,
        **grid,
    }


def revoke(call: Call) -> Json:
    """Revokes the token."""
    if call.flag("test"):
        return {"revoked": False}

    call.context.tokens.revoke(token=call.token)
    # Not sent if this was the last bot token, see `events.publish`.
    tokens = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [call.workspace.bot["id"]]}}
    events.publish(call.context, {**tokens, "event_ts": call.workspace.next_ts()})

    return {"revoked": True}


def open_connection(call: Call) -> Json:
    """Returns a WebSocket URL, valid for one connection within 30 seconds."""
    call.require_scope("connections:write")
    ticket = call.context.short_lived_tokens.issue("socket")
    host = call.context.url.replace("http://", "ws://", 1)

    return {"url": f"{host}/link/?ticket={ticket}&app_id={APP_ID}"}


def validate(call: Call) -> Json:
    """Checks blocks, a message or a view. Refuses what Slack would not accept."""
    view = call.json_argument("view")
    message = call.json_argument("message")
    blocks = call.json_argument("blocks", "invalid_blocks_format")

    if isinstance(view, dict):
        details = check_view(view)
    elif isinstance(message, dict):
        details = check_message(message.get("blocks")).details
    else:
        details = check_message(blocks).details

    if details:
        raise RefusalError("invalid_blocks", *details)

    return {}


METHODS = {
    "api.test": Method(api_test, kind="any", tier=4),
    "auth.test": Method(auth_test, tier=None, limited=False),
    "auth.revoke": Method(revoke, tier=3),
    "apps.connections.open": Method(open_connection, kind="app", tier=3, limited=False),
    "blocks.validate": Method(validate, tier=4),
}
