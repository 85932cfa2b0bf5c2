"""users.*, usergroups.*, bots.*, team.*: who is in the workspace."""

from __future__ import annotations

from typing import Any

from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, Method, RefusalError, page

Json = dict[str, Any]


def list_users(call: Call) -> Json:
    """Everybody."""
    users, cursor = page(call, [_shown(call, user) for user in call.workspace.users.values()])
    return {
        "members": users,
        "cache_ts": int(call.platform.clock.now()),
        "response_metadata": {"next_cursor": cursor},
    }


def info(call: Call) -> Json:
    """One person."""
    return {"user": _shown(call, call.user())}


def look_up(call: Call) -> Json:
    """The person with this e-mail address."""
    email = call.text("email").lower()
    for user in call.workspace.users.values():
        if user["profile"].get("email") == email:
            return {"user": _shown(call, user)}

    raise RefusalError("users_not_found")


def list_groups(call: Call) -> Json:
    """The user groups; the sandbox has one, the team leads."""
    leads = call.workspace.channel("leads")
    humans = [user["id"] for user in call.workspace.humans()]
    users = [member for member in leads["members"] if member in humans] if leads else []
    group = {
        "id": "S0LEADS0000",
        "team_id": call.workspace.team["id"],
        "name": "Team leads",
        "handle": "leads",
    }

    return {
        "usergroups": [{**group, "is_usergroup": True, "users": users, "user_count": len(users)}]
    }


def list_group_users(call: Call) -> Json:
    """Who is in a user group."""
    for group in list_groups(call)["usergroups"]:
        if group["id"] == call.text("usergroup"):
            return {"users": group["users"]}

    raise RefusalError("no_such_subteam")


def bot_info(call: Call) -> Json:
    """The bot itself."""
    if call.text("bot", BOT_ID) != BOT_ID:
        raise RefusalError("bot_not_found")

    bot = call.workspace.bot
    return {
        "bot": {
            "id": BOT_ID,
            "deleted": False,
            "name": bot["name"],
            "app_id": APP_ID,
            "user_id": bot["id"],
        }
    }


def team_info(call: Call) -> Json:
    """The workspace."""
    return {"team": call.workspace.team}


def _shown(call: Call, user: Json) -> Json:
    """A person as this token may see one: an e-mail address needs its own scope."""
    if "users:read.email" in call.grant.scopes:
        return user

    return {
        **user,
        "profile": {name: value for name, value in user["profile"].items() if name != "email"},
    }


METHODS = {
    "users.list": Method(list_users, ("users:read",), tier=2),
    "users.info": Method(info, ("users:read",), tier=4),
    "users.lookupByEmail": Method(look_up, ("users:read.email",), tier=3),
    "usergroups.list": Method(list_groups, ("usergroups:read",), tier=2),
    "usergroups.users.list": Method(list_group_users, ("usergroups:read",), tier=2),
    "bots.info": Method(bot_info, ("users:read",), tier=3),
    "team.info": Method(team_info, ("team:read",), tier=3),
}
