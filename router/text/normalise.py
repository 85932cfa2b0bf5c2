"""A message as people type it in, the words that decide its route out."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 4000
ENOUGH_WORDS = 3
"""A quote or a code block counts only where fewer words than this stand around it."""

_BLOCK = re.compile(r"```(.*?)(?:```|\Z)", re.DOTALL)
_QUOTE = re.compile(r"^\s*(?:>|&gt;)+ ?(.*)$", re.MULTILINE)
_MENTION = re.compile(r"<[@!](?:subteam\^)?[\w^]+(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#\w+(?:\|([^>]*))?>")
_LINK = re.compile(r"<(?:https?://|mailto:)[^>|]*(?:\|([^>]*))?>|https?://\S+")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:(?::skin-tone-\d:)?", re.IGNORECASE)
_MARK = re.compile(r"(?<!\w)[*_~`]+(?=\S)|(?<=\S)[*_~`]+(?!\w)")
_STRETCH = re.compile(r"([A-Za-z])\1{2,}")
_GREETING = re.compile(
    r"^(?:(?:hi|hey|hello|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning)"
    r"(?: (?:there|all|everyone|everybody|team|folks|guys|beagle|bot))?|beagle)(?:\s*[,.!:;\u2013-]+\s*|\s+|$)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"[\s,.!;:-]+(?:(?:many )?thanks|thank you|thx|ty|cheers|(?:best )?regards)"
    r"(?: (?:all|everyone|team|folks|guys|beagle|so much|a lot|in advance))?[\s.!]*$",
    re.IGNORECASE,
)
_END = re.compile(r"[\s.!?,;:\u2026]+$")


def normalise(text: str) -> str:
    """The same request, without what must not decide: markup, emoji, greeting, thanks, closing punctuation.

    Quoted lines and code blocks are left out where words stand around them. Nothing is lost
    entirely: a message made of such things alone keeps them.
    """
    text = _plain(text[:LONGEST])
    around = _QUOTE.sub(" ", _BLOCK.sub(" ", text))
    inside = " ".join([*_BLOCK.findall(text), *_QUOTE.findall(_BLOCK.sub(" ", text))])
    words = around if len(_words(around)) >= ENOUGH_WORDS else f"{around} {inside}"

    return _settle(_tidy(words)) or _tidy(text)


def _plain(text: str) -> str:
    """Markup of Slack becomes the words that a reader sees."""
    text = unicodedata.normalize("NFKC", text)
    text = (
        text.replace("\u2019", "'")
        .replace("\u2018", "'")
        .replace("\u201c", '"')
        .replace("\u201d", '"')
    )

    text = _MENTION.sub(" ", text)
    text = _CHANNEL.sub(lambda found: f" {found.group(1) or ''} ", text)
    text = _LINK.sub(lambda found: f" {found.group(1) or 'link'} ", text)

    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _tidy(text: str) -> str:
    text = _EMOJI.sub(" ", text)
    text = text.translate(_SIGNS)
    text = _MARK.sub("", text.replace("```", " "))
    text = _STRETCH.sub(r"\1\1", text)

    return " ".join(text.split())


class _Signs(dict[int, int]):
    """What each letter becomes, by code point: a blank for pictures and invisible signs; letters and marks stay."""

    def __missing__(self, code: int) -> int:
        drops = (
            unicodedata.category(chr(code)) in ("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn")
            and chr(code) != "`"
        )
        self[code] = ord(" ") if drops else code
        return self[code]


_SIGNS = _Signs()


def _settle(text: str) -> str:
    """Greeting, thanks and closing punctuation go, again and again until none is left, unless nothing else stands."""
    while True:
        before = text
        for pattern in (_END, _CLOSING, _GREETING):
            text = pattern.sub("", text, count=1).strip() or text

        if text == before:
            return text


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)
