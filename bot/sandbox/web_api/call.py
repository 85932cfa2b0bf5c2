"""One Web API call: its arguments, the rights of its token, and Slack's way to refuse it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.context import Platform
from bot.sandbox.limits.token_scopes import Grant
from bot.sandbox.workspace import Workspace
from router.errors import BeagleError

Json = dict[str, Any]


class RefusalError(BeagleError):
    """Slack says no: `code` is its word for it, `more` the answer's other fields."""

    def __init__(self, code: str, *details: str, **more: Any) -> None:
        super().__init__(f"the call was refused: {code!r} {details}")
        self.code = code
        self.more: Json = more

        if details:
            self.more["response_metadata"] = {
                "messages": [f"[ERROR] {detail}" for detail in details]
            }


@dataclass(slots=True)
class Call:
    """What a method gets."""

    platform: Platform
    method: str
    args: Json
    grant: Grant
    token: str

    @property
    def workspace(self) -> Workspace:
        """The workspace that the token belongs to."""
        return self.platform.workspace

    def text(self, name: str, default: str | None = None) -> str:
        """A text argument. Refuses with `invalid_arguments` where it is missing and has no default."""
        value = self.args.get(name)
        if value is None or value == "":
            if default is None:
                raise RefusalError("invalid_arguments", f"missing required field: {name}")
            return default

        if isinstance(value, dict | list):
            raise RefusalError("invalid_arguments", f"{name} must be a string")

        return str(value)

    def flag(self, name: str) -> bool:
        """A yes/no argument, in any of the ways that clients write it."""
        return str(self.args.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`."""
        try:
            value = int(self.args.get(name, default))
        except (TypeError, ValueError):
            raise RefusalError("invalid_arguments", f"{name} must be an integer") from None

        return min(value, most) if value > 0 else default

    def structure(self, name: str, code: str = "invalid_arguments") -> Any:
        """An argument that is JSON, as such or as a text that holds it. None where it is missing."""
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
        """The conversation meant, by id, name or a person's id. `member`: the bot has to be in it."""
        given = self.text(name)
        found = self.workspace.channel(given) or self.workspace.dm(given)

        inside = found is not None and self.workspace.bot["id"] in found["members"]
        if found is None or (found["is_private"] and not inside):
            raise RefusalError("channel_not_found")
        if member and not inside:
            raise RefusalError("not_in_channel")

        return found

    def user(self, name: str = "user") -> Json:
        """The person meant, by id."""
        found = self.workspace.users.get(self.text(name))
        if found is None:
            raise RefusalError("user_not_found")

        return found

    def allow(self, *scopes: str) -> None:
        """The token has one of the scopes. Refuses with `missing_scope`, what is needed and what there is."""
        if scopes and not self.grant.scopes.intersection(scopes):
            provided = ",".join(sorted(self.grant.scopes))
            raise RefusalError("missing_scope", needed=",".join(scopes), provided=provided)

    def allow_in(self, channel: Json, right: Literal["history", "read"]) -> None:
        """The token may read this sort of conversation."""
        sort = "im" if channel["is_im"] else "groups" if channel["is_private"] else "channels"
        self.allow(f"{sort}:{right}")


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method. Without a tier it is limited as a post; with `limited` false not at all."""

    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    tier: int | None = 3
    kind: Literal["bot", "app", "any"] = "bot"
    limited: bool = True


def page(
    call: Call, items: list[Json], default: int = 100, most: int = 1000
) -> tuple[list[Json], str]:
    """The part of `items` that the call's cursor and limit mean, and the next cursor (empty at the end)."""
    cursor = call.text("cursor", "")
    if cursor and not cursor.isdigit():
        raise RefusalError("invalid_cursor")

    start = int(cursor or 0)
    end = start + call.number("limit", default, most)
    return items[start:end], str(end) if end < len(items) else ""
