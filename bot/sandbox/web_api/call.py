"""One Web API call: its arguments, its token's grant, and Slack's form of a refusal."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.context import SandboxContext
from bot.sandbox.json_types import Json
from bot.sandbox.limits.token_scopes import TokenGrant
from bot.sandbox.workspace import Workspace
from router.errors import BeagleError


class RefusalError(BeagleError):
    """Slack refuses a call: `code` is its error code, `fields` are added to the answer."""

    def __init__(self, code: str, *details: str, **fields: object) -> None:
        super().__init__(f"the call was refused: {code!r} {details}")
        self.code = code
        self.fields: Json = fields

        if details:
            self.fields["response_metadata"] = {
                "messages": [f"[ERROR] {detail}" for detail in details]
            }


@dataclass(slots=True)
class Call:
    """A call with a valid token. Its methods return checked arguments, or raise RefusalError."""

    context: SandboxContext
    method: str
    args: Json
    grant: TokenGrant
    token: str

    @property
    def workspace(self) -> Workspace:
        """The workspace that the token belongs to."""
        return self.context.workspace

    def text(self, name: str, default: str | None = None) -> str:
        """Returns a text argument. Refuses a missing one without default: `invalid_arguments`."""
        value = self.args.get(name)
        if value is None or value == "":
            if default is None:
                raise RefusalError("invalid_arguments", f"missing required field: {name}")
            return default

        if isinstance(value, dict | list):
            raise RefusalError("invalid_arguments", f"{name} must be a string")

        return str(value)

    def flag(self, name: str) -> bool:
        """Returns a boolean argument, which clients send as JSON or as a form value."""
        return str(self.args.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int, maximum: int) -> int:
        """Returns a whole number from 1 to `maximum`."""
        try:
            value = int(self.args.get(name, default))
        except (TypeError, ValueError):
            raise RefusalError("invalid_arguments", f"{name} must be an integer") from None

        return min(value, maximum) if value > 0 else default

    def json_argument(self, name: str, code: str = "invalid_arguments") -> Any:
        """Returns a JSON argument, None if it is missing. In a form it is JSON text."""
        # A JSON body holds the value itself, a form holds its JSON text.
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None

        try:
            return json.loads(value)
        except ValueError:
            raise RefusalError(code, f"{name} is not JSON") from None

    def channel(self, name: str = "channel", *, member: bool = True) -> Json:
        """Returns a conversation by id, name or a user's id.

        With `member`, refuses one that the bot is not in.
        """
        key = self.text(name)
        conversation = self.workspace.channel(key) or self.workspace.dm(key)

        is_member = conversation is not None and self.workspace.bot["id"] in conversation["members"]
        # Slack does not reveal that a private channel exists.
        if conversation is None or (conversation["is_private"] and not is_member):
            raise RefusalError("channel_not_found")
        if member and not is_member:
            raise RefusalError("not_in_channel")

        return conversation

    def user(self, name: str = "user") -> Json:
        """Returns a user by id."""
        user = self.workspace.users.get(self.text(name))
        if user is None:
            raise RefusalError("user_not_found")

        return user

    def require_scope(self, *scopes: str) -> None:
        """Refuses with `missing_scope` unless the token has at least one of the scopes."""
        if scopes and not self.grant.scopes.intersection(scopes):
            provided = ",".join(sorted(self.grant.scopes))
            raise RefusalError("missing_scope", needed=",".join(scopes), provided=provided)

    def require_channel_scope(self, channel: Json, right: Literal["history", "read"]) -> None:
        """Refuses unless the token may read this type of conversation."""
        if channel["is_im"]:
            scope = "im"
        elif channel["is_mpim"]:
            scope = "mpim"
        elif channel["is_private"]:
            scope = "groups"
        else:
            scope = "channels"

        self.require_scope(f"{scope}:{right}")


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method and who may call it.

    A method without a tier is rate limited as a post, and one that is not `limited` never.
    """

    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    tier: int | None = 3
    kind: Literal["bot", "app", "any"] = "bot"
    limited: bool = True


def paginate(
    call: Call, items: list[Json], default: int = 100, maximum: int = 1000
) -> tuple[list[Json], str]:
    """Returns the page that cursor and limit select, and the next cursor (empty at the end)."""
    start = _position(call.text("cursor", ""))
    limit = call.number("limit", default, maximum)
    end = start + limit
    if end >= len(items):
        return items[start:], ""

    # Slack may return fewer than were asked for, though more follow: only the cursor tells.
    end -= limit > 1
    return items[start:end], _cursor(end)


def _cursor(position: int) -> str:
    """Returns an opaque cursor, which has to be escaped in an address as Slack's do."""
    return base64.b64encode(f"next_ts:{position}".encode()).decode()


def _position(cursor: str) -> int:
    if not cursor:
        return 0

    try:
        name, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
        if name != "next_ts":
            raise RefusalError("invalid_cursor")

        return int(position)
    except ValueError:
        raise RefusalError("invalid_cursor") from None
