"""The workspaces that Beagle serves, with their tokens: one from the settings, or all installed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot as BotRow
from slack_sdk.oauth.installation_store import Installation, InstallationStore
from slack_sdk.oauth.token_rotation.rotator import TokenRotator

from bot.transport.clients import (
    UNREACHABLE,
    Clients,
    RateLimiter,
    error_code,
    slack_error,
    web_client,
)
from bot.transport.token_seal import TokenSeal
from router.config import Settings
from router.errors import SettingsError
from router.log import get_log
from router.store import Store
from router.store.workspace.installations import Installations, StoredInstallation
from workers.runtime.processes import wait_until

ROTATE_MINUTES = 120
"""A token that expires within so long is exchanged before it is used."""
EXCHANGE_SECONDS = 3.0
"""How long to wait for the token that another process is exchanging."""


@dataclass(frozen=True, slots=True)
class Workspaces:
    """What the processes need of the workspaces.

    `bot_user` returns Beagle's own user id in a workspace. `installations` is None with a single
    token from the settings.
    """

    clients: Clients
    bot_user: Callable[[str], str]
    now: Callable[[], float]
    installations: EncryptedInstallationStore | None = None

    def installer(self, team: str) -> str:
        """Returns the workspace's admin by installing; empty where the settings name the admins."""
        return self.installations.installer(team) if self.installations else ""


def open_workspaces(
    settings: Settings, store: Store, rate_limiter: RateLimiter | None, now: Callable[[], float]
) -> Workspaces:
    """Returns the workspaces: those that installed Beagle if there is a client id, else one.

    Raises SettingsError when a token or a key is missing or wrong.
    """
    url = settings.slack_api_url
    if settings.slack_client_id:
        installations = EncryptedInstallationStore(
            settings, store.installations, now, store.requests.wake_token_waiters
        )
        clients = Clients(installations.token, url, rate_limiter, unlisted=settings.slack_unlisted)
        return Workspaces(clients, installations.bot_user, now, installations)

    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set; it starts with 'xoxb-' and is on the app's page in Slack"
        )

    return Workspaces(Clients.single(token, url, rate_limiter), _cached_bot_user(settings), now)


