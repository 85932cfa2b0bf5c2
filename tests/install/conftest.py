"""A loopback Slack, the install pages before it, and a browser that installs."""

from __future__ import annotations

import re
import urllib.request
from html import unescape
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet

from bot.admins import Admins
from bot.install.pages import INSTALL_PATH, REDIRECT_PATH, OAuthPages
from bot.sandbox.server import Sandbox
from bot.transport.workspaces import open_workspaces
from router.config import Settings
from tests.fixtures.slack import slack_config

KEY = Fernet.generate_key().decode()


@pytest.fixture
def sandbox():
    with Sandbox(slack_config()) as running:
        yield running


@pytest.fixture
def make_settings(sandbox):
    def make(**over):
        values = {
            "SLACK_API_URL": sandbox.api_url,
            "SLACK_CLIENT_ID": "1.2",
            "SLACK_CLIENT_SECRET": "hush",  # nobody's
            "token_key": KEY,
        }
        return Settings(_env_file=None, **(values | over))

    return make


@pytest.fixture
def settings(make_settings):
    return make_settings()


@pytest.fixture
def make_installs(store, clock, make_settings):
    """Returns a Beagle with these settings: its pages, its workspaces and its admins."""

    def make(**over):
        settings = make_settings(**over)
        workspaces = open_workspaces(settings, store, None, clock)
        pages = OAuthPages(settings, store, workspaces.installations, clock)
        admins = Admins(settings, store.audit, clock, workspaces.installer)
        return SimpleNamespace(
            workspaces=workspaces,
            rows=workspaces.installations,
            admins=admins,
            browser=Browser(pages),
        )

    return make


@pytest.fixture
def installs(make_installs):
    return make_installs()


class Browser:
    """Follows the install link, allows the app on Slack's page and returns to Beagle."""

    def __init__(self, pages):
        self._pages = pages

    def visit(self, path, query="", cookie="", method="GET"):
        """Returns the status, the headers in lower case, and the page."""
        seen = {}
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_COOKIE": cookie,
        }

        def start(status, headers):
            seen.update(status=status, headers={name.lower(): value for name, value in headers})

        page = b"".join(self._pages(environ, start)).decode()
        return SimpleNamespace(status=int(seen["status"][:3]), headers=seen["headers"], page=page)

    def begin(self):
        """Returns the cookie and the link to Slack of the install page."""
        start = self.visit(INSTALL_PATH)
        return start.headers["set-cookie"].split(";")[0], _link(start.page)

    def allow(self, link, **choices):
        """Allows the app on Slack's page; returns the query that Slack redirects with."""
        with urllib.request.urlopen(f"{link}&{urlencode(choices)}") as consent:
            return _link(consent.read().decode()).split("?", 1)[1]

    def install(self, user="ada", **choices):
        """Installs as somebody; returns Beagle's last page."""
        cookie, link = self.begin()
        return self.visit(REDIRECT_PATH, self.allow(link, user=user, **choices), cookie)


def _link(page):
    return unescape(re.search(r'<a href="([^"]+)"', page)[1])
