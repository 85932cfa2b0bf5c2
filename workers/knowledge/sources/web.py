"""Fetches web pages from the open internet, and from nowhere else.

This guards against server-side request forgery (SSRF): a host name is resolved once, all of its
addresses must be public, and the connection goes to one that was checked. So a name cannot
point inside our network a moment later (DNS rebinding). Each redirect passes the same checks.
"""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from urllib.parse import SplitResult, urljoin, urlsplit

from workers.knowledge.formats import SourceError, suffixes
from workers.runtime.public_network import PinnedConnection, is_public

MAX_REDIRECTS = 5
TIMEOUT_SECONDS = 10.0
"""For one answer of the network; a server that sends a byte now and then never reaches it."""
DEADLINE_SECONDS = 40.0
"""For a page as a whole, with all its redirects."""
MAX_PAGE_BYTES = 5 * 1024 * 1024
MAX_VALIDATOR_CHARS = 256
AGENT = "Beagle/0.1 (reads pages that a Slack workspace has listed)"
TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
}
PORTS = {"http": 80, "https": 443}
VAGUE_TYPES = frozenset({"", "text/plain", "application/octet-stream", "binary/octet-stream"})
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of a page when it sent it, to ask for a newer one only (RFC 9110, 8.8).

    `url` is the address that sent it, after redirects: they mean nothing to another one.
    """

    url: str = ""
    etag: str = ""
    last_modified: str = ""

    def headers(self, url: str) -> dict[str, str]:
        """Returns the headers that ask this address for a newer page only."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value and url == self.url}


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it was sent; `url` is the last redirect's, `suffix` names the format.

    `charset` is the label of its encoding, and `changed_at` (unix seconds) its date, where the
    server says so. A page that `is_unchanged` since the validators were given was not sent again:
    it has no data.
    """

    url: str
    data: bytes
    suffix: str
    charset: str = ""
    changed_at: float | None = None
    validators: Validators = Validators()
    is_unchanged: bool = False


FetchPage = Callable[[str, Validators], FetchedPage]


def resolve(host: str, port: int) -> list[str]:
    """Returns every address of a host, the ones that this machine reaches best first (RFC 6724).

    Raises SourceError when it cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"looking up {host!r}: {error}; check the address") from error

    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def fetch(
    url: str,
    known: Validators = Validators(),
    look_up: Resolve = resolve,
    public: Callable[[str], bool] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> FetchedPage:
    """Returns the page at `url`, after redirects, or that it is still the `known` one.

    Raises SourceError when the URL is not allowed, or the page cannot be fetched or read, or takes
    longer than `deadline_seconds` in total.
    """
    ends_at = time.monotonic() + deadline_seconds
    for _ in range(MAX_REDIRECTS + 1):
        parts = check_url(url)
        addresses = _addresses(parts, look_up, public or is_public)

        asked = known.headers(url)
        status, headers, data = _get(parts, addresses, ends_at - time.monotonic(), asked)
        if status in (301, 302, 303, 307, 308) and headers.get("location"):
            url = urljoin(url, headers["location"])
            continue

        if status == 304 and asked:
            return FetchedPage(url, b"", "", validators=known, is_unchanged=True)

        if status != 200:
            raise SourceError(
                f"fetching {url!r}: status {status}; check that everybody may open the page"
            )

        return _page(url, headers, data)

    raise SourceError(
        f"fetching {url!r}: more than {MAX_REDIRECTS} redirects; give the last address itself"
    )


def _page(url: str, headers: Mapping[str, str], data: bytes) -> FetchedPage:
    header = Message()
    header["content-type"] = headers.get("content-type", "")
    kind = header.get_content_type() if header["content-type"] else ""
    suffix = PurePosixPath(urlsplit(url).path).suffix.casefold()

    # Servers send what they do not know as plain text or as bytes; then the name says more.
    if kind in VAGUE_TYPES and suffix in suffixes():
        format_suffix = suffix
    elif kind in TYPES:
        format_suffix = TYPES[kind]
    else:
        raise SourceError(f"fetching {url!r}: it is {kind!r}; known: {', '.join(sorted(TYPES))}")

    charset = header.get_content_charset("")
    last_modified = headers.get("last-modified", "")
    return FetchedPage(
        url,
        data,
        format_suffix,
        charset,
        _date(last_modified),
        Validators(url, *map(_validator, (headers.get("etag", ""), last_modified))),
    )


def _validator(value: str) -> str:
    """Returns a header's value if it may be sent back; one that is too long or odd is forgotten."""
    return value if len(value) <= MAX_VALIDATOR_CHARS and value.isprintable() else ""


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def check_url(url: str) -> SplitResult:
    """Returns the parts of a URL that may be fetched. Raises SourceError for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceError(
            f"fetching {url!r}: {error}; write it like https://example.com/page"
        ) from error

    if parts.scheme not in PORTS or not parts.hostname:
        raise SourceError(f"fetching {url!r}: only http and https pages are read")

    if "[" in parts.netloc and ":" not in parts.hostname:
        raise SourceError(
            f"fetching {url!r}: {parts.hostname!r} is no IPv6 address; write the name of the site"
        )

    if parts.username is not None or parts.password is not None:
        raise SourceError(f"fetching {url!r}: an address with a user name is refused; leave it out")
    if port not in (None, *PORTS.values()):
        raise SourceError(f"fetching {url!r}: port {port} is refused; only 80 and 443 are read")

    if re.search(r"[\s\\\x00-\x1f]", url):
        raise SourceError(
            f"fetching {url!r}: it holds spaces or backslashes; write it as the browser shows it"
        )

    return parts


def _addresses(
    parts: SplitResult, look_up: Resolve, public: Callable[[str], bool]
) -> Sequence[str]:
    host = parts.hostname or ""
    addresses = look_up(host, parts.port or PORTS[parts.scheme])

    # All of them: which one answers is for the network to say.
    bad = [address for address in addresses if not public(address)]
    if bad or not addresses:
        raise SourceError(
            f"fetching {parts.geturl()!r}: {host} is at {', '.join(bad) or 'no address'}, "
            "which is not on the open internet; only public pages are read"
        )

    return addresses


def _get(
    parts: SplitResult, addresses: Sequence[str], seconds: float, asked: Mapping[str, str]
) -> tuple[int, dict[str, str], bytes]:
    port = parts.port or PORTS[parts.scheme]
    patience = min(TIMEOUT_SECONDS, max(seconds, 0.001))
    connection = PinnedConnection(parts, addresses, port, patience)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # A time-out holds for one read only, so the connection as a whole is cut by a timer.
    timer = threading.Timer(max(seconds, 0.0), connection.cut)
    timer.start()

    try:
        headers = {"User-Agent": AGENT, "Accept": ", ".join(TYPES), **asked}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        data = response.read(MAX_PAGE_BYTES + 1)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        reason = "it took too long" if connection.is_cut else f"{type(error).__name__}: {error}"
        raise SourceError(f"fetching {parts.geturl()!r}: {reason}; try again later") from error
    finally:
        timer.cancel()
        connection.close()

    # Without a length in its headers, a page that was cut looks complete.
    if connection.is_cut:
        raise SourceError(f"fetching {parts.geturl()!r}: it took too long; try again later")

    if len(data) > MAX_PAGE_BYTES:
        raise SourceError(
            f"fetching {parts.geturl()!r}: larger than {MAX_PAGE_BYTES // 2**20} MB; "
            "link to the text itself"
        )

    return response.status, {name.casefold(): value for name, value in response.getheaders()}, data
