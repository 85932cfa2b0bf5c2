"""Web pages by list, from the open internet only.

A name is resolved once, every address it has must be public, and the connection goes to the address
that was checked, so that a name cannot point somewhere else a moment later. Each redirect passes
the same check.
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

MOST_REDIRECTS = 5
SECONDS = 10.0
LARGEST = 5 * 1024 * 1024
AGENT = "Beagle/0.1 (reads pages that a Slack workspace has listed)"
TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
}
PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came: where it was found in the end, its bytes, the suffix of its format."""

    url: str
    data: bytes
    suffix: str


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host. Raises SourceError when it has none."""
    try:
        return sorted(
            {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        )
    except (OSError, UnicodeError) as error:
        raise SourceError(f"looking up {host!r}: {error}; check the address") from error


def fetch(
    url: str, look_up: Resolve = resolve, public: Callable[[str], bool] | None = None
) -> Fetched:
    """The page at `url`. Raises SourceError with one line saying why it was refused or could not be had."""
    for _ in range(MOST_REDIRECTS + 1):
        parts = checked(url)
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

        return Fetched(url, data, TYPES[kind])

    raise SourceError(
        f"fetching {url!r}: more than {MOST_REDIRECTS} redirects; give the last address itself"
    )


def checked(url: str) -> SplitResult:
    """The parts of a URL that may be fetched. Raises SourceError for any other."""
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
    """Whether an address is on the open internet; what is wrapped inside an IPv6 address counts as well."""
    found = ipaddress.ip_address(address.split("%")[0])
    inner: list[ipaddress.IPv4Address] = []

    if isinstance(found, ipaddress.IPv6Address):
        inner += [one for one in (found.ipv4_mapped, found.sixtofour) if one is not None]
        inner += list(found.teredo or ())
        if found in ipaddress.ip_network("64:ff9b::/96") or found in ipaddress.ip_network("::/96"):
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))

    return all(one.is_global and not one.is_multicast for one in (found, *inner))


def _address(parts: SplitResult, look_up: Resolve, public: Callable[[str], bool]) -> str:
    host = parts.hostname or ""
    found = look_up(host, parts.port or PORTS[parts.scheme])

    bad = [address for address in found if not public(address)]
    if bad or not found:
        raise SourceError(
            f"fetching {parts.geturl()!r}: {host} is at {', '.join(bad) or 'no address'}, which is not on the open "
            "internet; only public pages are read"
        )

    return found[0]


def _get(parts: SplitResult, address: str) -> tuple[int, dict[str, str], bytes]:
    connection = _Pinned(parts, address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    try:
        connection.request("GET", path, headers={"User-Agent": AGENT, "Accept": ", ".join(TYPES)})
        response = connection.getresponse()
        data = response.read(LARGEST + 1)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise SourceError(
            f"fetching {parts.geturl()!r}: {type(error).__name__}: {error}; try again later"
        ) from error
    finally:
        connection.close()

    if len(data) > LARGEST:
        raise SourceError(
            f"fetching {parts.geturl()!r}: larger than {LARGEST // 2**20} MB; link to the text itself"
        )

    return response.status, {name.casefold(): value for name, value in response.getheaders()}, data


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, under the name that was asked for."""

    def __init__(self, parts: SplitResult, address: str) -> None:
        super().__init__(parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=SECONDS)
        self._address, self._secure = address, parts.scheme == "https"

    def connect(self) -> None:
        """As http.client, but to the checked address."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host
            )
