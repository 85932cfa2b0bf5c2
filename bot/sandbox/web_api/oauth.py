"""oauth.v2.access: exchanges a code or a refresh token for a bot token."""

from __future__ import annotations

import secrets

from bot.sandbox.companies import DEFAULT_ENTERPRISE
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, Method, RefusalError

ROTATED_SECONDS = 43_200
"""The lifetime of a token if the app has token rotation."""


def access(call: Call) -> Json:
    """Returns a new bot token. Codes and refresh tokens can be used once."""
    is_refresh = call.text("grant_type", "") == "refresh_token"
    key = call.text("refresh_token" if is_refresh else "code")

    grant = call.context.short_lived_tokens.redeem("refresh" if is_refresh else "oauth", key)
    if isinstance(grant, str):
        raise RefusalError("invalid_refresh_token" if is_refresh else "invalid_code")

    scopes = str(grant["scope"]).split(",")
    token = f"xoxb-sandbox-{secrets.token_hex(12)}"
    call.context.tokens.add(token, "bot", scopes)

    own = call.workspace.own_company
    enterprise = {"id": own.enterprise, "name": own.enterprise} if own.enterprise else None
    answer: Json = {
        "app_id": APP_ID,
        "authed_user": {"id": grant["user"]},
        "scope": grant["scope"],
        "token_type": "bot",
        "access_token": token,
        "bot_user_id": call.workspace.bot["id"],
        "bot_id": BOT_ID,
        "team": {"id": call.workspace.team["id"], "name": call.workspace.team["name"]},
        "enterprise": enterprise,
        "is_enterprise_install": False,
    }
    # An organisation's token belongs to no single workspace.
    if grant.get("org"):
        organisation = {"id": own.enterprise or DEFAULT_ENTERPRISE, "name": "Sandbox Grid"}
        answer.update(team=None, enterprise=organisation, is_enterprise_install=True)

    # The access token itself does not expire here; only the answer says that it does.
    if grant["rotates"]:
        answer["refresh_token"] = call.context.short_lived_tokens.issue(
            "refresh", user=grant["user"], scope=grant["scope"], rotates=True
        )
        answer["expires_in"] = ROTATED_SECONDS

    return answer


METHODS = {"oauth.v2.access": Method(access, kind="any", tier=None, limited=False)}
