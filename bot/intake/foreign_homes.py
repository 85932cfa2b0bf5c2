"""Asks Slack for the workspace of somebody of whom a mention names the organisation alone."""

from __future__ import annotations

from dataclasses import replace

from router.errors import PathError
from router.log import get_log
from router.store.knowledge.access import AccessControl
from router.types import Request
from workers.affiliation import is_organisation
from workers.ports import Directory


class HomeLookup:
    """Runs after the acknowledgement: Slack may take its time.

    An answer can be streamed to somebody in their workspace only, and their click names that.
    """

    def __init__(self, access: AccessControl, directory: Directory) -> None:
        self._access = access
        self._directory = directory
        self._log = get_log(part="homes")

    def complete(self, request: Request) -> Request:
        """Returns the request with its asker's workspace; as it was where Slack does not say it."""
        if not is_organisation(request.user_team):
            return request

        # The message that comes with every mention may have said it meanwhile.
        homes = self._access.foreign_homes
        home = homes.home_of(request.asker)
        if is_organisation(home):
            home = self._ask(request)
        if is_organisation(home):
            return request

        return replace(request, user_team=homes.learn(request.asker, home))

    def _ask(self, request: Request) -> str:
        """Returns the asker's workspace as Slack says it, else what is known of them."""
        try:
            people = self._directory.people(request.team, [request.user])
        except PathError as error:
            self._log.warning("home_unknown", request=request.id, error=str(error))
            return request.user_team

        found = people.get(request.user)
        is_theirs = found is not None and found.organisation == request.user_team
        if found is None or not is_theirs or is_organisation(found.home):
            return request.user_team

        return found.home
