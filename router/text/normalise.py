"""Normalises a message to the words that decide its route."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 4000
MIN_WORDS = 3
"""Quotes and code blocks are left out where at least this many words surround them."""

_CODE_BLOCK = re.compile(r"```(.*?)(?:```|\Z)", re.DOTALL)
_QUOTE = re.compile(r"^\s*(?:>|&gt;)+ ?(.*)$", re.MULTILINE)
_MENTION = re.compile(r"<[@!](?:subteam\^)?[\w^]+(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#\w+(?:\|([^>]*))?>")
_LINK = re.compile(r"<(?:https?://|mailto:)[^>|]*(?:\|([^>]*))?>|https?://\S+")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:(?::skin-tone-\d:)?", re.IGNORECASE)
_FORMATTING = re.compile(r"(?<!\w)[*_~`]+(?=\S)|(?<=\S)[*_~`]+(?!\w)")
_STRETCHED = re.compile(r"([A-Za-z])\1{2,}")
_GREETING = re.compile(
    r"^(?:(?:hi|hey|hello|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning)"
    r"(?: (?:there|all|everyone|everybody|team|folks|guys|beagle|bot))?|beagle)"
    r"(?:\s*[,.!:;\u2013-]+\s*|\s+|$)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"[\s,.!;:-]+(?:(?:many )?thanks|thank you|thx|ty|cheers|(?:best )?regards)"
    r"(?: (?:all|everyone|team|folks|guys|beagle|so much|a lot|in advance))?[\s.!]*$",
    re.IGNORECASE,
)
_PUNCTUATION_AT_END = re.compile(r"[\s.!?,;:\u2026]+$")
_WORD = re.compile(r"\w+")
_STRAIGHT_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})

_INVISIBLE_CATEGORIES = ("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode's pictures and modifiers, control and format characters, and unassigned code points."""


def normalise(text: str) -> str:
    """Returns the same request without markup, emoji, greeting, thanks and closing punctuation.

    Quoted lines and code blocks are left out where enough other words surround them. A message that
    consists of such things alone keeps them, so a message of letters never becomes empty.
    """
    text = _resolve_markup(text[:MAX_CHARS])
    without_code = _CODE_BLOCK.sub(" ", text)
    content = _QUOTE.sub(" ", without_code)

    if len(_WORD.findall(content)) < MIN_WORDS:
        parts = [*_CODE_BLOCK.findall(text), *_QUOTE.findall(without_code)]
        content = f"{content} {' '.join(parts)}"

    return _strip_courtesies(_tidy(content)) or _tidy(text)


def _resolve_markup(text: str) -> str:
    """Replaces Slack's markup by the words that a reader sees."""
    text = unicodedata.normalize("NFKC", text).translate(_STRAIGHT_QUOTES)

    text = _MENTION.sub(" ", text)
    text = _CHANNEL.sub(lambda match: f" {match.group(1) or ''} ", text)
    text = _LINK.sub(lambda match: f" {match.group(1) or 'link'} ", text)

    # Slack escapes these three; the ampersand comes last, or "&amp;lt;" would become "<".
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _tidy(text: str) -> str:
    """Removes emoji, formatting and stretched letters, and collapses blanks."""
    text = _EMOJI.sub(" ", text)
    text = text.translate(_VISIBLE)
    text = _FORMATTING.sub("", text.replace("```", " "))
    text = _STRETCHED.sub(r"\1\1", text)

    return " ".join(text.split())


class _VisibleCharacters(dict[int, int]):
    """A translation table, filled on demand: a blank for pictures and invisible characters."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        # A backtick counts as a modifier symbol in Unicode; here it marks code.
        is_invisible = unicodedata.category(character) in _INVISIBLE_CATEGORIES
        if is_invisible and character != "`":
            self[code] = ord(" ")
        else:
            self[code] = code

        return self[code]


_VISIBLE = _VisibleCharacters()


def _strip_courtesies(text: str) -> str:
    """Removes greeting, thanks and closing punctuation until none is left, but never all of it."""
    while True:
        before = text
        for pattern in (_PUNCTUATION_AT_END, _CLOSING, _GREETING):
            text = pattern.sub("", text, count=1).strip() or text

        if text == before:
            return text
