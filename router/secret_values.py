"""The secrets that this process knows, so that none of them leaves it in a text by accident.

Settings register their secrets when they are built. Every error message, log line and terminal line
passes `hide_secrets`: a library's error may quote an address with a password in it.
"""

from __future__ import annotations

import re
import threading
from urllib.parse import unquote

MIN_CHARS = 8
"""A shorter secret is a word that other texts contain too, and masking those would give it away."""
MASK = "[secret]"

_IN_ADDRESS = re.compile(r"(?<=:)[^:@/\s]++(?=@)")
"""The password of an address; also where the address is no proper URL."""
_USER_INFO = re.compile(r"//([^/@\s]++)@")
_PARAMETER = re.compile(r"(?<=[?&])(?:password|passwd|pwd|secret|key|token|sslpassword)=([^&\s]+)")

_known: set[str] = set()
_lock = threading.Lock()


def remember_secret(value: str) -> None:
    """Registers a secret, and every password in it where it is an address. Safe to call twice."""
    found = {value, *_IN_ADDRESS.findall(value), *_PARAMETER.findall(value)}
    found |= {unquote(text) for text in found}
    with _lock:
        _known.update(text for text in found if len(text) >= MIN_CHARS)


def remember_address(value: str) -> None:
    """Registers what may open an address, but not the address itself."""
    for user_info in (*_USER_INFO.findall(value), *_PARAMETER.findall(value)):
        remember_secret(user_info)
        remember_secret(user_info.partition(":")[2])


def hide_secrets(text: str) -> str:
    """Returns the text with each known secret masked."""
    with _lock:
        # The longest first: an address as a whole, not only the password in it.
        known = sorted((secret for secret in _known if secret in text), key=len, reverse=True)

    for secret in known:
        text = text.replace(secret, MASK)

    return text


def hide_user_info(address: str) -> str:
    """Returns an address without the user and password in it."""
    return _USER_INFO.sub(f"//{MASK}@", address)
