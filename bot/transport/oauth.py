"""OAuth: the token of a request's workspace, and the events that remove it."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.payloads import Event
from bot.transport.events import Events
from bot.transport.workspaces import EncryptedInstallationStore
from router.log import get_log
from router.store import Store
from workers.privacy.workspace_purge import purge_workspace


class UninstallEvents:
    """Handles the events by which a workspace removes Beagle or revokes its token.

    Slack repeats and delays events. One that is older than the workspace's newest installation is
    about an earlier one, and is ignored. `forget` removes what this process holds of a workspace in
    memory.
    """

    def __init__(
        self,
        store: Store,
        installations: EncryptedInstallationStore,
        forget: Callable[[str], object],
    ) -> None:
        self._store = store
        self._installations = installations
        self._forget = forget
        self._log = get_log(part="installs")

    def listen(self, events: Events) -> None:
        """Registers for both events."""
        events.on("app_uninstalled", self.handle_uninstall)
        events.on("tokens_revoked", self.handle_revoked_tokens)

    def handle_uninstall(self, event: Event, team: str, _client: WebClient) -> None:
        """Deletes everything of the workspace: its token, rows, files and trained models."""
        if self._is_outdated(event, team):
            return

        rows = purge_workspace(self._store, team)
        self._forget(team)
        self._log.info("uninstalled", team=team, rows=sum(rows.values()))

    def handle_revoked_tokens(self, event: Event, team: str, _client: WebClient) -> None:
        """Deletes the useless token; the workspace's data stays, as it may install Beagle again."""
        if not (event.get("tokens") or {}).get("bot") or self._is_outdated(event, team):
            return

        self._installations.delete_bot(enterprise_id=None, team_id=team)
        self._log.info("token_revoked", team=team)

    def _is_outdated(self, event: Event, team: str) -> bool:
        """Returns whether Beagle was installed again after the event."""
        installed = self._store.installations.get(team)
        if installed is None or not event.get("event_ts"):
            return False

        # Slack's time of an event has no fractions.
        outdated = int(float(event["event_ts"])) < int(installed.at)
        if outdated:
            self._log.info("event_outdated", team=team, kind=event.get("type"))

        return outdated


def authorize(
    installations: EncryptedInstallationStore,
) -> Callable[..., AuthorizeResult | None]:
    """Returns Bolt's `authorize` function, which finds the workspace's token for each request.

    Its result is None where Beagle is not installed.
    """

    # Bolt passes arguments by name, so they must be called like this.
    def find_token(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        bot = installations.find_bot(enterprise_id=enterprise_id, team_id=team_id)
        if bot is None:
            return None

        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=installations.token(str(team_id)),
            bot_user_id=bot.bot_user_id,
            bot_id=bot.bot_id,
        )

    return find_token
