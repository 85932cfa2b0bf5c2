"""A person's browser at the install pages of a bot: from its link over Slack's page and back."""

from __future__ import annotations

import re
import urllib.request
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

from router.errors import BeagleError

SECONDS = 20


class VisitError(BeagleError):
    """A page did not lead on."""


def install(address: str, **chosen: str) -> str:
    """What the last page says when the app at `address` (`http://127.0.0.1:<port>`) was allowed.

    `chosen` is what the person picks on Slack's page: `team`, `user`, `rotates`. Raises VisitError
    where no link leads on, HTTPError where a page refuses.
    """
    begun = urlopen(urljoin(address, "/slack/install"), timeout=SECONDS)  # noqa: S310  # our own loopback pages
    cookie = str(begun.headers["Set-Cookie"]).split(";")[0]
    asked = _link(begun.read().decode()) + "".join(
        f"&{urlencode({name: value})}" for name, value in chosen.items()
    )
    allowed = _link(urlopen(asked, timeout=SECONDS).read().decode())  # noqa: S310
    # Slack knows the address to come back to from the app's settings; here it is the one that the
    # person came from.
    back = urljoin(address, f"/slack/oauth_redirect?{urlsplit(allowed).query}")
    request: Request = urllib.request.Request(back, headers={"Cookie": cookie})  # noqa: S310

    return str(urlopen(request, timeout=SECONDS).read().decode())  # noqa: S310


def _link(page: str) -> str:
    found = re.search(r'<a href="([^"]+)"', page)
    if found is None:
        raise VisitError(
            f"installing: no link on the page that says {page[:200]!r}; look at the bot's log"
        )

    return unescape(found[1])
