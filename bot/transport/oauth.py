"""OAuth: the pages that install Beagle in a workspace, and the events that remove it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from slack_bolt import BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient

from bot.payloads import Event
from bot.transport.events import Events
from bot.transport.scopes import BOT_SCOPES
from bot.transport.workspaces import EncryptedInstallationStore, OAuthStates
from router.config import Settings
from router.log import get_log
from router.store import Store
from workers.privacy.workspace_purge import purge_workspace

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"


class OAuthPages:
    """A WSGI application that serves `INSTALL_PATH` and `REDIRECT_PATH`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        installations: EncryptedInstallationStore,
        now: Callable[[], float],
    ) -> None:
        self._flow = OAuthFlow(
            client=WebClient(base_url=settings.slack_api_url),
            settings=OAuthSettings(
                client_id=settings.slack_client_id,
                client_secret=settings.slack_client_secret.get_secret_value(),
                scopes=sorted(BOT_SCOPES),
                installation_store=installations,
                installation_store_bot_only=True,
                state_store=OAuthStates(store.installations, now),
                install_path=INSTALL_PATH,
                redirect_uri_path=REDIRECT_PATH,
                authorization_url=urljoin(settings.slack_api_url, "../oauth/v2/authorize"),
            ),
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Redirects to Slack's consent page, or completes an installation when Slack returns."""
        # The cookie holds the state that the callback compares; Bolt builds URLs from the host.
        request_headers: dict[str, str | Sequence[str]] = {
            "cookie": [environ.get("HTTP_COOKIE", "")],
            "host": [environ.get("HTTP_HOST", "")],
        }
        query = environ.get("QUERY_STRING", "")
        request = BoltRequest(body="", query=query, headers=request_headers)

        if environ.get("PATH_INFO") == INSTALL_PATH:
            response = self._flow.handle_installation(request)
        else:
            response = self._flow.handle_callback(request)

        body = (response.body or "").encode()
        headers = []
        for name, values in response.headers.items():
            # Bolt counts characters; WSGI wants bytes.
            if name.lower() != "content-length":
                headers += [(name, value) for value in values]

        headers.append(("Content-Length", str(len(body))))
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [body]


class UninstallEvents:
    """Handles the events by which a workspace removes Beagle or revokes its token."""

    def __init__(self, store: Store, installations: EncryptedInstallationStore) -> None:
        self._store = store
        self._installations = installations
        self._log = get_log(part="installs")

    def listen(self, events: Events) -> None:
        """Registers for both events."""
        events.on("app_uninstalled", self.handle_uninstall)
        events.on("tokens_revoked", self.handle_revoked_tokens)

    def handle_uninstall(self, _event: Event, team: str, _client: WebClient) -> None:
        """Deletes everything of the workspace: its token, requests and documents."""
        rows = purge_workspace(self._store, team)
        self._log.info("uninstalled", team=team, rows=sum(rows.values()))

    def handle_revoked_tokens(self, event: Event, team: str, _client: WebClient) -> None:
        """Deletes the useless token; the workspace's data stays, as it may install Beagle again."""
        if (event.get("tokens") or {}).get("bot"):
            self._installations.delete_bot(enterprise_id=None, team_id=team)
            self._log.info("token_revoked", team=team)


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
            bot_token=installations.token(str(team_id or enterprise_id)),
            bot_user_id=bot.bot_user_id,
            bot_id=bot.bot_id,
        )

    return find_token
