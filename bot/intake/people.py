"""Says in one form where the people of a payload belong, before anything else reads it.

Every author and everybody who clicks goes through `workers.affiliation`: afterwards `user_team` of
a message or event, and `team_id` of whoever clicked, name a colleague's workspace or another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, cast

from slack_bolt import BoltResponse

from bot.payloads import EventBody, InteractionBody
from bot.transport.events import receiving_team
from router.store.knowledge.access import AccessControl
from workers.affiliation import AUTHOR_FIELDS, affiliation

Body = MutableMapping[str, Any]


class PeopleOfPayloads:
    """A Bolt middleware that passes every payload on."""

    def __init__(self, access: AccessControl) -> None:
        self._access = access

    def __call__(
        self,
        body: EventBody | InteractionBody,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Writes down where authors and clickers belong."""
        payload = cast(Body, body)
        event = payload.get("event")
        if payload.get("type") == "event_callback" and isinstance(event, MutableMapping):
            self._place_authors(payload, event)
        elif isinstance(payload.get("user"), MutableMapping):
            self._place_clicker(payload)

        return next()

    def _place_authors(self, body: Body, event: Body) -> None:
        team = receiving_team(cast(EventBody, body))
        own = _own_ids(body)
        # A workspace that is not ours sent the event: it happened in a shared channel.
        shared = bool(body.get("is_ext_shared_channel")) or body.get("team_id") not in (team, None)

        for message in (event, event.get("message"), event.get("previous_message")):
            if isinstance(message, MutableMapping) and isinstance(message.get("user"), str):
                self._place(message, team, own, shared=shared)

        for attachment in event.get("attachments") or ():
            # A forwarded message names its author's workspace like whoever clicks.
            if isinstance(attachment, MutableMapping) and attachment.get("author_id"):
                said, author = {"team_id": attachment.get("team_id")}, str(attachment["author_id"])
                home = self._home(said, author, team, own, shared=shared)
                attachment["team_id"] = home or team

    def _place_clicker(self, body: Body) -> None:
        team = installed_team(body)
        if not team:
            return

        organisation = set()
        if _id(body.get("team")) == team:
            enterprise = body["team"].get("enterprise_id") or _id(body.get("enterprise"))
            organisation = {enterprise} if enterprise else set()
        body["team"] = {**(body.get("team") or {}), "id": team}

        user, channel = body["user"], _id(body.get("channel"))
        says_nothing = not user.get("team_id")
        shared = says_nothing and bool(channel) and self._access.is_shared(team, channel)
        home = self._home(user, str(user.get("id")), team, organisation, shared=shared)
        user["team_id"] = home or team

        message = body.get("message")
        if isinstance(message, MutableMapping) and isinstance(message.get("user"), str):
            self._place(message, team, organisation, shared=False)

    def _place(self, message: Body, team: str, own: set[str], *, shared: bool) -> None:
        home = self._home(message, message["user"], team, own, shared=shared)
        for name in (*AUTHOR_FIELDS, "user_profile"):
            message.pop(name, None)

        message["user_team"] = home or team

    def _home(
        self, said: Mapping[str, Any], user: str, team: str, own: set[str], *, shared: bool
    ) -> str:
        """Returns the person's workspace where it is another company's, else an empty text."""
        home = affiliation(said, team, own=own, shared=shared).home
        if not home:
            return ""

        # Somebody of our organisation may have another workspace as their first one.
        listed = self._access.listed_teams(team, user)
        return affiliation(said, team, own=own | listed, shared=shared).home if listed else home


def installed_team(body: Mapping[str, Any]) -> str:
    """Returns the workspace that a click or dialog is for.

    A dialog that somebody of another company submits may name theirs as `team`, and the one in
    which Beagle is installed in its view.
    """
    view = body.get("view")
    installed = view.get("app_installed_team_id") if isinstance(view, Mapping) else None
    return str(installed or _id(body.get("team")))


def _own_ids(body: Body) -> set[str]:
    """Returns the organisation that the event was sent to, and its workspace that sent it."""
    authorization = (body.get("authorizations") or [{}])[0]
    enterprise = authorization.get("enterprise_id")
    if not enterprise:
        return set()

    own = {str(enterprise)}
    if body.get("enterprise_id") == enterprise and body.get("team_id"):
        own.add(str(body["team_id"]))

    return own


def _id(field: object) -> str:
    return str(field.get("id") or "") if isinstance(field, Mapping) else ""
