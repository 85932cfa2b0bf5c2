"""Normalises a message to the words that decide its route."""

from __future__ import annotations

import re
import unicodedata

from router.text.compatibility import nfkc

MAX_CHARS = 4000
MIN_WORDS = 3
"""Quotes and code blocks are left out where at least this many words surround them."""

_CODE_BLOCK = re.compile(r"```(.*?)(?:```|\Z)", re.DOTALL)
_QUOTE = re.compile(r"^[^\S\n]*+(?:>|&gt;)++ ?(.*)$", re.MULTILINE)
_MENTION = re.compile(r"<[@!](?:subteam\^)?[\w^]+(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#\w+(?:\|([^<>]*))?>")
_LINK = re.compile(r"<(?:https?://|mailto:)[^<>|]*(?:\|([^<>]*))?>|https?://\S+")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:(?::skin-tone-\d:)?", re.IGNORECASE)
_FORMATTING = re.compile(
    r"(?<![*_~`])(?:(?<!\w)[*_~`]++(?=\S)|(?<=\S)[*_~`]++(?!\w)|[*~`]{2,}+(?!_))"
)
_STRETCHED = re.compile(r"([A-Za-z])\1{2,}")
_GREETING = re.compile(
    r"(?:(?:hi|hey|hello|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning)"
    r"(?: (?:there|all|everyone|everybody|team|folks|guys|beagle|bot))?|beagle)"
    r"(?: ?[,.!:;\u2013-]++ ?| |\Z)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"[ ,.!;:-](?:(?:many )?thanks|thank you|thx|ty|cheers|(?:best )?regards)"
    r"(?: (?:all|everyone|team|folks|guys|beagle|so much|a lot|in advance))?\Z",
    re.IGNORECASE,
)
MAX_CLOSING_CHARS = 40
"""No closing that `_CLOSING` matches is longer."""
_PUNCTUATION_AT_END = " .!?,;:\u2026"
_SIGNS_BEFORE_CLOSING = " ,.!;:-"
_WORD = re.compile(r"\w+")
_STRAIGHT_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})

_EMOJI_NAME = r"(?<![\w:]):[a-z0-9_+'-]{1,100}+:(?::skin-tone-\d:)?"
EMOJI_CODE = re.compile(_EMOJI_NAME, re.IGNORECASE)
"""An emoji as Slack writes it; its last sign is no colon before a text."""
_ANY_EMOJI = (
    rf"(?:{_EMOJI_NAME}"
    "|[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\ufe0f\u200d])"
)
_SUBJECT = r"(?:i|we|you|he|she|they|it|there|this|that|anyone|anybody|someone|somebody)"
_QUESTION_WORD = r"(?:who|whom|what|which|when|where|how|why)(?:'?s)?"
_AUXILIARY = r"(?:is|are|do|does|did|can|could|may|must|should|shall|will|would|am|has|have)"
BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")
"""What stands between two sentences of plain text."""
SENTENCE_END = re.compile(
    rf"\s?(?:{_ANY_EMOJI}\s?){{1,6}}+(?=(?:{_SUBJECT}(?:['\u2019]?(?:m|s|re|ve|ll|d))?"
    rf"|{_QUESTION_WORD}|{_AUXILIARY} {_SUBJECT}|does any(?:one|body))\b)",
    re.IGNORECASE,
)
"""The last emoji, at most six, before a clause with a subject or a question word of its own."""

_INVISIBLE_CATEGORIES = ("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode's pictures and modifiers, control and format characters, and unassigned code points."""


def normalise(text: str) -> str:
    """Returns the same request without markup, emoji, greeting, thanks and closing punctuation.

    Quoted lines and code blocks are left out where enough other words surround them. A message that
    consists of such things alone keeps them, so a message of letters never becomes empty.
    """
    text = _resolve_markup(text)
    without_code = _CODE_BLOCK.sub(" ", text)
    content = _QUOTE.sub(" ", without_code)

    if len(_WORD.findall(content)) < MIN_WORDS:
        parts = [*_CODE_BLOCK.findall(text), *_QUOTE.findall(without_code)]
        content = f"{content} {' '.join(parts)}"

    return _strip_courtesies(_tidy(content)) or _tidy(text)


def as_read(text: str) -> str:
    """Returns all the words that a reader sees, without markup and emoji."""
    return _tidy(_resolve_markup(text))


def end_sentences(text: str) -> str:
    """Returns the text with a full stop in place of the emoji that end a sentence."""
    return SENTENCE_END.sub(". ", text)


def _resolve_markup(text: str) -> str:
    """Replaces Slack's markup by the words that a reader sees."""
    text = nfkc(text, MAX_CHARS).translate(_STRAIGHT_QUOTES)

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
    """Returns the text without greetings, thanks and closing punctuation, but never nothing.

    The text has single blanks only. Positions move inwards and nothing is copied on the way, so a
    thousand greetings in a row cost no more than a thousand words.
    """
    start, end = 0, len(text)
    while True:
        before = start, end
        end = _before(text, start, end, _PUNCTUATION_AT_END)
        end = _before_closing(text, start, end)
        start = _after_greeting(text, start, end)

        if (start, end) == before:
            return text[start:end]


def _before(text: str, start: int, end: int, signs: str) -> int:
    """Returns the end without these signs before it; `end` where nothing else is left."""
    new_end = end
    while new_end > start and text[new_end - 1] in signs:
        new_end -= 1

    return new_end if new_end > start else end


def _before_closing(text: str, start: int, end: int) -> int:
    """Returns the end without thanks; `end` where there are none, or nothing else is left."""
    window = max(start, end - MAX_CLOSING_CHARS)
    closing = _CLOSING.search(text[window:end])
    if closing is None:
        return end

    new_end = window + closing.start()
    while new_end > start and text[new_end - 1] in _SIGNS_BEFORE_CLOSING:
        new_end -= 1

    return new_end if new_end > start else end


def _after_greeting(text: str, start: int, end: int) -> int:
    """Returns the start of what follows a greeting; `start` where there is none, or no more."""
    greeting = _GREETING.match(text, start, end)
    if greeting is None:
        return start

    new_start = greeting.end()
    while new_start < end and text[new_start] == " ":
        new_start += 1

    return new_start if new_start < end else start
