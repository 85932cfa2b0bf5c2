"""Who may change what concerns others, and the audit trail of who tried."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from router.config import Settings
from router.store.workspace.audit import ActionOutcome, AuditEntry, AuditLog
from router.types import SlackPerson

HOUR_SECONDS = 3_600
MAX_REFUSALS = 20
"""Refused clicks of a person that the audit log records in an hour: anybody can press buttons, and
nobody may fill the database by that."""


def no_installer(_team: str) -> str:
    """Returns the empty user id: workspaces do not install Beagle themselves."""
    return ""


class RefusalCounter:
    """Counts each person's refused clicks, hour by hour. Safe for many threads."""

    def __init__(self) -> None:
        self._hour = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def count(self, team: str, user: str, now: float) -> bool:
        """Counts one more; returns whether it is among the first `MAX_REFUSALS` of the hour."""
        hour = int(now // HOUR_SECONDS)
        with self._lock:
            if hour != self._hour:
                self._hour = hour
                self._counts.clear()

            self._counts[team, user] += 1
            return self._counts[team, user] <= MAX_REFUSALS


@dataclass(frozen=True, slots=True)
class Admins:
    """The admins of the settings, and whoever installed Beagle in a workspace that did it itself.

    Ask at each click and not when a button is posted: then a removed admin's old buttons are
    worthless.
    """

    settings: Settings
    audit: AuditLog
    now: Callable[[], float]
    installer: Callable[[str], str] = no_installer
    _refusals: RefusalCounter = field(default_factory=RefusalCounter, init=False)

    def includes(self, person: SlackPerson) -> bool:
        """Returns whether the person is an admin of the workspace. Without any admins nobody is.

        Users of two workspaces may have equal ids, so nobody from outside is an admin.
        """
        team, user = person.team, person.user
        # An unknown installer is an empty id, which must not equal the id of an unknown person.
        if not user or person.home:
            return False

        # The settings allow an id without a workspace only where there is a single one.
        named = self.settings.admins
        return f"{team}:{user}" in named or user in named or user == self.installer(team)

    def names(self, team: str) -> list[str]:
        """Returns the user ids of the workspace's admins, sorted; those of other ones are left out.

        An id without a workspace is an admin of the single one that there is.
        """
        people = {name.removeprefix(f"{team}:") for name in self.settings.admins}
        people.add(self.installer(team))

        return sorted(user for user in people if user and ":" not in user)

    def record(
        self, team_and_user: tuple[str, str], action: str, subject: str, outcome: ActionOutcome
    ) -> None:
        """Inserts an audit row: who did what to which subject, and the outcome.

        Of a person's refused clicks the first `MAX_REFUSALS` in an hour are recorded.
        """
        team, user = team_and_user
        if outcome == "refused" and not self._refusals.count(team, user, self.now()):
            return

        self.audit.record(AuditEntry(team, user, action, subject, outcome, self.now()))
