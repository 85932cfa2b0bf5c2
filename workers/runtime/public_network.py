"""Addresses on the open internet, and connections that go to a checked address.

A host name is resolved once, its addresses are checked, and the connection goes to the first of
them that answers. So a name cannot point inside our network a moment later (DNS rebinding).
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import SplitResult

MAX_ADDRESSES = 4
"""Addresses of one host that are tried: each may take as long as the time-out."""
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""The only part of IPv6 that is the open internet (RFC 4291); the rest is local, or translated."""
WELL_KNOWN_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Its addresses end with the IPv4 address that they lead to (RFC 6052)."""
SPECIAL_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocol assignments, such as DS-Lite and the dummy 192.0.0.8
            "192.88.99.0/24",  # 6to4 relays, out of use
            "2001:20::/28",  # ORCHIDv2, no addresses of the network
            "3fff::/20",  # documentation
        ),
    )
)
"""What Python 3.11 takes for global and the registry of special addresses does not."""


def is_public(address: str) -> bool:
    """Returns whether an address is on the open internet.

    An IPv4 address that is embedded in an IPv6 address must be public as well.
    """
    parsed = ipaddress.ip_address(address.split("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return _is_open(parsed)

    # Forms of an IPv4 address: whether they are open is for that address to say.
    if parsed.ipv4_mapped is not None:
        return _is_open(parsed.ipv4_mapped)
    if parsed in WELL_KNOWN_NAT64:
        return _is_open(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))

    embedded = [part for part in (parsed.sixtofour, *(parsed.teredo or ())) if part is not None]
    return parsed in GLOBAL_UNICAST and all(map(_is_open, (parsed, *embedded)))


def _is_open(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    is_special = any(address in network for network in SPECIAL_NETWORKS)
    return address.is_global and not address.is_multicast and not is_special


def addresses_to_try(addresses: Sequence[str]) -> list[str]:
    """Returns the first few, of each kind of IP by turns: a machine may have a way to one only."""
    seen: Counter[bool] = Counter()
    ranks = {}
    for address in addresses:
        is_ipv6 = ":" in address
        ranks[address] = seen[is_ipv6]
        seen[is_ipv6] += 1

    return sorted(ranks, key=ranks.__getitem__)[:MAX_ADDRESSES]


class PinnedConnection(http.client.HTTPConnection):
    """A connection to one of the checked addresses; TLS and the Host header use the host's name."""

    def __init__(
        self, parts: SplitResult, addresses: Sequence[str], port: int, timeout: float
    ) -> None:
        super().__init__(parts.hostname or "", port, timeout=timeout)
        self._addresses = addresses_to_try(addresses)
        self._secure = parts.scheme == "https"
        self._socket: socket.socket | None = None
        self.is_cut = False

    def connect(self) -> None:
        """Connects to a checked address instead of resolving the name again.

        Raises OSError, that of the last one, where none answers.
        """
        failure: OSError = OSError("no address")
        for address in self._addresses:
            try:
                self._connect_to(address)
            except OSError as error:
                failure = error
                if self.is_cut:
                    break
            else:
                return

        raise failure

    def _connect_to(self, address: str) -> None:
        self.sock = socket.create_connection((address, self.port), self.timeout)
        self._socket = self.sock
        if self._secure:
            try:
                self.sock = ssl.create_default_context().wrap_socket(
                    self.sock, server_hostname=self.host
                )
            except OSError:
                self.sock.close()
                raise

    def cut(self) -> None:
        """Ends the connection, also while another thread reads from it."""
        self.is_cut = True
        if self._socket is not None:
            # Gone already, or never connected: nothing is left to end.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
