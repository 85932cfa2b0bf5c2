"""Fetches web pages from the open internet, and from nowhere else.

This guards against server-side request forgery (SSRF): a host name is resolved once, all of its
addresses must be public, and the connection goes to the address that was checked. So a name cannot
point inside our network a moment later (DNS rebinding). Each redirect passes the same checks.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from workers.knowledge.sources import SourceError

MAX_REDIRECTS = 5
TIMEOUT_SECONDS = 10.0
MAX_PAGE_BYTES = 5 * 1024 * 1024
AGENT = "Beagle/0.1 (reads pages that a Slack workspace has listed)"
TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
}
PORTS = {"http": 80, "https": 443}
EMBEDDING_NETWORKS = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""IPv6 networks whose addresses end with an IPv4 address."""

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it was sent; `url` is the last redirect's, `suffix` names the format."""

    url: str
    data: bytes
    suffix: str


def resolve(host: str, port: int) -> list[str]:
    """Returns every address of a host. Raises SourceError when it cannot be resolved."""
    try:
        return sorted(
            {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        )
    except (OSError, UnicodeError) as error:
        raise SourceError(f"looking up {host!r}: {error}; check the address") from error


def fetch(
    url: str, look_up: Resolve = resolve, public: Callable[[str], bool] | None = None
) -> FetchedPage:
    """Returns the page at `url`, after redirects.

    Raises SourceError when the URL is not allowed, or the page cannot be fetched or read.
    """
    for _ in range(MAX_REDIRECTS + 1):
        parts = check_url(url)
        address = _address(parts, look_up, public or is_public)

        status, headers, data = _get(parts, address)
        if status in (301, 302, 303, 307, 308) and headers.get("location"):
            url = urljoin(url, headers["location"])
            continue

        if status != 200:
            raise SourceError(
                f"fetching {url!r}: status {status}; check that everybody may open the page"
            )

        kind = headers.get("content-type", "").split(";")[0].strip().casefold()
        if kind not in TYPES:
            raise SourceError(
                f"fetching {url!r}: it is {kind!r}; known: {', '.join(sorted(TYPES))}"
            )

        return FetchedPage(url, data, TYPES[kind])

    raise SourceError(
        f"fetching {url!r}: more than {MAX_REDIRECTS} redirects; give the last address itself"
    )


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


def is_public(address: str) -> bool:
    """Returns whether an address is on the open internet.

    An IPv4 address that is embedded in an IPv6 address must be public as well.
    """
    parsed = ipaddress.ip_address(address.split("%")[0])
    inner: list[ipaddress.IPv4Address] = []

    if isinstance(parsed, ipaddress.IPv6Address):
        for embedded in (parsed.ipv4_mapped, parsed.sixtofour, *(parsed.teredo or ())):
            if embedded is not None:
                inner.append(embedded)

        # NAT64 (RFC 6052) and the deprecated IPv4-compatible form: the last 32 bits.
        if any(parsed in network for network in EMBEDDING_NETWORKS):
            inner.append(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))

    return all(part.is_global and not part.is_multicast for part in (parsed, *inner))


def _address(parts: SplitResult, look_up: Resolve, public: Callable[[str], bool]) -> str:
    host = parts.hostname or ""
    addresses = look_up(host, parts.port or PORTS[parts.scheme])

    # All of them: which one is used is for the network to choose.
    bad = [address for address in addresses if not public(address)]
    if bad or not addresses:
        raise SourceError(
            f"fetching {parts.geturl()!r}: {host} is at {', '.join(bad) or 'no address'}, "
            "which is not on the open internet; only public pages are read"
        )

    return addresses[0]


def _get(parts: SplitResult, address: str) -> tuple[int, dict[str, str], bytes]:
    connection = _PinnedConnection(parts, address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    try:
        connection.request("GET", path, headers={"User-Agent": AGENT, "Accept": ", ".join(TYPES)})
        response = connection.getresponse()
        data = response.read(MAX_PAGE_BYTES + 1)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise SourceError(
            f"fetching {parts.geturl()!r}: {type(error).__name__}: {error}; try again later"
        ) from error
    finally:
        connection.close()

    if len(data) > MAX_PAGE_BYTES:
        raise SourceError(
            f"fetching {parts.geturl()!r}: larger than {MAX_PAGE_BYTES // 2**20} MB; "
            "link to the text itself"
        )

    return response.status, {name.casefold(): value for name, value in response.getheaders()}, data


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to the checked address; TLS and the Host header use the host's name."""

    def __init__(self, parts: SplitResult, address: str) -> None:
        super().__init__(
            parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=TIMEOUT_SECONDS
        )
        self._address = address
        self._secure = parts.scheme == "https"

    def connect(self) -> None:
        """Connects to the checked address instead of resolving the name again."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host
            )
