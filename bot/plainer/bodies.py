"""The body of a call to Slack with plainer blocks, view or chunks in it."""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping, Sequence

from bot.payloads import Block
from bot.plainer.blocks import plainer_blocks, shortened, words_of
from bot.plainer.kinds import kinds_in
from router.text.printable import shorten

Body = Mapping[str, object]
TEXT_LIMIT = 3900
"""Characters of a message's text: `chat.update` refuses more than 4,000."""
BLOCKS_LIMIT = 9_000
"""Characters of a message's blocks where Slack called them too long."""
FIELDS = ("blocks", "view", "chunks")
"""The fields of a body whose content may be refused."""
SURFACES = {
    "chat.postEphemeral": "ephemeral",
    "chat.startStream": "stream",
    "chat.appendStream": "stream",
    "chat.stopStream": "stream",
}
"""The surface of each method; for views it is the view's type, for other methods a message."""


def surface_of(method: str, body: Body) -> str:
    """Returns where Slack would show the content: what it accepts depends on that."""
    view = body.get("view")
    if isinstance(view, dict):
        return str(view.get("type"))

    return SURFACES.get(method, "message")


def kinds_of(body: Body) -> frozenset[str]:
    """Returns every kind of block, element or chunk in the body."""
    return frozenset(kind for name in FIELDS for kind in kinds_in(_content(body.get(name))))


def plainer(body: Body, refused: Collection[str], surface: str) -> Body:
    """Returns the body without the refused kinds; unchanged where it holds none of them."""
    if not kinds_of(body) & set(refused):
        return body

    changed = dict(body)
    if isinstance(body.get("blocks"), list | tuple):
        changed["blocks"] = plainer_blocks(_list(body["blocks"]), refused, surface)
        if not changed["blocks"]:
            changed = dict(text_only(body, surface))
    if isinstance(body.get("view"), dict):
        changed["view"] = _plainer_view(body["view"], refused)  # type: ignore[arg-type]  # a dict
    if isinstance(body.get("chunks"), list | tuple):
        changed["chunks"] = _plainer_chunks(_list(body["chunks"]), refused)

    return changed


def shorter(body: Body) -> Body:
    """Returns the body with a shorter text, and without the words that are too many in blocks."""
    changed = dict(body)
    if isinstance(body.get("text"), str):
        changed["text"] = _cut(str(body["text"]))
    if isinstance(body.get("blocks"), list | tuple):
        changed["blocks"] = shortened(_list(body["blocks"]), BLOCKS_LIMIT)

    return changed


def text_only(body: Body, surface: str) -> Body:
    """Returns the message with nothing but its text."""
    changed = {name: value for name, value in body.items() if name not in ("blocks", "attachments")}
    text = str(body.get("text") or "")
    if not text.strip() and body.get("blocks"):
        words = words_of(_list(body["blocks"]), surface)
        text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    # An empty list takes away the blocks of a message that is updated.
    return {**changed, "blocks": [], "text": _cut(text)}


def _cut(text: str) -> str:
    return shorten(text, TEXT_LIMIT)


def _content(value: object) -> object:
    return value["blocks"] if isinstance(value, dict) and "blocks" in value else value


def _list(value: object) -> list[Block]:
    return list(value) if isinstance(value, list | tuple) else []


def _plainer_view(view: Block, refused: Collection[str]) -> Block:
    surface = str(view.get("type"))
    blocks = plainer_blocks(_list(view.get("blocks")), refused, surface)
    changed = {**view, "blocks": blocks}
    if not any(block.get("type") == "input" for block in blocks):
        # Nothing is left that could be submitted.
        changed.pop("submit", None)

    return changed


def _plainer_chunks(chunks: Sequence[Block], refused: Collection[str]) -> list[Block]:
    """Returns the chunks, with a line of text in place of each refused task."""
    found = []
    for chunk in chunks:
        if chunk.get("type") == "blocks":
            blocks = plainer_blocks(_list(chunk.get("blocks")), refused, "message")
            found += [{**chunk, "blocks": blocks}] if blocks else []
        elif chunk.get("type") not in refused:
            found.append(chunk)
        elif chunk.get("title") and "markdown_text" not in refused:
            found.append({"type": "markdown_text", "text": f"{_literal(str(chunk['title']))}\n\n"})

    return found


def _literal(text: str) -> str:
    """Returns Markdown that shows exactly the text."""
    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    shown = []
    for character in text:
        escaped = f"\\{character}" if character in string.punctuation else character
        shown.append(entities.get(character, escaped))

    return "".join(shown)
