"""Encrypts the tokens of installed workspaces: each opens for its own workspace only."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from router.config import Settings
from router.errors import SettingsError


class TokenSeal:
    """Seals installations with the first key of `BEAGLE_TOKEN_KEY`, and opens them with any of it.

    The workspace is part of what is encrypted and authenticated (Fernet: AES-128-CBC with
    HMAC-SHA256), so a row that was copied to another workspace does not open there.
    """

    def __init__(self, settings: Settings) -> None:
        keys = [key.strip() for key in settings.token_key.get_secret_value().split(",")]
        fernets = [_fernet(number, key) for number, key in enumerate(keys, start=1)]
        self._newest = fernets[0]
        self._any = MultiFernet(fernets)

    def seal(self, team: str, values: Mapping[str, object]) -> str:
        """Returns the installation, encrypted with the newest key."""
        return self._newest.encrypt(json.dumps({**values, "sealed_for": team}).encode()).decode()

    def open(self, team: str, sealed: str) -> dict[str, object]:
        """Returns the installation.

        Raises SettingsError where no key opens it, or where it is another workspace's.
        """
        try:
            values: dict[str, object] = json.loads(self._any.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise SettingsError(
                f"BEAGLE_TOKEN_KEY: it does not open the token of workspace {team!r}; set the "
                "key that was used when it was installed, or install Beagle there again"
            ) from error

        # Older rows have only what Slack said.
        owner = values.pop("sealed_for", None) or values.get("team_id")
        if owner != team:
            raise SettingsError(
                f"opening the token of workspace {team!r}: the stored one is another workspace's, "
                "so somebody changed the database; install Beagle there again"
            )

        return values

    def is_newest(self, sealed: str) -> bool:
        """Returns whether the newest key sealed it."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return False

        return True


def _fernet(number: int, key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError as error:
        raise SettingsError(
            f"BEAGLE_TOKEN_KEY: key {number} is no Fernet key (32 bytes in URL-safe base64); with "
            "SLACK_CLIENT_ID set, tokens of workspaces are stored encrypted. Make one with `python "
            "-c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`; "
            "to change it write the new one, a comma and the old one"
        ) from error
