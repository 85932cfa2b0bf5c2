"""Who works in the sandbox's workspace, and in which channels they talk."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TEAM_ID = "T0SANDBOX01"
APP_ID = "A0BEAGLE001"
BOT_ID = "B0BEAGLE001"
BOT_USER_ID = "U0BEAGLE001"

HUMANS = (
    ("ada", "Ada Lovelace", "Workspace admin"),
    ("grace", "Grace Hopper", "Customer support"),
    ("linus", "Linus Berg", "Engineering"),
    ("mae", "Mae Okafor", "People and culture"),
    ("omar", "Omar Khayyam", "Finance"),
)
CHANNELS = (
    ("general", "Everyone is here", True),
    ("support", "Questions from customers and about the product", True),
    ("random", "Anything else", False),
)
LEADERS = ("ada", "grace", "omar")


def team(team: str = TEAM_ID) -> Json:
    """The workspace, as `team.info` shows it."""
    name = "Beagle Sandbox" if team == TEAM_ID else f"Beagle Sandbox {team[-2:]}"
    return {
        "id": team,
        "name": name,
        "domain": name.lower().replace(" ", "-"),
        "email_domain": "example.com",
    }


def user_id(name: str) -> str:
    """The id of the human called `name`."""
    return f"U0{name.upper():0<9}"


def user(
    name: str, real_name: str, title: str, *, admin: bool = False, team: str = TEAM_ID
) -> Json:
    """A human, as `users.info` shows one."""
    return {
        "id": user_id(name),
        "team_id": team,
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "is_admin": admin,
        "is_owner": admin,
        "is_bot": False,
        "is_app_user": False,
        "tz": "Europe/London",
        "tz_offset": 0,
        "profile": {
            "real_name": real_name,
            "display_name": name,
            "title": title,
            "email": f"{name}@example.com",
            "team": team,
        },
    }


def bot(name: str, team: str = TEAM_ID) -> Json:
    """The bot's own user."""
    profile = {
        "real_name": name.title(),
        "display_name": name,
        "bot_id": BOT_ID,
        "api_app_id": APP_ID,
        "team": team,
    }

    return {
        "id": BOT_USER_ID,
        "team_id": team,
        "name": name,
        "real_name": name.title(),
        "deleted": False,
        "is_admin": False,
        "is_owner": False,
        "is_bot": True,
        "is_app_user": False,
        "profile": profile,
    }


def users(team: str = TEAM_ID) -> list[Json]:
    """The humans; the first one is the admin. In another workspace they are others under the same ids."""
    return [user(*human, admin=human[0] == "ada", team=team) for human in HUMANS]


def channel(
    name: str, members: list[str], topic: str = "", *, private: bool = False, created: int = 0
) -> Json:
    """A channel with its members. `members` is the sandbox's own field; Slack lists them by another method."""
    note = {"value": topic, "creator": members[0] if members else "", "last_set": created}
    return {
        "id": f"C0{name.upper().replace('-', ''):0<9}",
        "name": name,
        "name_normalized": name,
        "is_channel": not private,
        "is_group": private,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "is_archived": False,
        "is_general": name == "general",
        "created": created,
        "creator": members[0] if members else "",
        "context_team_id": TEAM_ID,
        "topic": note,
        "purpose": note,
        "members": members,
    }


def dm(human: Json, created: int = 0) -> Json:
    """The direct messages between one human and the bot."""
    return {
        "id": f"D0{human['name'].upper():0<9}",
        "created": created,
        "is_im": True,
        "is_channel": False,
        "is_group": False,
        "is_mpim": False,
        "is_private": True,
        "is_archived": False,
        "is_org_shared": False,
        "context_team_id": human["team_id"],
        "user": human["id"],
        "members": [human["id"], BOT_USER_ID],
    }


def channels(created: int, team: str = TEAM_ID) -> list[Json]:
    """The channels of a fresh workspace and one DM for each human. The bot is not in #random."""
    everyone = [user_id(name) for name, _, _ in HUMANS]
    public = [
        channel(name, everyone + ([BOT_USER_ID] if with_bot else []), topic, created=created)
        for name, topic, with_bot in CHANNELS
    ]
    leaders = [*(user_id(name) for name in LEADERS), BOT_USER_ID]
    private = channel("leads", leaders, "Team leads only", private=True, created=created)
    named = [{**one, "context_team_id": team} for one in (*public, private)]

    return [*named, *(dm(human, created) for human in users(team))]
