"""oauth.v2.access: a code, or a refresh token, becomes a bot token."""

from __future__ import annotations

from typing import Any

from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, Method, RefusalError

Json = dict[str, Any]

ROTATED_SECONDS = 43_200
"""How long a token lives in an app that rotates its tokens."""


def access(call: Call) -> Json:
    """The workspace's new token. A code and a refresh token are each good once."""
    refresh = call.text("grant_type", "") == "refresh_token"
    given = call.text("refresh_token" if refresh else "code")

    about = call.platform.tickets.use("refresh" if refresh else "oauth", given)
    if isinstance(about, str):
        raise RefusalError("invalid_refresh_token" if refresh else "invalid_code")

    scopes = tuple(str(about["scope"]).split(","))
    token = f"xoxb-sandbox-{call.platform.random.getrandbits(96):024x}"
    call.platform.grants.add(token, "bot", scopes)
    answer: Json = {
        "app_id": APP_ID,
        "authed_user": {"id": about["user"]},
        "scope": about["scope"],
        "token_type": "bot",
        "access_token": token,
        "bot_user_id": call.workspace.bot["id"],
        "bot_id": BOT_ID,
        "team": {"id": call.workspace.team["id"], "name": call.workspace.team["name"]},
        "enterprise": None,
        "is_enterprise_install": False,
    }

    if about["rotates"]:
        again = {"user": about["user"], "scope": about["scope"], "rotates": True}
        answer["refresh_token"] = call.platform.tickets.give("refresh", **again)
        answer["expires_in"] = ROTATED_SECONDS

    return answer


METHODS = {"oauth.v2.access": Method(access, kind="any", tier=4)}
