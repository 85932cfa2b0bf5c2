"""The pages by which a workspace installs Beagle, and what happens when it is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from slack_bolt import BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient

from bot.transport.events import Events
from bot.transport.scopes import BOT_SCOPES
from bot.transport.workspaces import Installs, States
from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.workspace.installations import Installations
from workers.privacy.workspace_purge import purge

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"


class InstallPages:
    """A WSGI application: the two addresses of Slack's OAuth."""

    def __init__(
        self, settings: Settings, store: Store, installs: Installs, now: Callable[[], float]
    ) -> None:
        self._flow = OAuthFlow(
            client=WebClient(base_url=settings.slack_api_url),
            settings=OAuthSettings(
                client_id=settings.slack_client_id,
                client_secret=settings.slack_client_secret.get_secret_value(),
                scopes=sorted(BOT_SCOPES),
                installation_store=installs,
                installation_store_bot_only=True,
                state_store=States(Installations(store.engine), now),
                install_path=INSTALL,
                redirect_uri_path=REDIRECT,
                authorization_url=urljoin(settings.slack_api_url, "../oauth/v2/authorize"),
            ),
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Slack's page to allow it, or the end of an install."""
        headers: dict[str, str | Sequence[str]] = {
            "cookie": [environ.get("HTTP_COOKIE", "")],
            "host": [environ.get("HTTP_HOST", "")],
        }
        request = BoltRequest(body="", query=environ.get("QUERY_STRING", ""), headers=headers)
        begun = environ.get("PATH_INFO") == INSTALL
        answer = (
            self._flow.handle_installation(request)
            if begun
            else self._flow.handle_callback(request)
        )

        body = (answer.body or "").encode()
        found = [(name, value) for name, values in answer.headers.items() for value in values]
        found = [(name, value) for name, value in found if name.lower() != "content-length"]
        found.append(("Content-Length", str(len(body))))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", found)

        return [body]


class Removal:
    """Hears that a workspace removed Beagle or took its token back."""

    def __init__(self, store: Store, installs: Installs) -> None:
        self._store, self._installs = store, installs
        self._log = get_log(part="installs")

    def listen(self, events: Events) -> None:
        """Both are heard from now on."""
        events.on("app_uninstalled", self.gone)
        events.on("tokens_revoked", self.revoked)

    def gone(self, _event: Mapping[str, Any], team: str, _client: WebClient) -> None:
        """Nothing of the workspace is left: no token, no request, no document."""
        rows = purge(self._store, team)
        self._log.info("uninstalled", team=team, rows=sum(rows.values()))

    def revoked(self, event: Mapping[str, Any], team: str, _client: WebClient) -> None:
        """The token is of no use any more and is forgotten; what was kept waits for what the workspace does."""
        if (event.get("tokens") or {}).get("bot"):
            self._installs.delete_bot(enterprise_id=None, team_id=team)
            self._log.info("token_revoked", team=team)


def authorize(installs: Installs) -> Callable[..., AuthorizeResult | None]:
    """What Bolt asks for each request: the workspace's token, None where Beagle is not installed."""

    def found(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        bot = installs.find_bot(enterprise_id=enterprise_id, team_id=team_id)
        if bot is None:
            return None

        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=installs.token(str(team_id or enterprise_id)),
            bot_user_id=bot.bot_user_id,
            bot_id=bot.bot_id,
        )

    return found
