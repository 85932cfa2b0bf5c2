"""What admins and members do to whom a channel is open: other companies, guests, group DMs."""

from __future__ import annotations

from bot.sandbox.actions.messages import resolve_channel
from bot.sandbox.actions.person import Person
from bot.sandbox.actions.rights import require_admin
from bot.sandbox.companies import Company, sharing_fields
from bot.sandbox.delivery import events
from bot.sandbox.element_values import ActionError
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import build_group


async def share_channel(person: Person, *, channel: str, team: str, host: bool = False) -> Json:
    """Shares a channel with another workspace, as one of its own or, with `host`, of theirs."""
    require_admin(person)
    conversation = resolve_channel(person, channel)
    company = _company(person, team)

    shared = [company, *_sharing(person, conversation)]
    if not host:
        shared = [*shared[1:], company]

    _share(person, conversation, shared)
    event = {
        "type": "channel_shared",
        "connected_team_id": team,
        "channel": conversation["id"],
        "event_ts": person.workspace.next_ts(),
    }
    events.publish(person.context, event)
    return {}


async def unshare_channel(person: Person, *, channel: str, team: str) -> Json:
    """Ends that a channel is shared with a workspace, whose people are no longer in it."""
    require_admin(person)
    conversation = resolve_channel(person, channel)
    company = _company(person, team)

    workspace = person.workspace
    remaining = [c for c in _sharing(person, conversation) if c != company]
    _share(person, conversation, remaining)
    members = [m for m in conversation["members"] if workspace.company_of(m) != company]
    workspace.set_members(conversation["id"], members)
    event = {
        "type": "channel_unshared",
        "previously_connected_team_id": team,
        "channel": conversation["id"],
        "is_ext_shared": conversation["is_ext_shared"],
        "event_ts": workspace.next_ts(),
    }
    events.publish(person.context, event)
    return {}


async def invite(person: Person, *, channel: str, name: str) -> Json:
    """Invites somebody to a channel; people of another company only where it is shared."""
    conversation = resolve_channel(person, channel)
    user = person.workspace.user(name)
    if user is None or user["is_bot"]:
        raise ActionError("user_not_found", f"inviting {name!r}: there is no such person")

    company = person.workspace.company_of(user["id"])
    if company not in _sharing(person, conversation):
        raise ActionError(
            "cant_invite", f"inviting {name!r}: {channel!r} is not shared with {company.name}"
        )

    members = conversation["members"]
    if user["id"] not in members:
        person.workspace.set_members(conversation["id"], [*members, user["id"]])
        events.publish_join(person.context, conversation["id"], user["id"], person.id)

    return {}


async def open_group(person: Person, *, names: list[str]) -> Json:
    """Opens a group DM of the person, the people named and the bot. Returns its id."""
    workspace = person.workspace
    members = [person.id]
    for name in names:
        user = workspace.user(name)
        if user is None:
            raise ActionError("user_not_found", f"writing to {name!r}: there is no such person")

        members.append(user["id"])

    members.append(workspace.bot["id"])
    names = [workspace.users[member]["name"] for member in members]
    group = build_group(workspace.next_id("G"), names, members, workspace.team["id"])
    return {"channel": workspace.add_channel(group)["id"]}


def _company(person: Person, team: str) -> Company:
    company = person.workspace.companies.get(team)
    if company is None or company == person.workspace.own_company:
        raise ActionError("team_not_found", f"sharing with {team!r}: there is no such workspace")

    return company


def _sharing(person: Person, conversation: Json) -> list[Company]:
    """Returns the workspaces that share the channel, its host first."""
    own = person.workspace.own_company
    teams = conversation.get("shared_team_ids", [own.team])
    return [person.workspace.companies[team] for team in teams]


def _share(person: Person, conversation: Json, companies: list[Company]) -> None:
    host, *guests = companies
    conversation.update(sharing_fields(host, guests, person.workspace.own_company))
