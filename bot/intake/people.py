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
from router.types import SlackPerson
from workers.affiliation import AUTHOR_FIELDS, UNKNOWN_HOME, affiliation, is_organisation
from workers.runtime.bounded import BoundedDict

Body = MutableMapping[str, Any]
MAX_LEARNED = 10_000
"""People of other organisations whose home is not stored again by this process."""


class PeopleOfPayloads:
    """A Bolt middleware that passes every payload on."""

    def __init__(self, access: AccessControl) -> None:
        self._access = access
        self._learned: BoundedDict[tuple[SlackPerson, str], str] = BoundedDict(MAX_LEARNED)

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
        named = _organisations(body, ("team_id", "enterprise_id"))
        named |= _organisations(body, ("context_team_id", "context_enterprise_id"))
        # A workspace that is not ours sent the event: it happened in a shared channel.
        shared = bool(body.get("is_ext_shared_channel")) or body.get("team_id") not in (team, None)

        for message in (event, event.get("message"), event.get("previous_message")):
            if isinstance(message, MutableMapping) and isinstance(message.get("user"), str):
                self._place(message, team, own, named, shared=shared)

        for attachment in event.get("attachments") or ():
            # A forwarded message names its author's workspace like whoever clicks.
            if isinstance(attachment, MutableMapping) and attachment.get("author_id"):
                said, author = {"team_id": attachment.get("team_id")}, str(attachment["author_id"])
                home = self._home(said, author, team, own, named, shared=shared)
                attachment["team_id"] = home or team

    def _place_clicker(self, body: Body) -> None:
        team = installed_team(body)
        if not team:
            return

        sender = body.get("team") or {}
        enterprise = str(sender.get("enterprise_id") or _id(body.get("enterprise")))
        own: set[str] = set()
        named = {}
        if enterprise and _id(sender) == team:
            own = {enterprise}
        elif enterprise:
            named = {_id(sender): enterprise}
        body["team"] = {**sender, "id": team}

        user, channel = body["user"], _id(body.get("channel"))
        if user.get("team_id") == enterprise and named:
            user["team_id"] = _id(sender)
        says_nothing = not user.get("team_id")
        shared = says_nothing and bool(channel) and self._access.is_shared(team, channel)
        home = self._home(user, str(user.get("id")), team, own, named, shared=shared)
        user["team_id"] = home or team

        message = body.get("message")
        if isinstance(message, MutableMapping) and isinstance(message.get("user"), str):
            self._place(message, team, own, named, shared=False)

    def _place(
        self, message: Body, team: str, own: set[str], named: Mapping[str, str], *, shared: bool
    ) -> None:
        home = self._home(message, message["user"], team, own, named, shared=shared)
        for name in (*AUTHOR_FIELDS, "user_profile"):
            message.pop(name, None)

        message["user_team"] = home or team

    def _home(
        self,
        said: Mapping[str, Any],
        user: str,
        team: str,
        own: set[str],
        named: Mapping[str, str],
        *,
        shared: bool,
    ) -> str:
        """Returns the person's workspace where it is another company's, else an empty text.

        `named` has the organisation of each workspace for which the payload says it.
        """
        stated = affiliation(said, team, shared=shared).home
        if stated in ("", UNKNOWN_HOME):
            return stated

        person = SlackPerson(team, user, stated)
        home = self._learn(person, named) or self._access.foreign_homes.home_of(person)

        # A colleague may be in another workspace of our organisation, or have it as their first.
        colleagues = own | self._access.listed_teams(team, user)
        if not affiliation(said, team, own=colleagues, shared=shared).home:
            return ""

        is_ours = bool(own) and self._access.foreign_homes.organisation_of(team, home) in own
        return "" if is_ours else home

    def _learn(self, person: SlackPerson, named: Mapping[str, str]) -> str:
        """Stores a workspace that the payload names with its organisation.

        Returns the person's one home (`ForeignHomes`), an empty text where it is not named.
        """
        workspace = person.home
        # A mention comes in the envelope of another workspace: it says nothing of an organisation.
        if workspace not in named:
            return ""

        member = SlackPerson(person.team, person.user, named[workspace])
        home = self._learned.get((member, workspace))
        if home is None:
            home = self._access.foreign_homes.learn(member, workspace)
            self._learned[member, workspace] = home

        return home


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


def _organisations(body: Body, fields: tuple[str, str]) -> dict[str, str]:
    """Returns the organisation of a workspace that the envelope names together with it."""
    workspace, organisation = (str(body.get(name) or "") for name in fields)
    return {workspace: organisation} if workspace and is_organisation(organisation) else {}


def _id(field: object) -> str:
    return str(field.get("id") or "") if isinstance(field, Mapping) else ""
