"""One message of a Slack export: who says what, or why it is no message of a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.mining.exports.times import parse_timestamp

PERSON_SUBTYPES = frozenset(
    {None, "", "thread_broadcast", "reply_broadcast", "me_message", "file_share",
     "assistant_app_thread"}
)  # fmt: skip
"""Subtypes of messages that a person wrote; all others are events."""
BOT_SUBTYPES = frozenset({"bot_message"})
SLACKBOT = "USLACKBOT"
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]{0,80})?>")
FORM_WORD = re.compile(r"\b(?:workflow|form|submission|submitted|request from)\b", re.IGNORECASE)
LABEL_LINE = re.compile(r"\A\*[^*\n]{1,200}\*\s*\Z")
"""A line in bold: the question of a form, above its answer."""
MAX_DEPTH = 8

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PersonMessage:
    """What a person said.

    Attributes:
        at, thread_at: Unix seconds of the message, and of the one that opened its thread, if any.
        form: The workflow form by which it was submitted; empty for an ordinary message.
    """

    text: str
    user: str
    at: float
    thread_at: float | None
    form: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """What is no message of a person.

    Attributes:
        kind: `bot`, `event`, `no text`, or `bad`, which says in `detail` what is wrong.
        detail: Of a bot its name.
        thread_at: Of a bot the time of the message in whose thread it wrote, if it did.
    """

    kind: str
    detail: str = ""
    thread_at: float | None = None


def read_message(
    message: object, users: Mapping[str, str], bots: Mapping[str, str]
) -> PersonMessage | Other:
    """Returns what the message says; `users` and `bots` are names by id."""
    if not isinstance(message, dict):
        return Other("bad", "an entry that is no object")

    at = parse_timestamp(message.get("ts") or "none")
    if at is None:
        return Other("bad", f"the time {message.get('ts')!r} is none")

    subtype = message.get("subtype")
    user = _user(message.get("user"))
    thread_at = _thread(message, at)
    is_bot = message.get("bot_id") or subtype in BOT_SUBTYPES or user in bots
    if is_bot and user != SLACKBOT:
        return _form(message, at, users) or Other("bot", _bot_name(message, user, bots), thread_at)
    if subtype not in PERSON_SUBTYPES or user == SLACKBOT:
        return Other("event")
    if user is None:
        return Other("bad", f"the author {str(message.get('user'))[:40]!r} is no id")

    text = message_text(message)
    if text is None:
        return Other("bad", f"a text of type {type(message.get('text')).__name__}")

    return PersonMessage(text, user, at, thread_at) if text.strip() else Other("no text")


def message_text(message: Json) -> str | None:
    """Returns the words of the message, those of its blocks if it has no text; None if unusable."""
    text = message.get("text")
    if text is not None and not isinstance(text, str):
        return None

    return text if text and text.strip() else _words_of(message.get("blocks"), 0).strip()


def _words_of(block: object, depth: int) -> str:
    """Returns the text of rich text, sections and their parts, one line for each block."""
    if depth > MAX_DEPTH:
        return ""
    if isinstance(block, list):
        separator = "\n" if depth == 0 else ""
        return separator.join(_words_of(part, depth + 1) for part in block)
    if not isinstance(block, dict):
        return ""

    kind = block.get("type")
    if kind == "emoji":
        return f":{block.get('name', '')}:"
    if kind == "user":
        return f"<@{block.get('user_id', '')}>"
    if kind == "link":
        return str(block.get("text") or block.get("url") or "")
    if isinstance(block.get("elements"), list):
        words = _words_of(block["elements"], depth + 1)
        return f"{words}\n" if kind in ("rich_text_section", "rich_text_preformatted") else words

    text = block.get("text")
    return text if isinstance(text, str) else _words_of(text, depth + 1)


def _form(message: Json, at: float, users: Mapping[str, str]) -> PersonMessage | None:
    """Returns the submission of a workflow form as the words of the person who filled it in.

    A workflow posts as a bot and names the person in the first line. Nothing else that bots post is
    taken for a person's words.
    """
    text = message_text(message) or ""
    first, _, rest = text.partition("\n")
    mentioned = MENTION.findall(first)
    if len(mentioned) != 1 or (users and mentioned[0] not in users):
        return None

    metadata = message.get("metadata")
    is_workflow = isinstance(metadata, dict) and "workflow" in str(metadata.get("event_type", ""))
    if not is_workflow and not FORM_WORD.search(f"{first} {message.get('username') or ''}"):
        return None

    answers = [line for line in rest.splitlines() if line.strip() and not LABEL_LINE.match(line)]
    words = "\n".join(answers).strip()
    if not words:
        return None

    return PersonMessage(words, mentioned[0], at, None, _bot_name(message, None, {}))


def _bot_name(message: Json, user: str | None, bots: Mapping[str, str]) -> str:
    profile = message.get("bot_profile")
    names = (
        profile.get("name") if isinstance(profile, dict) else None,
        message.get("username"),
        bots.get(user or ""),
        message.get("bot_id"),
        user,
    )
    return str(next((name for name in names if name), "a bot without a name"))


def _user(value: object) -> str | None:
    """Returns the user's id, also where an object of the user stands; None if there is none."""
    if isinstance(value, dict):
        value = value.get("id")

    return value if isinstance(value, str) and value else None


def _thread(message: Json, at: float) -> float | None:
    thread = message.get("thread_ts")
    if not thread:
        return None

    opened_at = parse_timestamp(thread)
    return None if opened_at == at else opened_at
