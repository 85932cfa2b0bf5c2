"""Encodes typed text as Slack stores it: escaped, with links and mentions in angle brackets."""

from __future__ import annotations

import re

from bot.sandbox.workspace import Workspace

# The order of the alternatives matters: text that is encoded already wins over a URL in it.
TOKENS = re.compile(
    r"(?P<encoded><(?:[@#!][^<>\s]+|https?://[^<>\s]+)>)"
    r"|(?P<url>https?://[^\s<>]+)"
    r"|(?<![\w@])@(?P<name>[A-Za-z][\w.-]*\w)"
    r"|(?<![\w#])#(?P<channel>[a-z][\w-]*)"
)
AFTER_URL = ".,;:!?)'\""
"""Signs at the end of a URL that belong to the sentence around it."""
BROADCASTS = ("here", "channel", "everyone")


def encode_mrkdwn(workspace: Workspace, typed: str) -> str:
    """Returns the stored form of a message that a user typed."""
    encoded: list[str] = []
    position = 0

    for token in TOKENS.finditer(typed):
        encoded.append(_escape(typed[position : token.start()]))
        encoded.append(_encode_token(workspace, token))
        position = token.end()

    encoded.append(_escape(typed[position:]))
    return "".join(encoded)


def _encode_token(workspace: Workspace, token: re.Match[str]) -> str:
    if token["encoded"]:
        return token["encoded"]
    if token["url"]:
        url = token["url"].rstrip(AFTER_URL)
        if url.endswith("://"):
            return _escape(token["url"])

        return f"<{url.replace('&', '&amp;')}>{_escape(token['url'][len(url) :])}"

    if token["channel"]:
        channel = workspace.channel(token["channel"])
        return f"<#{channel['id']}|{channel['name']}>" if channel else token[0]

    if token["name"] in BROADCASTS:
        return f"<!{token['name']}>"

    # Slack leaves a mention of somebody who is not in the workspace as plain text.
    user = workspace.user(token["name"].lower())
    return f"<@{user['id']}>" if user else token[0]


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
