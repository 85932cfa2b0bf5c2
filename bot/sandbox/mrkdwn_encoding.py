"""What a person types, as Slack keeps it: escaped signs, and links, mentions and channels in angle brackets."""

from __future__ import annotations

import re

from bot.sandbox.workspace import Workspace

PIECES = re.compile(
    r"(?P<token><(?:[@#!][^<>\s]+|https?://[^<>\s]+)>)"
    r"|(?P<url>https?://[^\s<>]+[^\s<>.,;:!?)'\"])"
    r"|(?<![\w@])@(?P<name>[A-Za-z][\w.-]*\w)"
    r"|(?<![\w#])#(?P<channel>[a-z][\w-]*)"
)
EVERYBODY = ("here", "channel", "everyone")


def kept(workspace: Workspace, typed: str) -> str:
    """The text of a message after a person typed it."""
    made, last = [], 0
    for piece in PIECES.finditer(typed):
        made += [_escaped(typed[last : piece.start()]), _piece(workspace, piece)]
        last = piece.end()

    return "".join([*made, _escaped(typed[last:])])


def _piece(workspace: Workspace, piece: re.Match[str]) -> str:
    if piece["token"]:
        return piece["token"]
    if piece["url"]:
        return f"<{piece['url'].replace('&', '&amp;')}>"

    if piece["channel"]:
        channel = workspace.channel(piece["channel"])
        return f"<#{channel['id']}|{channel['name']}>" if channel else piece[0]

    if piece["name"] in EVERYBODY:
        return f"<!{piece['name']}>"

    user = workspace.user(piece["name"].lower())
    return f"<@{user['id']}>" if user else piece[0]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
