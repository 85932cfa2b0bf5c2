"""Fetches a file that is stored in Slack, with the bot's token, from Slack's own hosts only.

Slack answers a token that may not read a file by sending it to its sign-in page, with a redirect
or with status 200. Neither is the file.
"""

from __future__ import annotations

import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import cast
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit

from router.errors import FileError, PathError

READ_SECONDS = 10.0
"""For one read from the network."""
DOWNLOAD_SECONDS = 30.0
"""For the whole file."""
PIECE_BYTES = 65_536
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SLACK_DOMAINS = ("slack.com", "slack-gov.com")
"""Slack's own, GovSlack's included. Their subdomains belong to nobody else."""
FILE_FOLDER = "/files-"
"""Paths of files begin with /files-pri/, /files-tmb/ or the like."""
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class FileSource:
    """Where a file is: its address, the token that opens it, and the Web API that named it.

    `media_type` and `size` are what Slack says that the file is.
    """

    url: str
    token: str
    api_url: str
    media_type: str
    size: int


def download(source: FileSource, max_bytes: int, seconds: float = DOWNLOAD_SECONDS) -> bytes:
    """Returns the file's bytes.

    Raises FileError when it is no file of Slack's, is larger than `max_bytes` or comes as a sign-in
    page; PathError(retry=True) when it takes longer than `seconds`.
    """
    ends_at = time.monotonic() + seconds
    url = source.url

    for _ in range(MAX_REDIRECTS + 1):
        _check_host(url, source.api_url)
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            url, headers={"Authorization": f"Bearer {source.token}"}
        )
        try:
            with _OPENER.open(request, timeout=READ_SECONDS) as response:
                return _read(cast(HTTPResponse, response), source, max_bytes, ends_at)
        except HTTPError as error:
            url = _next_url(url, error)

    raise _sign_in("it redirected too often")


def _read(response: HTTPResponse, source: FileSource, max_bytes: int, ends_at: float) -> bytes:
    data = bytearray()
    while piece := response.read1(PIECE_BYTES):
        data += piece
        if len(data) > max_bytes:
            raise FileError(
                f"fetching a file: larger than {max_bytes / 2**20:g} MB, at most that is read",
                "large",
            )
        if time.monotonic() > ends_at:
            raise PathError("fetching a file: Slack sends it too slowly; try again", retry=True)

    is_page = response.headers.get_content_type() == HTML
    # A shared page is one, too: that has the size which Slack named.
    if is_page and (source.media_type != HTML or len(data) != source.size):
        raise _sign_in("a web page came instead")

    return bytes(data)


def _next_url(url: str, error: HTTPError) -> str:
    """Returns where a redirect leads. Raises FileError, or the error itself, for any other."""
    with error:
        if error.code in REDIRECTS:
            target = urljoin(url, error.headers.get("Location", ""))
            # Files are all in one folder; Slack's sign-in page is not.
            if urlsplit(target).path.startswith(FILE_FOLDER):
                return target

            raise _sign_in("it wanted somebody to sign in")

        if error.code in (401, 403):
            raise _sign_in(f"it said HTTP {error.code}")
        if error.code in (404, 410):
            raise FileError(f"fetching a file: HTTP {error.code}, it was deleted", "gone")

    raise error


def is_file_host(url: str) -> bool:
    """Returns whether the address is at one of Slack's own hosts, which may see the token."""
    try:
        target = urlsplit(url)
        host, port = target.hostname or "", target.port
    except ValueError:
        return False

    is_slack = any(host == domain or host.endswith(f".{domain}") for domain in SLACK_DOMAINS)
    is_plain = port in (None, 443) and "@" not in target.netloc
    return target.scheme == "https" and is_plain and is_slack


def _check_host(url: str, api_url: str) -> None:
    """Raises FileError unless the token may be sent to the address."""
    # A Slack that runs elsewhere (the loopback one) serves its files itself.
    is_of_api = url.startswith("{0.scheme}://{0.netloc}/".format(urlsplit(api_url)))
    if is_of_api or is_file_host(url):
        return

    raise FileError(
        "fetching a file: it is not stored at Slack; only files that were uploaded to Slack are "
        "read",
        "elsewhere",
    )


def _sign_in(found: str) -> FileError:
    return FileError(
        f"fetching a file from Slack: {found}; give the app the scope files:read and install it "
        "again",
        "sign_in",
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect by itself: it would send the token wherever that leads."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
