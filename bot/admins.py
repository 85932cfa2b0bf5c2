"""Who may change what concerns others, and the audit trail of who tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from router.config import Settings
from router.store.workspace.audit import ActionOutcome, AuditEntry, AuditLog


def no_installer(_team: str) -> str:
    """Returns the empty user id: workspaces do not install Beagle themselves."""
    return ""


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

    def includes(self, team: str, user: str) -> bool:
        """Returns whether the person is an admin of the workspace. Without any admins nobody is."""
        # An unknown installer is an empty id, which must not equal the id of an unknown person.
        if not user:
            return False

        # The settings allow an id without a workspace only where there is a single one.
        named = self.settings.admins
        return f"{team}:{user}" in named or user in named or user == self.installer(team)

    def record(
        self, team_and_user: tuple[str, str], action: str, subject: str, outcome: ActionOutcome
    ) -> None:
        """Inserts an audit row: who did what to which subject, and the outcome."""
        team, user = team_and_user
        self.audit.record(AuditEntry(team, user, action, subject, outcome, self.now()))
