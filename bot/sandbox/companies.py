"""Companies: this workspace's own, and those whose people take part in shared channels.

A company is a workspace; on Enterprise Grid it belongs to an organisation, which may have several.
The shapes are those of payloads that bolt-python's tests have from real shared channels.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.json_types import Json

DEFAULT_ENTERPRISE = "E0SANDBOX01"
"""The organisation of an org-wide install, and of a sandbox on Enterprise Grid."""


@dataclass(frozen=True, slots=True)
class Company:
    """A workspace. `enterprise` is its organisation's id, empty outside Enterprise Grid."""

    team: str
    name: str
    enterprise: str = ""

    @property
    def domain(self) -> str:
        """The name in the workspace's address."""
        return self.name.lower().replace(" ", "-")

    @property
    def author_home(self) -> str:
        """What a mention says of an author of this company: of Grid, the organisation alone."""
        return self.enterprise or self.team


def build_person(name: str, company: Company, *, email: bool = False) -> Json:
    """Returns somebody of the company as `users.info` does; ids on Grid begin with W."""
    prefix = "W" if company.enterprise else "U"
    profile: Json = {
        "real_name": name.title(),
        "display_name": name,
        "title": "",
        "team": company.team,
    }
    if email:
        profile["email"] = f"{name}@{company.domain}.example.com"

    user: Json = {
        "id": f"{prefix}0{name.upper():0<9}",
        "team_id": company.team,
        "name": name,
        "real_name": name.title(),
        "deleted": False,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": False,
        "is_app_user": False,
        "tz": "Europe/Oslo",
        "tz_offset": 3600,
        "profile": profile,
    }
    if company.enterprise:
        user["enterprise_user"] = enterprise_user(user["id"], [company])

    return user


def enterprise_user(user: str, companies: list[Company]) -> Json:
    """Returns what a user object says of its organisation: the workspaces that the user is in."""
    enterprise = companies[0].enterprise
    return {
        "id": user,
        "enterprise_id": enterprise,
        "enterprise_name": enterprise,
        "is_admin": False,
        "is_owner": False,
        "teams": [company.team for company in companies],
    }


def sharing_fields(host: Company, guests: list[Company], own: Company) -> Json:
    """Returns the fields of a channel that the host shares with the guests, seen from `own`."""
    sharing = [host, *guests]
    outside = [company for company in sharing if not is_same_company(company, own)]
    return {
        "is_shared": len(sharing) > 1,
        "is_ext_shared": bool(outside),
        "is_org_shared": len(sharing) - len(outside) > 1,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "conversation_host_id": host.team,
        "context_team_id": host.team,
        "shared_team_ids": [company.team for company in sharing],
        "internal_team_ids": [c.team for c in sharing if c not in outside],
        "connected_team_ids": [company.team for company in outside],
    }


def is_same_company(company: Company, other: Company) -> bool:
    """Returns whether both are one workspace, or workspaces of one organisation."""
    if company.enterprise:
        return company.enterprise == other.enterprise

    return company.team == other.team
