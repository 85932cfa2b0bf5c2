"""The workspace's bot and app tokens, their scopes, and whether they are revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "users:read",
)
"""The scopes that the app's manifest asks for; a test compares them."""
BOT_EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_created",
    "channel_deleted",
    "channel_left",
    "channel_rename",
    "channel_shared",
    "channel_unshared",
    "file_deleted",
    "group_deleted",
    "group_left",
    "group_rename",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "team_join",
    "tokens_revoked",
    "user_change",
)
"""The events that the manifest subscribes to. A test that needs more says so."""


@dataclass(slots=True)
class TokenGrant:
    """The kind and scopes of one token."""

    kind: Literal["bot", "app"]
    scopes: frozenset[str]
    revoked: bool = False


class TokenRegistry:
    """All long-lived tokens of the workspace."""

    def __init__(self) -> None:
        self._by_token: dict[str, TokenGrant] = {}

    def add(self, token: str, kind: Literal["bot", "app"], scopes: Iterable[str]) -> None:
        """Registers a token, or replaces the scopes of a known one."""
        self._by_token[token] = TokenGrant(kind, frozenset(scopes))

    def find(self, token: str) -> TokenGrant | None:
        """Returns the grant of a token, or None if it was never issued."""
        return self._by_token.get(token)

    @property
    def is_app_installed(self) -> bool:
        """Whether the app has a valid bot token. Slack sends no events to an app without one."""
        return any(grant.kind == "bot" and not grant.revoked for grant in self._by_token.values())

    def revoke(self, kind: Literal["bot", "app"] | None = None, token: str | None = None) -> None:
        """Revokes one token, or every token of a kind."""
        for name, grant in self._by_token.items():
            if name == token or grant.kind == kind:
                grant.revoked = True
