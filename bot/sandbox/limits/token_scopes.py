"""Which token may do what: bot and app tokens, their scopes, and whether they were revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

BOT_SCOPES = (
    "app_mentions:read", "assistant:write", "channels:history", "channels:join", "channels:read", "chat:write",
    "commands", "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write",
    "mpim:history", "mpim:read", "reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read",
    "users:read.email",
)  # fmt: skip
BOT_EVENTS = (
    "agent_session_stopped", "app_context_changed", "app_home_opened", "app_mention", "app_uninstalled",
    "channel_created", "channel_deleted", "channel_left", "channel_rename", "channel_shared", "channel_unshared",
    "file_deleted", "group_deleted", "group_left", "group_rename", "member_joined_channel", "member_left_channel",
    "message.channels", "message.groups", "message.im", "message.mpim", "reaction_added", "team_join",
    "tokens_revoked", "user_change",
)  # fmt: skip


@dataclass(slots=True)
class Grant:
    """What one token allows."""

    kind: Literal["bot", "app"]
    scopes: frozenset[str]
    revoked: bool = False


class Grants:
    """Every token of the workspace."""

    def __init__(self) -> None:
        self._by_token: dict[str, Grant] = {}

    def add(self, token: str, kind: Literal["bot", "app"], scopes: Iterable[str]) -> None:
        """The token allows these scopes."""
        self._by_token[token] = Grant(kind, frozenset(scopes))

    def find(self, token: str) -> Grant | None:
        """What the token allows; None for one that was never given."""
        return self._by_token.get(token)

    @property
    def installed(self) -> bool:
        """Whether the app has a bot token of any use: without one Slack tells it nothing."""
        return any(grant.kind == "bot" and not grant.revoked for grant in self._by_token.values())

    def revoke(self, kind: Literal["bot", "app"] | None = None, token: str | None = None) -> None:
        """Every token of the kind, or this one, is of no use from now on."""
        for known, grant in self._by_token.items():
            if known == token or grant.kind == kind:
                grant.revoked = True
