"""The pages that install Beagle in a workspace: the link to Slack, and where Slack returns to."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import Installation

from bot.install.rules import NO_ANSWER, InstallRefusedError, InstallRules
from bot.install.states import OAuthStates
from bot.transport.clients import SECONDS
from bot.transport.scopes import BOT_SCOPES
from bot.transport.web_page import HEADERS, render_page
from bot.transport.workspaces import EncryptedInstallationStore
from bot.ui.texts import install as texts
from router.config import Settings
from router.log import get_log
from router.store import Store

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
MAX_CALLBACKS = 2
"""Callbacks at a time. Each asks Slack, and anybody may send one: most of the server's threads must
stay free for events."""
REASON = re.compile(r"[a-z_]{1,40}")
"""Slack's and Bolt's reasons for a failure, such as `access_denied`."""
OUTCOME = "outcome"


class OAuthPages:
    """A WSGI application that serves `INSTALL_PATH` and `REDIRECT_PATH`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        installations: EncryptedInstallationStore,
        now: Callable[[], float],
    ) -> None:
        url = settings.slack_api_url
        rules = InstallRules(
            installations, store.audit, now, lambda token: WebClient(token, url, timeout=SECONDS)
        )
        secret = settings.slack_client_secret.get_secret_value()
        states = OAuthStates(store.installations, secret, now)
        self._flow = _InstallFlow(settings, installations, states, rules)
        self._callbacks = threading.BoundedSemaphore(MAX_CALLBACKS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Links to Slack's consent page, or completes an installation when Slack returns."""
        if environ.get("REQUEST_METHOD", "GET") not in ("GET", "HEAD"):
            start_response(_status_line(405), [("Allow", "GET"), ("Content-Length", "0")])
            return [b""]

        # The cookie holds the state that the callback compares.
        headers: dict[str, str | Sequence[str]] = {"cookie": [environ.get("HTTP_COOKIE", "")]}
        request = BoltRequest(body="", query=environ.get("QUERY_STRING", ""), headers=headers)

        if environ.get("PATH_INFO") == INSTALL_PATH:
            response = self._flow.handle_installation(request)
        else:
            response = self._complete(request)

        return _send(response, start_response)

    def _complete(self, request: BoltRequest) -> BoltResponse:
        if not self._callbacks.acquire(blocking=False):
            return self._flow.failure(503, texts.BUSY)

        try:
            return self._flow.handle_callback(request)
        except NO_ANSWER as error:
            get_log(part="installs").warning("install_failed", error=type(error).__name__)
            return self._flow.failure(503, texts.SLACK_UNREACHABLE)
        finally:
            self._callbacks.release()


class _InstallFlow(OAuthFlow):
    """Bolt's OAuth flow with our rules and pages."""

    def __init__(
        self,
        settings: Settings,
        installations: EncryptedInstallationStore,
        states: OAuthStates,
        rules: InstallRules,
    ) -> None:
        self._states = states
        self._rules = rules
        super().__init__(
            client=WebClient(base_url=settings.slack_api_url, timeout=SECONDS),
            settings=OAuthSettings(
                client_id=settings.slack_client_id,
                client_secret=settings.slack_client_secret.get_secret_value(),
                scopes=sorted(BOT_SCOPES),
                installation_store=installations,
                installation_store_bot_only=True,
                state_store=states,
                install_path=INSTALL_PATH,
                redirect_uri_path=REDIRECT_PATH,
                authorization_url=urljoin(settings.slack_api_url, "../oauth/v2/authorize"),
                callback_options=CallbackOptions(self._succeed, self._fail),
            ),
        )

    def handle_installation(self, request: BoltRequest) -> BoltResponse:
        """Returns the page with the link to Slack, and the state as a cookie."""
        response = super().handle_installation(request)
        response.headers.update({name.lower(): [value] for name, value in HEADERS.items()})
        return response

    def build_install_page_html(self, url: str, request: BoltRequest) -> str:
        """Returns the page with the link to Slack."""
        return render_page(texts.TITLE, texts.INVITATION, (url, texts.ADD))

    def store_installation(self, request: BoltRequest, installation: Installation) -> None:
        """Stores the installation if the rules allow it, else raises InstallRefusedError."""
        # Bolt has checked that there is one, and that it is the browser's.
        if not self._states.complete(request.query["state"][0]):
            raise InstallRefusedError(texts.STATE_USED)

        installation.set_custom_value(OUTCOME, self._rules.install(installation))

    def failure(self, status: int, text: str) -> BoltResponse:
        """Returns a page that says why nothing was installed."""
        page = render_page(texts.FAILED_TITLE, text, (INSTALL_PATH, texts.START_AGAIN))
        return self._page(status, page)

    def _succeed(self, args: SuccessArgs) -> BoltResponse:
        installation = args.installation
        team = str(installation.team_id)
        target = urlencode({"team": team, "id": installation.app_id or ""})
        link = (f"slack://app?{target}", texts.OPEN_SLACK)
        text = texts.DONE[installation.custom_values[OUTCOME]]
        return self._page(200, render_page(texts.DONE_TITLE, text, link))

    def _fail(self, args: FailureArgs) -> BoltResponse:
        if isinstance(args.error, InstallRefusedError):
            return self.failure(403, str(args.error))

        # Anybody can put a reason into the address, so only Slack's form of it is shown.
        reason = args.reason if REASON.fullmatch(args.reason) else "unknown"
        return self.failure(args.suggested_status_code, texts.FAILED.format(reason=reason))

    def _page(self, status: int, page: str) -> BoltResponse:
        cookie = self.settings.state_utils.build_set_cookie_for_deletion()
        return BoltResponse(status=status, body=page, headers={**HEADERS, "Set-Cookie": cookie})


def _send(response: BoltResponse, start_response: StartResponse) -> Iterable[bytes]:
    body = (response.body or "").encode()
    headers = []
    for name, values in response.headers.items():
        # Bolt counts characters; WSGI wants bytes.
        if name.lower() != "content-length":
            headers += [(name, value) for value in values]

    headers.append(("Content-Length", str(len(body))))
    start_response(_status_line(response.status), headers)
    return [body]


def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
