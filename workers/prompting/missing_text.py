"""Notices requests for work on a text that is not there: a model would invent it."""

from __future__ import annotations

import re

from router.text.normalise import normalise
from router.text.order import split_order
from workers.context import Work

MAX_ORDER_WORDS = 12
"""A longer message holds what it is about."""
MAX_FILE_WORDS = 20
"""The same where it says that a file is with it."""
MIN_MATERIAL_WORDS = 2
MAX_TAIL_WORDS = 3
"""Words behind "this text" that still belong to the order ("in plain English, please")."""
_POINTER = re.compile(
    r"\b(?:(?:this|these|the attached|the following|the above|the)"
    r"(?: (?:file|files|document|thread|discussion|conversation|chat|meeting|mail|email|message|"
    r"messages|text|notes?|log|paragraph|report|attachment))|this|these|attached|the following)\b",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\b(?:attachments?|(?:attached|enclosed|uploaded) (?:\w+ )?(?:files?|documents?|docs?|pdfs?|"
    r"reports?|images?|pictures?|photos?|screenshots?|spreadsheets?|sheets?|slides|logs?|mails?|"
    r"e-?mails?|letters?|contracts?|invoices?|texts?)|(?:see|read|check|open) (?:the )?attached)\b",
    re.IGNORECASE,
)
"""Something that was to come with the message."""
_DETAIL = re.compile(r"\d|_|`|[A-Z]{4,}|[a-z][A-Z]")
"""A figure, a name in code, an abbreviation: such a message has something of its own to work on."""
_ELSEWHERE = re.compile(
    r"\b(?:my|our|his|her|their|all|the (?:last|latest|unread|new))(?: \w+){0,2} "
    r"(?:e-?mails?|mails|inbox|mailbox|calendar|appointments|direct messages|dms|drive|"
    r"voicemails?|phone calls|calls|meetings)\b",
    re.IGNORECASE,
)
_ORDER_WORDS = """
rewrite rephrase reword reformulate shorten summarise summarize summary sum up recap tldr tl dr
translate proofread polish correct fix improve simplify explain reply answer respond draft write
make turn put say it that one them shorter longer nicer friendlier kinder politer polite clearer
simpler better formal informal professional short more less much bit little please pls plz thanks
can could would you me us for a an the my grammar spelling wording tone style text sentence email
mail message in into to and also now again quickly quick brief briefly english german french spanish
italian dutch portuguese polish language words action items tasks incident report response list
"""
_BARE_ORDER = frozenset(_ORDER_WORDS.split())
"""Words of an order alone: a message of nothing else has no text to work on."""
_WORD = re.compile(r"\w+")
_LITTLE = re.compile(
    r"a|an|the|to|in|of|for|me|us|please|now|again|into|as|it|and|or|with|by|from|briefly|kindly"
)


def lacks_text(work: Work) -> bool:
    """Returns whether the route needs a text and the request only points at one.

    A text is what stands beside the order, what was said before, or a file that was read.
    """
    if not work.version.needs_text or work.request.author:
        return False
    if work.attachments.texts or work.attachments.pictures:
        return False
    if is_elsewhere(work.request.text):
        return True

    return not work.history and points_at_nothing(work.request.text)


def is_elsewhere(text: str) -> bool:
    """Returns whether the message is about what lies where Beagle cannot read: a mailbox, say."""
    if len(_WORD.findall(text)) > MAX_ORDER_WORDS or _holds_material(text):
        return False

    return _ELSEWHERE.search(normalise(text)) is not None


def points_at_nothing(text: str) -> bool:
    """Returns whether the message speaks of a text and holds none."""
    count = len(_WORD.findall(text))
    if _FILE.search(text) and count <= MAX_FILE_WORDS and not _holds_material(text):
        return True
    if count > MAX_ORDER_WORDS or _DETAIL.search(text) or _holds_material(text):
        return False

    text = normalise(text)
    words = _WORD.findall(text.lower())
    if words and all(word in _BARE_ORDER for word in words):
        return True

    pointers = list(_POINTER.finditer(text))
    if not pointers:
        return False

    tail = _WORD.findall(text[pointers[-1].end() :].lower())
    return sum(_LITTLE.fullmatch(word) is None for word in tail) <= MAX_TAIL_WORDS


def _holds_material(text: str) -> bool:
    """Returns whether a sign divides the message into an order and a text."""
    return any(part.is_marked for part in split_order(text, MIN_MATERIAL_WORDS))
