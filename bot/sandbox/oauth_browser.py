"""Installs an app as a browser does: its install page, Slack's consent page, its redirect."""

from __future__ import annotations

import re
import urllib.request
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

from router.errors import BeagleError

TIMEOUT_SECONDS = 20


class InstallFlowError(BeagleError):
    """A page of the install flow has no link to the next one."""


def install_app(address: str, **choices: str) -> str:
    """Installs the app at `address` (`http://127.0.0.1:<port>`). Returns the last page's HTML.

    `choices` are made on Slack's page: `team`, `user`, `rotates`. Raises InstallFlowError if a
    page has no link, and HTTPError if a page refuses.
    """
    start = urlopen(urljoin(address, "/slack/install"), timeout=TIMEOUT_SECONDS)  # noqa: S310  # our own loopback pages
    # The cookie ties the OAuth state to this browser, so it goes back with the redirect.
    cookie = str(start.headers["Set-Cookie"]).split(";")[0]

    consent_url = _first_link(start.read().decode())
    if choices:
        consent_url += f"&{urlencode(choices)}"

    consent = urlopen(consent_url, timeout=TIMEOUT_SECONDS)  # noqa: S310
    redirect = _first_link(consent.read().decode())

    # Slack takes the redirect URL from the app's settings. Here the app's port is chosen at start,
    # so only the query of the link is used.
    callback = urljoin(address, f"/slack/oauth_redirect?{urlsplit(redirect).query}")
    request: Request = urllib.request.Request(callback, headers={"Cookie": cookie})  # noqa: S310

    return str(urlopen(request, timeout=TIMEOUT_SECONDS).read().decode())  # noqa: S310


def _first_link(page: str) -> str:
    link = re.search(r'<a href="([^"]+)"', page)
    if link is None:
        raise InstallFlowError(
            f"installing: no link on the page that says {page[:200]!r}; look at the bot's log"
        )

    return unescape(link[1])
