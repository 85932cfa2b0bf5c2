"""What a payload says of where somebody belongs, for each kind of event and for clicks.

Slack says it in a different way in each kind, and in some not at all: these are the fields of
payloads from real shared channels (bolt-python, `tests/slack_bolt/request/test_internals.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.sandbox.companies import Company, is_same_company
from bot.sandbox.json_types import Json
from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Origin:
    """Fields of an event and of its envelope; a field that is None is left out."""

    event: Json = field(default_factory=dict)
    envelope: Json = field(default_factory=dict)


def base_envelope(workspace: Workspace) -> Json:
    """Returns what every envelope says: the app's own workspace, and its organisation."""
    own = workspace.own_company
    return {
        "team_id": own.team,
        "enterprise_id": own.enterprise or None,
        "context_team_id": own.team,
        "context_enterprise_id": own.enterprise or None,
        "is_ext_shared_channel": False,
    }


def authorizations(workspace: Workspace) -> list[Json]:
    """Returns the installation for which an event is sent."""
    own = workspace.own_company
    return [
        {
            "enterprise_id": own.enterprise or None,
            "team_id": own.team,
            "user_id": workspace.bot["id"],
            "is_bot": True,
            "is_enterprise_install": False,
        }
    ]


def of_message(workspace: Workspace, channel: str, user: str) -> Origin:
    """Returns the origin of a message, an edit or a deletion: the author's workspace alone."""
    author = workspace.company_of(user)
    envelope = _envelope(workspace, channel, author, _host(workspace, channel))
    return Origin({"team": author.team}, envelope)


def of_mention(workspace: Workspace, channel: str, user: str) -> Origin:
    """Returns the origin of a mention.

    `team` is the other side's workspace; the author's own is in three more fields, which hold the
    organisation for people of Grid. In a channel of one workspace they are left out.
    """
    author = workspace.company_of(user)
    own = workspace.own_company
    side = own
    if is_same_company(author, own):
        side = _host(workspace, channel)

    event: Json = {"team": side.team}
    if _is_shared(workspace, channel) or author.enterprise:
        home = author.author_home
        event |= {"user_team": home, "source_team": home, "user_profile": {"team": home}}

    envelope = _envelope(workspace, channel, side, own)
    return Origin(event, envelope | {"context_team_id": None, "context_enterprise_id": None})


def of_membership(workspace: Workspace, channel: str, user: str, *, left: bool = False) -> Origin:
    """Returns the origin of somebody's joining or leaving, which comes from the channel's host."""
    member = workspace.company_of(user)
    team = member.team
    if left and member != workspace.own_company:
        team = member.author_home

    sender = _host(workspace, channel)
    return Origin({"team": team}, _envelope(workspace, channel, sender, workspace.own_company))


def of_reaction(workspace: Workspace, channel: str) -> Origin:
    """Returns the origin of a reaction: nothing says where whoever reacted belongs."""
    own = workspace.own_company
    return Origin({}, _envelope(workspace, channel, own, own))


def of_click(workspace: Workspace, user: Json, *, in_dialog: bool = False) -> Json:
    """Returns the fields of an interaction: whose workspace it is, and whose the person.

    A dialog that somebody of another company uses names theirs as `team`.
    """
    own = workspace.own_company
    home = workspace.company_of(user["id"])
    team = home if in_dialog else own
    enterprise = None
    if team.enterprise:
        enterprise = {"id": team.enterprise, "name": team.enterprise}

    return {
        "user": {
            "id": user["id"],
            "username": user["name"],
            "name": user["name"],
            "team_id": home.team,
        },
        "team": {"id": team.team, "domain": team.domain},
        "enterprise": enterprise,
        "is_enterprise_install": False,
    }


def _envelope(workspace: Workspace, channel: str, sender: Company, context: Company) -> Json:
    return {
        "team_id": sender.team,
        "enterprise_id": sender.enterprise or None,
        "context_team_id": context.team,
        "context_enterprise_id": context.enterprise or None,
        "is_ext_shared_channel": bool(workspace.channels[channel].get("is_ext_shared")),
    }


def _is_shared(workspace: Workspace, channel: str) -> bool:
    return bool(workspace.channels[channel].get("is_shared"))


def _host(workspace: Workspace, channel: str) -> Company:
    """Returns the company whose channel it is."""
    host = workspace.channels[channel].get("conversation_host_id", "")
    return workspace.companies.get(host, workspace.own_company)
