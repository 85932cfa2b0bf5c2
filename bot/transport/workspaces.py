"""The workspaces that Beagle serves, with their tokens: one from the settings, or all installed."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot as BotRow
from slack_sdk.oauth.installation_store import Installation, InstallationStore
from slack_sdk.oauth.state_store import OAuthStateStore
from slack_sdk.oauth.token_rotation.rotator import TokenRotator

from bot.transport.clients import (
    UNREACHABLE,
    Clients,
    RateLimiter,
    error_code,
    slack_error,
    web_client,
)
from router.config import Settings
from router.errors import SettingsError
from router.log import get_log
from router.store import Store
from router.store.workspace.installations import Installations, StoredInstallation
from workers.runtime.processes import wait_until

STATE_SECONDS = 600.0
"""How long an OAuth state is valid."""
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
        """Returns the workspace's first admin; empty where the settings name the admins."""
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
        clients = Clients(installations.token, url, rate_limiter)
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
    """

    def __init__(
        self,
        settings: Settings,
        rows: Installations,
        now: Callable[[], float],
        wake_waiters: Callable[[float, str], int],
    ) -> None:
        self._fernet = _fernet(settings)
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
        self._rows = rows
        self._now = now
        self._wake_waiters = wake_waiters
        self._log = get_log(part="installs")

    @property
    def logger(self) -> logging.Logger:
        """Slack's interface demands it."""
        return cast(logging.Logger, self._log)

    def save(self, installation: Installation) -> None:
        """Stores the installation, in place of an earlier one of the workspace."""
        team = str(installation.team_id or installation.enterprise_id)
        user = str(installation.user_id)
        woken = self._store(team, user, installation.to_bot())
        self._log.info("installed", team=team, user=user, woken=woken)

    def save_bot(self, bot: BotRow) -> None:
        """Stores a new token of the workspace."""
        team = str(bot.team_id or bot.enterprise_id)
        self._store(team, self.installer(team), bot)

    def find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> BotRow | None:
        """Returns the workspace's token and what belongs to it, None if there is none.

        Raises SettingsError when the token was encrypted with another key.
        """
        row = self._rows.get(str(team_id or enterprise_id))
        if row is None:
            return None

        try:
            return BotRow(**json.loads(self._fernet.decrypt(row.sealed.encode())))
        except InvalidToken as error:
            raise SettingsError(
                f"BEAGLE_TOKEN_KEY: it does not open the token of workspace {row.team!r}; set the "
                "key that was used when it was installed, or install Beagle there again"
            ) from error

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Deletes the workspace's token."""
        self._rows.remove(str(team_id or enterprise_id))

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
        """Returns who installed Beagle there, empty where nobody did."""
        row = self._rows.get(team)
        return row.installer if row else ""

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

    def _store(self, team: str, installer: str, bot: BotRow) -> int:
        """Stores the token, encrypted; returns how many answers waited for one and are due now."""
        # `to_dict` formats dates in the local time zone; unix seconds come back unchanged.
        values = bot.to_dict()
        values["installed_at"] = self._now()
        values["bot_token_expires_at"] = bot.bot_token_expires_at

        sealed = self._fernet.encrypt(json.dumps(values).encode()).decode()
        self._rows.upsert(StoredInstallation(team, installer, sealed, self._now()))
        return self._wake_waiters(self._now(), team)


class OAuthStates(OAuthStateStore):
    """The states of installations under way, shared by all processes.

    A state is valid once, for `STATE_SECONDS`. It proves that whoever returns from Slack began the
    installation here (RFC 6749, section 10.12).
    """

    def __init__(self, rows: Installations, now: Callable[[], float]) -> None:
        self._rows = rows
        self._now = now

    @property
    def logger(self) -> logging.Logger:
        """Slack's interface demands it."""
        return cast(logging.Logger, get_log(part="installs"))

    def issue(self, *_args: Any, **_kwargs: Any) -> str:
        """Returns a new state."""
        state = secrets.token_urlsafe(32)
        self._rows.insert_state(state, self._now() + STATE_SECONDS)
        return state

    def consume(self, state: str) -> bool:
        """Returns whether the state was valid, and invalidates it."""
        return self._rows.consume_state(state, self._now())


def fetch_bot_user(client: WebClient, settings: Settings) -> str:
    """Asks Slack whose token the client holds; returns the user id.

    Raises SettingsError that says what is wrong with the token, or with the network.
    """
    try:
        return str(client.auth_test()["user_id"])
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


def _cached_bot_user(settings: Settings) -> Callable[[str], str]:
    """Returns a function that asks Slack for Beagle's user id when it is first called."""

    # Only results are cached: a call that failed is tried again the next time.
    @cache
    def fetch() -> str:
        token = settings.slack_bot_token.get_secret_value()
        return fetch_bot_user(web_client(token, settings.slack_api_url), settings)

    return lambda _team: fetch()


def _fernet(settings: Settings) -> Fernet:
    try:
        return Fernet(settings.token_key.get_secret_value())
    except ValueError as error:
        raise SettingsError(
            "BEAGLE_TOKEN_KEY: with SLACK_CLIENT_ID set, tokens of workspaces are stored encrypted "
            "and need a Fernet key (32 bytes in URL-safe base64); make one with `python -c 'from "
            "cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`"
        ) from error
