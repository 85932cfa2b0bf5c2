"""What is passed on of an answer: made when the person sees it, and sent exactly so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from router.catalog.actions import SendAction, fill_body
from router.types import Outcome, Request
from workers import texts

MAX_MESSAGE = 2000
"""Characters of the request's own words that are passed on."""
MAX_TEXT = 6000
MAX_NOTE = 500

Content = Mapping[str, Any]
"""`route`, `message` (the request's words), `text` or `data` (the answer), `link` (to the thread),
`user` (who sends it), `note` (what they add), and for a webhook `body`."""


def content_of(request: Request, outcome: Outcome, user: str, link: str) -> dict[str, Any]:
    """Returns what is passed on of the answer, without a note."""
    return {
        "route": outcome.route,
        "message": cut(request.text, MAX_MESSAGE),
        "text": cut(outcome.text, MAX_TEXT),
        "data": outcome.data,
        "link": link,
        "user": user,
        "note": "",
    }


def cut(text: str, limit: int) -> str:
    """Returns the text with at most `limit` characters; one that is cut says so at its end."""
    if len(text) <= limit:
        return text

    return text[: limit - len(texts.CUT)].rstrip() + texts.CUT


def seal_of(content: Content) -> str:
    """Returns a hash of what a person was shown: only that may be sent."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def webhook_body(action: SendAction, content: Content, key: str, team: str) -> Any:
    """Returns the JSON that the webhook gets: the route's own form, or all that is known."""
    fields = content["data"] if isinstance(content["data"], Mapping) else {}
    values = {**content, "id": key, "team": team}
    if action.body is not None:
        # A field that is called like one of our own words is the route's.
        return fill_body(action.body, {**values, **fields})

    return {"source": "beagle", **values}
