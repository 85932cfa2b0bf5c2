"""Finds the request that a button names, and checks where the click comes from."""

from __future__ import annotations

from bot.payloads import ButtonValue, InteractionBody, team_and_user
from router.store import Store
from router.types import Request


def clicked_request(
    store: Store, value: ButtonValue, body: InteractionBody, channel: str = ""
) -> Request | None:
    """Returns the request, if the click comes from its channel and workspace.

    A submitted dialog names no channel: pass the one that the dialog carries.
    """
    request = store.requests.get(str(value.get("request", "")))
    if request is None:
        return None

    clicked_channel = body.get("channel")
    if clicked_channel is not None and not channel:
        channel = clicked_channel["id"]

    team, _ = team_and_user(body)
    return request if (request.team, request.channel) == (team, channel) else None