class EncryptedInstallationStore(InstallationStore):
    """Slack's installation store: one row for each workspace, with its tokens encrypted at rest.

    `wake_waiters` makes the answers that wait for a workspace's token due, and returns how many.
    Workspaces that the settings do not allow have no token here.
    """

    def __init__(
        self,
        settings: Settings,
        rows: Installations,
        now: Callable[[], float],
        wake_waiters: Callable[[float, str], int],
    ) -> None:
        self._seal = TokenSeal(settings)
        secret = settings.slack_client_secret.get_secret_value()
        if not secret:
            raise SettingsError(
                "SLACK_CLIENT_SECRET is not set; "
                "installing by OAuth needs it beside SLACK_CLIENT_ID"
            )

        self._rotator = TokenRotator(
            client_id=settings.slack_client_id,
            client_secret=secret,
            client=WebClient(base_url=settings.slack_api_url),
        )
        self._allowed = frozenset(settings.allowed_teams)
        self._rows = rows
        self._now = now
        self._wake_waiters = wake_waiters
        self._log = get_log(part="installs")

    @property
    def logger(self) -> logging.Logger:
        """Slack's interface demands it."""
        return cast(logging.Logger, self._log)

    def allows(self, team: str) -> bool:
        """Returns whether the settings let the workspace install Beagle and be served."""
        return not self._allowed or team in self._allowed

    def save(self, installation: Installation) -> None:
        """Stores the installation. Where one is stored its installer stays, and so does the admin.

        Who may install or take over is decided before (`bot/install/rules.py`).
        """
        team, user = str(installation.team_id), str(installation.user_id)
        sealed = self._sealed(team, installation.to_bot())
        self._rows.save(StoredInstallation(team, user, sealed, self._now()))

        woken = self._wake_waiters(self._now(), team)
        self._log.info("installed", team=team, user=user, woken=woken)

    def save_bot(self, bot: BotRow) -> None:
        """Stores a new token of a workspace that has one, and drops it where there is none."""
        team = str(bot.team_id)
        sealed = self._sealed(team, bot)

        row = self._rows.get(team)
        # Removed or revoked meanwhile: an exchanged token must not bring the workspace back.
        while row is not None and row.sealed:
            # Another process may have sealed the old one with a newer key just now.
            if self._rows.replace_token(team, row.sealed, sealed):
                self._wake_waiters(self._now(), team)
                return

            row = self._rows.get(team)

    def find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> BotRow | None:
        """Returns the workspace's token and what belongs to it, None if there is none.

        Raises SettingsError when no key opens the token.
        """
        row = self._rows.get(str(team_id))
        if row is None or not row.sealed or not self.allows(row.team):
            return None

        return BotRow(**self._seal.open(row.team, row.sealed))  # type: ignore[arg-type]  # as sealed

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Deletes the workspace's token. Who its admin is stays on record for the next install."""
        self._rows.revoke(str(team_id))

    def warn_where_anybody_may_install(self) -> None:
        """Logs one warning where no list says which workspaces may install Beagle."""
        if not self._allowed:
            self._log.warning("any_workspace_may_install", setting="BEAGLE_ALLOWED_TEAMS")

    def reseal(self) -> int:
        """Encrypts with the newest key what an older one encrypted; returns how many tokens."""
        resealed = 0
        for team in self._rows.teams():
            row = self._rows.get(team)
            if row is None or not row.sealed or self._seal.is_newest(row.sealed):
                continue

            try:
                values = self._seal.open(team, row.sealed)
            except SettingsError as error:
                # One workspace's row must not stop the start for all the others.
                self._log.error("token_not_opened", team=team, error=str(error))
                continue

            resealed += self._rows.replace_token(team, row.sealed, self._seal.seal(team, values))

        if resealed:
            self._log.info("tokens_resealed", tokens=resealed)

        return resealed

    def count_old_seals(self) -> int:
        """Returns how many tokens the newest key does not open."""
        rows = [self._rows.get(team) for team in self._rows.teams()]
        return sum(row is not None and not self._seal.is_newest(row.sealed) for row in rows)

    def token(self, team: str) -> str:
        """Returns the workspace's bot token, exchanged first if it expires soon.

        Raises SlackApiError `account_inactive` where Beagle is not installed.
        """
        bot = self.find_bot(enterprise_id=None, team_id=team)
        if bot is None:
            raise slack_error("account_inactive")
        # Token rotation is a choice of the app; without it tokens do not expire.
        if bot.bot_refresh_token is None:
            return str(bot.bot_token)

        try:
            fresh = self._rotator.perform_bot_token_rotation(
                bot=bot, minutes_before_expiration=ROTATE_MINUTES
            )
        except SlackTokenRotationError:
            # A refresh token works once, so another process or thread was first.
            return self._token_from_other_process(team, bot)

        if fresh is None:
            return str(bot.bot_token)

        self.save_bot(fresh)
        self._log.info("token_rotated", team=team)
        return str(fresh.bot_token)

    def bot_user(self, team: str) -> str:
        """Returns Beagle's own user id in the workspace, empty where it is not installed."""
        bot = self.find_bot(enterprise_id=None, team_id=team)
        return str(bot.bot_user_id) if bot else ""

    def installer(self, team: str) -> str:
        """Returns the workspace's admin by installing, empty where nobody installed Beagle."""
        row = self._rows.get(team)
        return row.installer if row else ""

    def has_token(self, team: str) -> bool:
        """Returns whether a token of the workspace is stored."""
        row = self._rows.get(team)
        return row is not None and bool(row.sealed)

    def replace_installer(self, team: str, former: str, new: str) -> bool:
        """Makes `new` the admin in place of `former`; returns False if somebody else was faster."""
        return self._rows.replace_installer(team, former, new)

    def _token_from_other_process(self, team: str, old: BotRow) -> str:
        """Waits for a token other than `old` in the store.

        Raises SlackApiError `token_expired` when none comes.
        """

        def newer_token() -> str:
            bot = self.find_bot(enterprise_id=None, team_id=team)
            return str(bot.bot_token) if bot is not None and bot.bot_token != old.bot_token else ""

        wait_until(lambda: bool(newer_token()), EXCHANGE_SECONDS)
        token = newer_token()
        if not token:
            raise slack_error("token_expired")

        return token

    def _sealed(self, team: str, bot: BotRow) -> str:
        # `to_dict` formats dates in the local time zone; unix seconds come back unchanged.
        values = bot.to_dict()
        values["installed_at"] = self._now()
        values["bot_token_expires_at"] = bot.bot_token_expires_at
        return self._seal.seal(team, values)


def fetch_bot_user(client: WebClient, settings: Settings) -> str:
    """Asks Slack whose token the client holds; returns the user id.

    Raises SettingsError that says what is wrong with the token, or with the network.
    """
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        raise SettingsError(
            f"SLACK_BOT_TOKEN: Slack refused it with {error_code(error)!r}; "
            "install the app again and copy the token"
        ) from error
    except UNREACHABLE as error:
        raise SettingsError(
            f"SLACK_API_URL: {settings.slack_api_url!r} was not reached "
            f"({type(error).__name__}); check the network"
        ) from error

    if answer.get("is_enterprise_install"):
        raise SettingsError(
            "SLACK_BOT_TOKEN: it is of an install of a whole organisation, and Beagle serves "
            "workspaces one by one; install the app in one workspace and copy that token"
        )

    return str(answer["user_id"])


def _cached_bot_user(settings: Settings) -> Callable[[str], str]:
    """Returns a function that asks Slack for Beagle's user id when it is first called."""

    # Only results are cached: a call that failed is tried again the next time.
    @cache
    def fetch() -> str:
        token = settings.slack_bot_token.get_secret_value()
        return fetch_bot_user(web_client(token, settings.slack_api_url), settings)

    return lambda _team: fetch()
