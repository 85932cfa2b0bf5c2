"""Reads messages about notes: what is to be kept, and questions about what was."""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.speech.errands import names_reminder
from router.text.normalise import normalise

MAX_CHARS = 300
"""A longer message holds more than a question about notes."""
MIN_NOTE_WORDS = 3
"""Words that a note has at least where no `that` or sign stands before it."""
_ORDER = re.compile(
    r"(?:hi,? |hey,? |hello,? )?(?:please |pls )?(?:can you |could you |would you )?"
    r"(?:please |pls |also )?"
    r"(?P<verb>remember|keep in mind|don't forget|do not forget|write down|note down|note|save|"
    r"store|record|put on record|(?:make|keep|add|take|save) a note)\b"
    r"(?: this| it)?(?: for (?:us|me|everybody|everyone|later|the team|this channel))?"
    r"(?: to this channel| in this channel)?",
    re.IGNORECASE,
)
_BORDER = re.compile(r" that\b,?:?\s|\s?[:,\u2013]\s| - ", re.IGNORECASE)
"""What stands between the order and the note."""
_NO_NOTE = re.compile(
    r"(?:to|me|us|this|that|it|when|what|how|who|whom|where|why|which|whether|if)\b", re.IGNORECASE
)
"""Behind a bare `remember` these begin something else than a note."""
_WORD = re.compile(r"\w+")
_KEPT = r"remember(?:ed)?|keep|kept|note|noted|save|saved|store|stored|write down|written down"
_ASKED = re.compile(
    r"(?:can you |could you )?(?:please )?(?:"
    r"(?P<asker>what (?:did|have) (?:i|we) (?:ask|asked|tell|told|want|wanted) you to "
    rf"(?:{_KEPT}))|"
    rf"what (?:do|did|can|have) you (?:{_KEPT})|"
    r"(?:what|which) notes (?:do you have|have you got|are there|did you keep|have you kept)|"
    r"(?P<listed>(?:show|list|read|give|tell)(?: me| us)?(?: all)?(?: of)?"
    r" (?:(?P<own>my)|our|your|the|all) (?:kept |saved )?notes)|"
    r"(?:do you have|have you got|have you kept|have you|is there|are there|do we have)"
    r" (?:a|any|some) notes?|"
    r"(?P<recall>do you (?:still )?remember)"
    r")(?P<rest>(?: |\Z).*)",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT = re.compile(
    r"(?:for|in|from|of) (?:this|the) channel|(?:about|on|of|for|from|regarding|concerning) |"
    r"(?:here|anything|something|everything|so far|again|please)(?: |\Z)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(?:what|when|where|who|whom|whose|which|why|how|is|are|was|were|do|does|did|has|have|"
    r"will|would|can|could|should)(?:'s|'re)?\b",
    re.IGNORECASE,
)
_KEEPING = re.compile(
    r"\b(?:remember|remembering|note|notes|keep|keeping|forget|save|store|record|write|memo)\b",
    re.IGNORECASE,
)
_FORGET = re.compile(
    r"(?:please |pls )?(?:can you |could you |would you )?(?:please )?"
    r"(?:forget|delete|remove|drop|erase|throw away|discard) "
    r"(?:the |my |that |this |your |our )?notes?\b"
    r"(?: (?:about|on|of|for|with|saying|regarding|concerning|that says))?(?P<topic>(?: |\Z).*)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class NotesQuestion:
    """A question about notes: its subject, empty for all, and whether it is about one's own."""

    topic: str
    own: bool = False


def note_to_keep(text: str) -> str | None:
    """Returns the words to keep where the message is nothing but an order to keep them."""
    order = _ORDER.match(text)
    if order is None:
        return None

    border = _BORDER.match(text, order.end())
    if border is not None:
        return text[border.end() :].strip() or None

    words = text[order.end() :].strip()
    is_bare = order.group("verb").lower() == "remember" and text[order.end() :][:1] == " "
    if not is_bare or _NO_NOTE.match(words) or len(_WORD.findall(words)) < MIN_NOTE_WORDS:
        return None

    # "Remember the door code?" asks for it.
    return None if words.endswith("?") else words


def asked_for_notes(text: str) -> NotesQuestion | None:
    """Returns what the message asks of the notes that were kept; None where it asks for none."""
    if len(text) > MAX_CHARS:
        return None

    asked = _ASKED.fullmatch(normalise(text))
    if asked is None:
        return None

    rest = asked.group("rest").strip(" ?.!,")
    about = _ABOUT.match(rest)
    # "Show me the notes that Lena took" are others; "do you remember" takes anything.
    if rest and about is None and asked.group("recall") is None:
        return None

    own = asked.group("asker") is not None or asked.group("own") is not None
    while about is not None:
        rest = rest[about.end() :].strip(" ,")
        about = _ABOUT.match(rest)

    return NotesQuestion(rest, own)


def note_to_forget(text: str) -> str | None:
    """Returns what the note is about that the message orders to delete; None without an order.

    The subject is empty where the message does not name one.
    """
    if len(text) > MAX_CHARS:
        return None

    order = _FORGET.fullmatch(normalise(text))
    return None if order is None else order.group("topic").strip(" ?.!,")


def wishes_reminder(text: str) -> bool:
    """Returns whether the message asks to be reminded: a note reminds nobody."""
    return len(text) <= MAX_CHARS and names_reminder(normalise(text))


def question_to_notes(text: str) -> NotesQuestion | None:
    """Returns the question of a message that was taken for a note, None if it may be one."""
    asked = asked_for_notes(text)
    if asked is not None or len(text) > MAX_CHARS:
        return asked

    words = normalise(text)
    if _QUESTION.match(words) is None or _KEEPING.search(words):
        return None

    return NotesQuestion(words)
