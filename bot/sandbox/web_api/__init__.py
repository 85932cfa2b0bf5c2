"""The Web API methods that the sandbox implements, by name."""

from __future__ import annotations

from bot.sandbox.web_api import (
    agents,
    auth,
    chat,
    conversations,
    files,
    oauth,
    reactions,
    streams,
    users,
    views,
)
from bot.sandbox.web_api.call import Method

METHODS: dict[str, Method] = {
    **agents.METHODS,
    **auth.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **oauth.METHODS,
    **reactions.METHODS,
    **streams.METHODS,
    **users.METHODS,
    **views.METHODS,
}
