"""The text of a message as its author meant it, without Slack's encoding."""

from __future__ import annotations

import html
import re

MAX_CHARACTERS = 40_000
"""Slack's own limit for a message."""
_LINK = re.compile(r"<((?:https?|mailto):[^|>]*)(?:\|([^>]*))?>")
"""How Slack encodes an address that somebody typed: the text it is shown with comes after a bar."""


def strip_mention(text: str, me: str) -> str:
    """Returns the text without mentions of Beagle (user id `me`) and without Slack's escapes."""
    text = re.sub(rf"<@{re.escape(me)}(\|[^>]*)?>", " ", text)
    text = _LINK.sub(lambda link: link[2] or link[1], text)
    # Entities are decoded last: decoded first, a typed "&lt;" could become part of a link.
    return html.unescape(re.sub(r"[ \t]+", " ", text)).strip()[:MAX_CHARACTERS]
