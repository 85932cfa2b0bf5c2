"""Who may install Beagle in a workspace, and whether that changes who its admin is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from slack_bolt.error import BoltError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation

from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.workspaces import EncryptedInstallationStore
from bot.ui.texts import install as texts
from router.log import get_log
from router.store.workspace.audit import ActionOutcome, AuditEntry, AuditLog

ADMIN_FLAGS = ("is_admin", "is_owner", "is_primary_owner")

NO_ANSWER = (SlackApiError, *UNREACHABLE)
"""Slack refused, or did not answer, or not in full."""

InstallOutcome = Literal["first", "renewed", "renewed_by_member", "taken_over"]
"""What an install changed: `first` made its person the admin, `taken_over` too, in place of another
one. `renewed` replaced the token for the admin, `renewed_by_member` for somebody else."""


class InstallRefusedError(BoltError):
    """The install is refused; the message is for the person who installs."""


@dataclass(frozen=True, slots=True)
class InstallRules:
    """Decides about an install that Slack has granted, stores it, and records it in the audit log.

    The first person who installs Beagle in a workspace is its admin. Slack lets members install
    apps, so a later install by somebody else replaces only the token, unless Slack says that this
    person is an admin or owner of the workspace. `client` returns Slack's client for a token.
    """

    installations: EncryptedInstallationStore
    audit: AuditLog
    now: Callable[[], float]
    client: Callable[[str], WebClient]

    def install(self, installation: Installation) -> InstallOutcome:
        """Stores the installation; returns what it changed.

        Raises InstallRefusedError for an organisation, and for a workspace that is not allowed;
        then no token is stored, and Slack is asked to revoke it.
        """
        team, user = str(installation.team_id or ""), str(installation.user_id)
        if installation.is_enterprise_install or not team:
            self._revoke(installation)
            raise InstallRefusedError(texts.ORGANISATION)

        if not self.installations.allows(team):
            # A workspace that was allowed once removes Beagle itself: that erases its data.
            if not self.installations.has_token(team):
                self._revoke(installation)
            raise InstallRefusedError(texts.NOT_ALLOWED.format(team=team))

        before = self.installations.installer(team)
        self.installations.save(installation)
        # Read after it was stored: of two first installs at once one is the first.
        admin = self.installations.installer(team)
        if admin == user:
            self._record(team, user, "install", team, "applied")
            return "renewed" if before else "first"

        return self._take_over(installation, admin)

    def _take_over(self, installation: Installation, former: str) -> InstallOutcome:
        """Makes the person the admin if Slack calls them one; returns what changed."""
        team, user = str(installation.team_id), str(installation.user_id)
        client = self.client(str(installation.bot_token))

        is_changed = self._is_workspace_admin(client, user) and (
            self.installations.replace_installer(team, former, user)
        )
        if not is_changed:
            self._record(team, user, "take_over", former, "refused")
            return "renewed_by_member"

        self._record(team, user, "take_over", former, "applied")
        self._notify_former(client, former, user)
        return "taken_over"

    def _is_workspace_admin(self, client: WebClient, user: str) -> bool:
        """Returns whether Slack calls the person an admin or owner; without an answer, False."""
        try:
            found = client.users_info(user=user)["user"]
        except NO_ANSWER as error:
            get_log(part="installs").warning("installer_unknown", user=user, error=_reason(error))
            return False

        return not found.get("deleted") and any(found.get(flag) for flag in ADMIN_FLAGS)

    def _notify_former(self, client: WebClient, former: str, user: str) -> None:
        if not former:
            return

        try:
            client.chat_postMessage(channel=former, text=texts.TAKEN_OVER_NOTICE.format(user=user))
        except NO_ANSWER as error:
            # Somebody who left the company gets no messages. The audit log has the change.
            get_log(part="installs").warning("former_admin_not_told", error=_reason(error))

    def _revoke(self, installation: Installation) -> None:
        """Asks Slack to revoke a token that nobody will use."""
        try:
            self.client(str(installation.bot_token)).auth_revoke()
        except NO_ANSWER as error:
            # It was never stored, so it is gone with this process's memory.
            get_log(part="installs").warning("token_not_revoked", error=_reason(error))

    def _record(
        self, team: str, user: str, action: str, subject: str, outcome: ActionOutcome
    ) -> None:
        self.audit.record(AuditEntry(team, user, action, subject, outcome, self.now()))


def _reason(error: Exception) -> str:
    return error_code(error) if isinstance(error, SlackApiError) else type(error).__name__
