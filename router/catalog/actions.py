"""What may be done with a route's answers, by *Send to…*: the `actions` of `route.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, model_validator

from router.catalog.version import FrozenModel

MAX_ACTIONS = 6
MAX_BODY_STRINGS = 60
WORDS = ("id", "route", "message", "text", "data", "link", "user", "team")
"""What a webhook's `body` may name besides the fields of the route's `output`."""
PLACEHOLDER = re.compile(r"\{\{ ?(\w{1,60}) ?\}\}")

Target = Literal["channel", "person", "webhook", "reminder"]


class SendAction(FrozenModel):
    """One way in which a person may pass on an answer of the route.

    `who` says who may: `asker` is whoever asked and the admins, `anyone` is everybody who may use
    the route where the answer is. `owner` is the person that a hand-over suggests.

    A webhook has a `name` for people and an `url`. `secret` and `authorization` name entries of
    BEAGLE_WEBHOOK_SECRETS: with the first the body is signed, the second is the value of the
    header Authorization. `body` is the JSON that is sent, in place of Beagle's own. `idempotent`
    says that the receiver takes a repeated `Idempotency-Key` for the same thing, so that a call
    whose result is unknown may be repeated.
    """

    to: Target
    who: Literal["asker", "anyone"] = "asker"
    owner: str = Field("", pattern=r"^([UW][A-Z0-9]{2,30})?$")
    name: str = Field("", max_length=40)
    url: str = Field("", max_length=2000)
    secret: str = Field("", pattern=r"^([a-z][a-z0-9_-]{0,39})?$")
    authorization: str = Field("", pattern=r"^([a-z][a-z0-9_-]{0,39})?$")
    body: JsonValue = None
    idempotent: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: object) -> object:
        """Takes `channel` for `{to: channel}`."""
        return {"to": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check_webhook(self) -> SendAction:
        own = {"name", "url", "secret", "authorization", "body", "idempotent"}
        given = sorted(own & self.model_fields_set)
        if self.to != "webhook":
            if given:
                raise ValueError(f"{given[0]!r} belongs to a webhook; remove it")
            return self

        if not self.name or not _is_callable(self.url):
            raise ValueError(
                "a webhook needs a name, and a url like https://example.com/hook without spaces "
                "(%20), umlauts (as the browser copies them) or a password; put that into "
                "BEAGLE_WEBHOOK_SECRETS"
            )
        secret = self.authorization or self.secret
        if secret and not _stays_inside(self.url):
            raise ValueError(
                f"webhook {self.name!r}: it uses {secret!r} of BEAGLE_WEBHOOK_SECRETS and is sent "
                f"to {urlsplit(self.url).hostname!r} over plain http, where anybody on the way can "
                "read it; allowed: https, or http to this machine, a private address or a name "
                "without a dot; change the url to https"
            )

        return self

    @property
    def target(self) -> str:
        """What distinguishes it from the route's other actions: the kind, and a webhook's name."""
        return f"{self.to}:{self.name}"


def _is_callable(url: str) -> bool:
    """Returns whether it is a whole address of the web, as HTTP wants it, with no password."""
    try:
        parts = urlsplit(url)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False

    is_web = parts.scheme in ("https", "http") and bool(parts.hostname) and is_port
    is_plain = url.isascii() and url.isprintable() and " " not in url
    return is_web and is_plain and not parts.username and not parts.password


def _stays_inside(url: str) -> bool:
    """Returns whether nobody outside can read what is sent there: https, or a network of one's own.

    A name without a dot is one of a container network, as `http://n8n:5678`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or "." not in host.removesuffix(".localhost"):
        return True

    try:
        return ip_address(host).is_private
    except ValueError:
        return False


def check_actions(actions: Sequence[SendAction], output: Mapping[str, Any] | None) -> None:
    """Raises ValueError where two actions are one, or a body names what the route has not."""
    targets = [action.target for action in actions]
    for target in targets:
        if targets.count(target) > 1:
            raise ValueError(f"key 'actions': {target.strip(':')!r} is there twice; remove one")

    fields = (output or {}).get("properties") or {}
    allowed = {*WORDS, *fields}
    for action in actions:
        strings = list(_strings(action.body))
        if len(strings) > MAX_BODY_STRINGS:
            raise ValueError(
                f"key 'actions': the body of {action.name!r} has more than {MAX_BODY_STRINGS} texts"
            )

        named = {name for text in strings for name in PLACEHOLDER.findall(text)}
        unknown = sorted(named - allowed)
        if unknown:
            raise ValueError(
                f"key 'actions': the body of {action.name!r} names {unknown[0]!r}; "
                f"allowed: {', '.join(sorted(allowed))}"
            )


def fill_body(body: JsonValue, values: Mapping[str, Any]) -> Any:
    """Returns the body with each `{{ name }}` replaced by its value.

    A text that is nothing but one placeholder becomes the value itself, such as a list. Values are
    never read for placeholders again.
    """
    if isinstance(body, dict):
        return {key: fill_body(value, values) for key, value in body.items()}
    if isinstance(body, list):
        return [fill_body(value, values) for value in body]
    if not isinstance(body, str):
        return body

    alone = PLACEHOLDER.fullmatch(body)
    if alone is not None:
        return values.get(alone[1], "")

    return PLACEHOLDER.sub(lambda found: _as_text(values.get(found[1], "")), body)


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(map(_as_text, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_as_text(part)}" for name, part in value.items() if part)

    return "" if value is None else str(value)


def _strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
