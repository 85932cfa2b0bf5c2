"""The initial content of a workspace: users, channels and DMs, in Slack's shapes."""

from __future__ import annotations

from bot.sandbox.json_types import Json

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
"""Name, real name and title."""
CHANNELS = (
    ("general", "Everyone is here", True),
    ("support", "Questions from customers and about the product", True),
    # The bot is not a member here, to show what a mention without it looks like.
    ("random", "Anything else", False),
)
"""Name, topic and whether the bot is a member."""
LEADERS = ("ada", "grace", "omar")


def user_id(name: str) -> str:
    """Returns the id of the human called `name`."""
    return f"U0{name.upper():0<9}"


def build_team(team: str = TEAM_ID, enterprise: str = "") -> Json:
    """Returns the workspace as `team.info` does; on Grid with its organisation."""
    name = "Beagle Sandbox"
    if team != TEAM_ID:
        name = f"{name} {team[-2:]}"

    grid = {"enterprise_id": enterprise, "enterprise_name": enterprise} if enterprise else {}
    return {
        "id": team,
        "name": name,
        "domain": name.lower().replace(" ", "-"),
        "email_domain": "example.com",
        **grid,
    }


def build_user(
    name: str, real_name: str, title: str, *, admin: bool = False, team: str = TEAM_ID
) -> Json:
    """Returns a human as `users.info` does."""
    return {
        "id": user_id(name),
        "team_id": team,
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "is_admin": admin,
        "is_owner": admin,
        "is_primary_owner": admin,
        "is_restricted": False,
        "is_ultra_restricted": False,
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


def build_bot(name: str, team: str = TEAM_ID) -> Json:
    """Returns the bot's user."""
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


def build_users(team: str = TEAM_ID) -> list[Json]:
    """Returns the humans; the first one is an admin. All workspaces use the same user ids."""
    return [
        build_user(name, real_name, title, admin=name == "ada", team=team)
        for name, real_name, title in HUMANS
    ]


def build_channel(
    name: str,
    members: list[str],
    topic: str = "",
    *,
    private: bool = False,
    created: int = 0,
    team: str = TEAM_ID,
) -> Json:
    """Returns a channel. `members` is the sandbox's own field: Slack has a method to list them."""
    creator = members[0] if members else ""
    note = {"value": topic, "creator": creator, "last_set": created}

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
        "creator": creator,
        "context_team_id": team,
        "topic": note,
        "purpose": note,
        "members": members,
    }


def build_dm(human: Json, created: int = 0) -> Json:
    """Returns the DM between a human and the bot."""
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


def build_group(channel: str, names: list[str], members: list[str], team: str = TEAM_ID) -> Json:
    """Returns a group DM; like Slack, it names its members in the channel's name."""
    name = f"mpdm-{'--'.join(names)}-1"
    group = build_channel(name, members, private=True, team=team)
    return {**group, "id": channel, "is_mpim": True, "is_group": False, "is_channel": False}


def build_channels(created: int, team: str = TEAM_ID) -> list[Json]:
    """Returns the channels of a new workspace, then one DM per human."""
    # Every human is in every public channel.
    everyone = [user_id(name) for name, _, _ in HUMANS]

    channels = []
    for name, topic, with_bot in CHANNELS:
        members = [*everyone, BOT_USER_ID] if with_bot else list(everyone)
        channels.append(build_channel(name, members, topic, created=created, team=team))

    leaders = [*(user_id(name) for name in LEADERS), BOT_USER_ID]
    channels.append(
        build_channel("leads", leaders, "Team leads only", private=True, created=created, team=team)
    )
    channels.extend(build_dm(human, created) for human in build_users(team))

    return channels
