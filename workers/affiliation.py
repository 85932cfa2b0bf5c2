"""Whose workspace and whose company somebody belongs to, by everything that Slack says of them.

Slack says it in many ways (all of these were seen in payloads of Slack Connect and Enterprise
Grid): a message has `user_team` and `source_team`, which may hold an organisation's id (`E…`), or
only `team`, which in a mention is the channel's workspace and not the author's. A user object has
`team_id`, the first of somebody's workspaces, and on Grid all of them in `enterprise_user.teams`.
Whoever clicks has `team_id`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GUEST_FLAGS = ("is_restricted", "is_ultra_restricted", "is_stranger")
UNKNOWN_HOME = "unknown"
"""The home of somebody of whom Slack does not say where they belong."""
AUTHOR_FIELDS = ("user_team", "source_team")
"""Where a message names its author's own workspace or organisation."""


@dataclass(frozen=True, slots=True)
class Affiliation:
    """Where somebody belongs.

    `home` is their own workspace where it is another company's, empty for a colleague; where
    nothing but the organisation is known, that. `organisation` is the other company's, where it is
    named. `guest` says that they see only the channels that they were invited to. `teams` are
    the workspaces and the organisation that Slack listed for a colleague. `bot` says that it is
    an app's user, Beagle's own included.
    """

    home: str = ""
    guest: bool = False
    teams: frozenset[str] = frozenset()
    organisation: str = ""
    bot: bool = False


def affiliation(
    said: Mapping[str, Any], team: str, *, own: Collection[str] = (), shared: bool = False
) -> Affiliation:
    """Returns where the author, clicker or user of a Slack object belongs, seen from `team`.

    `own` are further ids of this company: its organisation, and the workspaces that Slack has
    listed for this person. `shared` says that people of other companies are around; then whoever
    Slack says nothing of is one of them.
    """
    listed = frozenset(_listed_teams(said))
    stated = list(_stated_homes(said))
    foreign = [home for home in stated if home != team and home not in own]

    home = organisation = ""
    if team not in listed and (foreign or (shared and not stated)):
        # A workspace says more than an organisation: an answer is addressed to it.
        named = [*foreign, *sorted(listed.difference(own))]
        organisations = [name for name in named if is_organisation(name)]
        workspaces = [name for name in named if not is_organisation(name)]
        home = (workspaces or organisations or [UNKNOWN_HOME])[0]
        organisation = organisations[0] if organisations else ""

    flagged = any(said.get(flag) for flag in GUEST_FLAGS)
    teams = frozenset() if home else listed
    return Affiliation(home, flagged or bool(home), teams, organisation, bool(said.get("is_bot")))


def is_organisation(home: str) -> bool:
    """Returns whether it is the id of an organisation (Enterprise Grid), not of a workspace."""
    return home.startswith("E")


def _listed_teams(said: Mapping[str, Any]) -> Iterator[str]:
    """Yields the workspaces and the organisation that a user object lists."""
    enterprise = said.get("enterprise_user")
    if not isinstance(enterprise, Mapping):
        return

    teams = enterprise.get("teams")
    for name in [*(teams if isinstance(teams, list) else []), enterprise.get("enterprise_id")]:
        if isinstance(name, str) and name:
            yield name


def _stated_homes(said: Mapping[str, Any]) -> Iterator[str]:
    """Yields where the object says that the person belongs, from its most telling fields."""
    profile = said.get("user_profile")
    found = [said.get(name) for name in AUTHOR_FIELDS]
    if isinstance(profile, Mapping):
        found.append(profile.get("team"))
    if not any(found):
        found = [said.get("team_id") or said.get("team")]

    for name in found:
        if isinstance(name, str) and name:
            yield name
