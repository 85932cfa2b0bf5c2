"""Asks Slack who will read an answer, before anything is looked up for it.

Slack's events keep the answer right from then on; asking again after a while covers events that
never came. What Slack does not say stays unknown, and what is unknown counts as the narrowest
(`router.store.readers`).
"""

from __future__ import annotations

from collections.abc import Sequence

from router.errors import PathError
from router.log import get_log
from router.store.knowledge.access import Readers
from router.types import Request
from workers.ports import Directory

AGAIN_SECONDS = 3600.0
"""How long Slack's word on a channel's members is taken for true without an event that says
otherwise."""


def ask_about(readers: Readers, directory: Directory, request: Request, now: float) -> None:
    """The asker is known, and who is in the channel, or in a DM who is in each channel of theirs."""
    team, before = request.team, now - AGAIN_SECONDS

    places = (
        readers.stale(team, request.user, before)
        if request.channel_kind == "dm"
        else [request.channel]
    )
    for place in places:
        if readers.asked_at(team, place) < before:
            read_channel(readers, directory, team, place, now)

    if not readers.known(team, request.user):
        _meet(readers, directory, team, [request.user])
    if request.channel_kind != "dm":
        _meet(readers, directory, team, readers.strangers(team, request.channel))


def read_channel(readers: Readers, directory: Directory, team: str, place: str, now: float) -> bool:
    """The channel and its members are as Slack says now; False, and nothing changed, when it does not say."""
    try:
        about, members = directory.place(team, place), directory.members(team, place)
    except PathError as error:
        get_log(part="roster").warning("channel_unknown", channel=place, error=str(error))
        return False

    readers.set_channel(team, place, name=about.name, public=about.public, shared=about.shared)
    readers.set_members(team, place, members, now)
    return True


def _meet(readers: Readers, directory: Directory, team: str, users: Sequence[str]) -> None:
    if not users:
        return

    try:
        guests = directory.guests(team, users)
    except PathError as error:
        get_log(part="roster").warning("people_unknown", people=len(users), error=str(error))
        return

    for user, guest in guests.items():
        readers.set_person(team, user, guest)
