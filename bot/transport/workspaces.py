"""Which workspaces Beagle serves, with which tokens: one from the settings, or each that installed it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot as BotRow
from slack_sdk.oauth.installation_store import Installation, InstallationStore
from slack_sdk.oauth.state_store import OAuthStateStore
from slack_sdk.oauth.token_rotation.rotator import TokenRotator

from bot.transport.clients import UNREACHABLE, Clients, Turns, code, refusal, web_client
from router.config import Settings
from router.errors import SettingsError
from router.log import get_log
from router.store import Store
from router.store.workspace.installations import Installations, Installed
from workers.runtime.processes import wait_until

STATE_SECONDS = 600.0
ROTATE_MINUTES = 120
"""A token that expires within so long is exchanged before it is used."""
EXCHANGE_SECONDS = 3.0
"""How long the token that somebody else is exchanging is waited for."""


@dataclass(frozen=True, slots=True)
class Workspaces:
    """What the processes need of the workspaces. `me` is Beagle's own user there, `installer` who installed it."""

    clients: Clients
    me: Callable[[str], str]
    now: Callable[[], float]
    installs: Installs | None = None

    def installer(self, team: str) -> str:
        """The workspace's first admin; nobody where the settings name the admins."""
        return self.installs.installer(team) if self.installs else ""


def open_workspaces(
    settings: Settings, store: Store, turns: Turns | None, now: Callable[[], float]
) -> Workspaces:
    """One workspace with the token of the settings, or those that installed Beagle where a client id is set.

    Raises SettingsError when a token or a key is missing or wrong.
    """
    url = settings.slack_api_url
    if settings.slack_client_id:
        installs = Installs(settings, Installations(store.engine), now, store.requests.token_back)
        return Workspaces(Clients(installs.token, url, turns), installs.me, now, installs)

    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set; it starts with 'xoxb-' and stands on the app's page in Slack"
        )

    return Workspaces(Clients.single(token, url, turns), _asked_once(settings), now)


