"""Asks Slack who will see an answer, before anything is retrieved for it.

Slack's events keep the answer correct from then on. Asking again after a while covers events that
never arrived. What Slack does not say stays unknown, and unknown means the narrowest rights
(`router.store.knowledge.access`).
"""

from __future__ import annotations

from collections.abc import Sequence

from router.errors import PathError
from router.log import get_log
from router.store.knowledge.access import AccessControl
from router.types import Request
from workers.ports import Directory

MAX_AGE_SECONDS = 3600.0
"""For so long a channel's member list is trusted without asking Slack again."""


def refresh_membership(
    access: AccessControl, directory: Directory, request: Request, now: float
) -> None:
    """Refreshes what the rights of an answer to `request` depend on.

    That is whether the author is a guest and who is in the channel. In a DM it is who is in each of
    the author's channels, because the answer may use what is said there.
    """
    team = request.team
    before = now - MAX_AGE_SECONDS
    is_dm = request.channel_kind == "dm"

    # In a DM only the author sees the answer, but it draws on all of their channels.
    channels: Sequence[str] = [request.channel]
    if is_dm:
        channels = access.stale_channels(team, request.user, before)

    for channel in channels:
        if access.members_fetched_at(team, channel) < before:
            refresh_channel(access, directory, team, channel, now)

    if not access.is_known_user(team, request.user):
        _refresh_users(access, directory, team, [request.user])

    if not is_dm:
        # One guest among the members narrows what the answer may use.
        members = access.unknown_members(team, request.channel)
        _refresh_users(access, directory, team, members)


def refresh_channel(
    access: AccessControl, directory: Directory, team: str, channel: str, now: float
) -> bool:
    """Stores the channel and its members as Slack describes them.

    Returns False, and changes nothing, when Slack does not answer.
    """
    try:
        info = directory.channel_info(team, channel)
        members = directory.members(team, channel)
    except PathError as error:
        get_log(part="membership").warning("channel_unknown", channel=channel, error=str(error))
        return False

    access.set_channel(team, channel, name=info.name, public=info.public, shared=info.shared)
    access.set_members(team, channel, members, now)
    return True


def _refresh_users(
    access: AccessControl, directory: Directory, team: str, users: Sequence[str]
) -> None:
    """Stores which of the users are guests; those that Slack does not describe stay unknown."""
    if not users:
        return

    try:
        is_guest = directory.guests(team, users)
    except PathError as error:
        get_log(part="membership").warning("people_unknown", people=len(users), error=str(error))
        return

    # Users whom Slack does not know are missing here, and stay unknown.
    for user, guest in is_guest.items():
        access.set_user(team, user, guest)
