"""Settings of answers beside the routes: passing them on, and general answers."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from router.secret_values import remember_secret
from router.setting_groups.weekly import WeeklySettings

_ENTRY = re.compile(r"([a-z][a-z0-9_-]{0,39})=(\S.*)")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


class AnswerSettings(WeeklySettings):
    """The part of `Settings` for answers; `router/config.py` builds the whole."""

    # Passing answers on
    webhook_secrets: SecretStr = SecretStr("")
    """Secrets of webhooks that routes name: `name=value`, with commas between them."""
    webhook_private_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts on your own network, comma-separated, that webhooks may be sent to."""

    # General answers
    general_usd: float = Field(1.0, ge=0)
    """USD a day and workspace for answers to what no route serves, from the model's own
    knowledge. 0, and the included model: none."""

    @field_validator("webhook_secrets")
    @classmethod
    def _check_webhook_secrets(cls, value: SecretStr) -> SecretStr:
        for secret in _entries(value).values():
            remember_secret(secret)

        return value

    @field_validator("webhook_private_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("webhook_private_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not _is_host(host):
                raise ValueError("expected names of hosts such as 'jira.intern', without a port")

        return value


def _is_host(host: str) -> bool:
    """Returns whether the text is a host's name or address; a mere number is neither."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        is_number = labels[-1].isdigit() or labels[-1].startswith("0x")
        return len(host) <= 253 and not is_number and all(map(_LABEL.fullmatch, labels))

    return True


def webhook_secret(secrets: SecretStr, name: str) -> str | None:
    """Returns the value of that entry of `webhook_secrets`, None where there is none."""
    return _entries(secrets).get(name)


def _entries(value: SecretStr) -> dict[str, str]:
    """Returns the entries by name. Raises ValueError without repeating a secret."""
    entries = {}
    parts = [part.strip() for part in value.get_secret_value().split(",")]
    for number, part in enumerate(filter(None, parts), start=1):
        found = _ENTRY.fullmatch(part)
        if found is None:
            raise ValueError(f"entry {number} is not `name=value`, with a name in small letters")
        entries[found[1]] = found[2].strip()

    return entries
