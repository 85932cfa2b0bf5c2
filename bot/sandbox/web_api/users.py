"""users.*, usergroups.*, bots.* and team.*: the people and the bot of the workspace."""

from __future__ import annotations

from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID, BOT_ID
from bot.sandbox.web_api.call import Call, Method, RefusalError, paginate


def list_users(call: Call) -> Json:
    """Returns the users of this workspace, including the bot; nobody of another company."""
    listed = filter(call.workspace.is_colleague, call.workspace.users.values())
    views = [_user_view(call, user) for user in listed]
    users, cursor = paginate(call, views)
    return {
        "members": users,
        "cache_ts": int(call.context.clock.now()),
        "response_metadata": {"next_cursor": cursor},
    }


def info(call: Call) -> Json:
    """Returns one user; somebody of another company, with whom no channel is shared, is a stranger.

    Users of other companies in channels of the bot are no strangers: `team_id` tells them apart.
    """
    user = _user_view(call, call.user())
    if not call.workspace.is_colleague(user) and not _shares_channel(call, user["id"]):
        user = {**user, "is_stranger": True}

    return {"user": user}


def lookup_by_email(call: Call) -> Json:
    """Returns the user with this e-mail address."""
    email = call.text("email").lower()
    for user in call.workspace.users.values():
        if user["profile"].get("email") == email:
            return {"user": _user_view(call, user)}

    raise RefusalError("users_not_found")


def list_groups(call: Call) -> Json:
    """Returns the user groups. The sandbox has one, the members of #leads."""
    leads = call.workspace.channel("leads")
    humans = {user["id"] for user in call.workspace.humans()}

    users = []
    if leads is not None:
        users = [member for member in leads["members"] if member in humans]

    group = {
        "id": "S0LEADS0000",
        "team_id": call.workspace.team["id"],
        "name": "Team leads",
        "handle": "leads",
        "is_usergroup": True,
        "users": users,
        "user_count": len(users),
    }
    return {"usergroups": [group]}


def list_group_users(call: Call) -> Json:
    """Returns the ids of a user group's members."""
    for group in list_groups(call)["usergroups"]:
        if group["id"] == call.text("usergroup"):
            return {"users": group["users"]}

    raise RefusalError("no_such_subteam")


def bot_info(call: Call) -> Json:
    """Returns the bot."""
    if call.text("bot", BOT_ID) != BOT_ID:
        raise RefusalError("bot_not_found")

    bot = {
        "id": BOT_ID,
        "deleted": False,
        "name": call.workspace.bot["name"],
        "app_id": APP_ID,
        "user_id": call.workspace.bot["id"],
    }
    return {"bot": bot}


def team_info(call: Call) -> Json:
    """Returns the workspace."""
    return {"team": call.workspace.team}


def _shares_channel(call: Call, user: str) -> bool:
    """Returns whether the user is in a channel that the bot is in."""
    together = {user, call.workspace.bot["id"]}
    return any(together <= set(c["members"]) for c in call.workspace.channels.values())


def _user_view(call: Call, user: Json) -> Json:
    """Returns a user as the token may see it: e-mail addresses need a scope of their own."""
    if "users:read.email" in call.grant.scopes:
        return user

    profile = {name: value for name, value in user["profile"].items() if name != "email"}
    return {**user, "profile": profile}


METHODS = {
    "users.list": Method(list_users, ("users:read",), tier=2),
    "users.info": Method(info, ("users:read",), tier=4),
    "users.lookupByEmail": Method(lookup_by_email, ("users:read.email",), tier=3),
    "usergroups.list": Method(list_groups, ("usergroups:read",), tier=2),
    "usergroups.users.list": Method(list_group_users, ("usergroups:read",), tier=2),
    "bots.info": Method(bot_info, ("users:read",), tier=3),
    "team.info": Method(team_info, ("team:read",), tier=3),
}
