"""Who may press what changes things for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from router.config import Settings
from router.store.workspace.audit import Act, Audit, Verdict


def nobody(_team: str) -> str:
    """The installer where workspaces are not installed one by one."""
    return ""


@dataclass(frozen=True, slots=True)
class Admins:
    """The people of the settings and, where workspaces install Beagle themselves, who installed it there.

    Asked at each click, so that a removed admin's old buttons are worth nothing.
    """

    settings: Settings
    audit: Audit
    now: Callable[[], float]
    installer: Callable[[str], str] = nobody

    def includes(self, team: str, user: str) -> bool:
        """Whether the person is an admin there; without any admins nobody is."""
        return bool(user) and (user in self.settings.admins or user == self.installer(team))

    def note(self, who: tuple[str, str], action: str, subject: str, outcome: Verdict) -> None:
        """There is a row that says who (team, user) pressed what, and what came of it."""
        self.audit.note(Act(who[0], who[1], action, subject, outcome, self.now()))