class Installs(InstallationStore):
    """Slack's installation store: one row a workspace, its tokens encrypted at rest."""

    def __init__(
        self,
        settings: Settings,
        kept: Installations,
        now: Callable[[], float],
        token_back: Callable[[float, str], int],
    ) -> None:
        key = settings.token_key.get_secret_value()
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise SettingsError(
                "BEAGLE_TOKEN_KEY: with SLACK_CLIENT_ID set, tokens of workspaces are kept encrypted and need a Fernet "
                "key (32 bytes in URL-safe base64); make one with `python -c 'from cryptography.fernet import Fernet; "
                "print(Fernet.generate_key().decode())'`"
            ) from error

        secret = settings.slack_client_secret.get_secret_value()
        if not secret:
            raise SettingsError(
                "SLACK_CLIENT_SECRET is not set; installing by OAuth needs it beside SLACK_CLIENT_ID"
            )

        client = WebClient(base_url=settings.slack_api_url)
        self._rotator = TokenRotator(
            client_id=settings.slack_client_id, client_secret=secret, client=client
        )
        self._kept, self._now, self._token_back = kept, now, token_back
        self._log = get_log(part="installs")

    @property
    def logger(self) -> Any:
        """Slack's interface wants one."""
        return self._log

    def save(self, installation: Installation) -> None:
        """The workspace is installed; an earlier install of it is replaced, and what waited for a token is due."""
        team, user = (
            str(installation.team_id or installation.enterprise_id),
            str(installation.user_id),
        )
        bot = installation.to_bot()
        self._log.info("installed", team=team, user=user, woken=self._put(team, user, bot))

    def save_bot(self, bot: BotRow) -> None:
        """The workspace's token is a new one, and what waited for one is due."""
        team = str(bot.team_id or bot.enterprise_id)
        known = self._kept.get(team)
        self._put(team, known.installer if known else "", bot)

    def find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> BotRow | None:
        """The workspace's token and what belongs to it. Raises SettingsError when another key had sealed it."""
        found = self._kept.get(str(team_id or enterprise_id))
        if found is None:
            return None

        try:
            return BotRow(**json.loads(self._fernet.decrypt(found.sealed.encode())))
        except InvalidToken as error:
            raise SettingsError(
                f"BEAGLE_TOKEN_KEY: it does not open the token of workspace {found.team!r}; set the key that was used "
                "when it was installed, or install Beagle there again"
            ) from error

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """The workspace's token is gone."""
        self._kept.remove(str(team_id or enterprise_id))

    def token(self, team: str) -> str:
        """The workspace's bot token, exchanged first where it would soon expire.

        Raises SlackApiError `account_inactive` where Beagle is not installed.
        """
        bot = self.find_bot(enterprise_id=None, team_id=team)
        if bot is None:
            raise refusal("account_inactive")
        if bot.bot_refresh_token is None:
            return str(bot.bot_token)

        try:
            fresh = self._rotator.perform_bot_token_rotation(
                bot=bot, minutes_before_expiration=ROTATE_MINUTES
            )
        except SlackTokenRotationError:
            return self._exchanged_elsewhere(team, bot)

        if fresh is None:
            return str(bot.bot_token)

        self.save_bot(fresh)
        self._log.info("token_rotated", team=team)
        return str(fresh.bot_token)

    def _exchanged_elsewhere(self, team: str, old: BotRow) -> str:
        """The token that another process or thread exchanged at the same moment, as soon as it stands in the store."""

        def newer() -> str:
            bot = self.find_bot(enterprise_id=None, team_id=team)
            return str(bot.bot_token) if bot is not None and bot.bot_token != old.bot_token else ""

        wait_until(lambda: bool(newer()), EXCHANGE_SECONDS)
        if not (found := newer()):
            raise refusal("token_expired")

        return found

    def me(self, team: str) -> str:
        """Beagle's own user in the workspace."""
        bot = self.find_bot(enterprise_id=None, team_id=team)
        return str(bot.bot_user_id) if bot else ""

    def installer(self, team: str) -> str:
        """Who installed it there."""
        found = self._kept.get(team)
        return found.installer if found else ""

    def _put(self, team: str, installer: str, bot: BotRow) -> int:
        """How many answers waited for a token; whoever was refused the old one is among them."""
        # Slack's class gives dates of its own zone; seconds come back as they were.
        exact = {"installed_at": self._now(), "bot_token_expires_at": bot.bot_token_expires_at}
        sealed = self._fernet.encrypt(json.dumps({**bot.to_dict(), **exact}).encode()).decode()
        self._kept.put(Installed(team, installer, sealed, self._now()))

        return self._token_back(self._now(), team)


class States(OAuthStateStore):
    """The states of installs under way: each is good for ten minutes, once, in whichever process it comes back."""

    def __init__(self, kept: Installations, now: Callable[[], float]) -> None:
        self._kept, self._now = kept, now

    @property
    def logger(self) -> Any:
        """Slack's interface wants one."""
        return get_log(part="installs")

    def issue(self, *args: Any, **kwargs: Any) -> str:
        """A fresh state."""
        state = secrets.token_urlsafe(32)
        self._kept.begin(state, self._now() + STATE_SECONDS)
        return state

    def consume(self, state: str) -> bool:
        """Whether the state was good; never again."""
        return self._kept.finish(state, self._now())


def _asked_once(settings: Settings) -> Callable[[str], str]:
    """Beagle's own user, asked of Slack when first needed."""
    known: list[str] = []

    def me(_: str) -> str:
        if not known:
            known.append(
                who(
                    web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url),
                    settings,
                )
            )

        return known[0]

    return me


def who(client: WebClient, settings: Settings) -> str:
    """Whose token a client holds. Raises SettingsError saying what is wrong with it, or with the network."""
    try:
        return str(client.auth_test()["user_id"])
    except SlackApiError as error:
        raise SettingsError(
            f"SLACK_BOT_TOKEN: Slack refused it with {code(error)!r}; install the app again and copy the token"
        ) from error
    except UNREACHABLE as error:
        raise SettingsError(
            f"SLACK_API_URL: {settings.slack_api_url!r} was not reached ({type(error).__name__}); check the network"
        ) from error
