"""The text of a message as its author meant it, without Slack's encoding."""

from __future__ import annotations

import re

from router.text.storable import storable

MAX_CHARACTERS = 40_000
"""Slack's own limit for a message."""
MAX_ENCODED_CHARACTERS = 5 * MAX_CHARACTERS
"""What Slack makes of such a message at most: an ampersand becomes five characters."""
_MENTION = re.compile(r"<@([^<>|]*)(?:\|[^<>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto):[^|<>]*)(?:\|([^<>]*))?>")
"""How Slack encodes an address that somebody typed: the text it is shown with comes after a bar."""


def strip_mention(text: str, me: str) -> str:
    """Returns the text without mentions of Beagle (user id `me`) and without Slack's escapes."""
    text = storable(text[:MAX_ENCODED_CHARACTERS])
    text = _MENTION.sub(lambda mention: " " if mention[1] == me else mention[0], text)
    text = _LINK.sub(lambda link: link[2] or link[1], text)
    # Entities are decoded last: decoded first, a typed "&lt;" could become part of a link.
    text = re.sub(r"[ \t]+", " ", text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return text[:MAX_CHARACTERS].strip()
