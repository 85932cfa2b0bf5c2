"""Recognises messages that are small talk from the first word to the last, and of which kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal, cast

from router.classifier.small_talk_phrases import PHRASES
from router.text.compatibility import nfkc
from router.text.normalise import BETWEEN_SENTENCES, as_read

SmallTalk = Literal[
    "greeting",
    "thanks",
    "acknowledgement",
    "farewell",
    "complaint",
    "joke",
    "identity",
    "command",
    "bare",
]
MAX_WORDS = 14
"""A longer message says more than that."""
MAX_CHARS = 200
COMMANDS_ALONE = frozenset(("budget", "candidates", "digest", "optout", "rollout", "stats"))
"""Words behind `/beagle` that are hardly anything else when they are all of a message."""
COMMANDS = COMMANDS_ALONE | {"channel", "forget", "knowledge", "label", "report", "routes", "why"}
"""All of them but `help`, which is answered. Somebody may mention Beagle instead."""
TOPIC_WORDS = 6
"""Words that the subject of a joke may have."""
FIRST = ("joke", "complaint", "identity", "thanks", "greeting", "farewell", "acknowledgement")
"""Of several kinds in one message the first of these counts: what it is about."""
_WORDS = re.compile(r"[+\w]+(?:'\w+)*")
_DOUBLE = re.compile(r"(\w)\1")
_MARKUP = re.compile(r"<[^<>]*>")
_INSULT = re.compile(
    r"(?:(?:who (?:put|made|built|installed|invited|wants|needs|bought|asked for|programmed|let)"
    r"|why do we (?:have|have to have|need|use|have to use|pay for)|what is|i|we"
    r"|(?:i|we) (?:really |just |absolutely )?(?:hate|dislike|despise|can't stand|don't need)"
    r"|(?:i am|i'm|im|we are|we're) (?:so )?(?:sick|tired|fed up) (?:of|with)"
    r"|nobody (?:needs|wants|likes|asked for|understands)|answer(?: me)?|listen|stop it) )?"
    r"(?:this|you|u|your|that) (?:(?:absolutely|totally|bloody|fucking|damn|so) )?"
    r"(?:stupid|dumb|useless|idiotic|crappy|shitty|fucking|annoying|silly|moronic|worthless|bloody)"
    r" (?:bot|robot|beagle|assistant)(?: (?:here|in here|again|anyway|lol|at all|for|good for"
    r"|(?:never|doesn't|does not|can't|cannot|won't) (?:understands?|listens?|gets?|knows?|helps?"
    r"|learns?|answers?)(?: (?:me|us|it|this|that|anything|a thing|anybody|anyone))?"
    r"|(?:understands|knows|gets) nothing))?",
    re.IGNORECASE,
)
"""What is said to a bot in anger, and nothing else: another bot may be stuck, or stand in a text
that is to be reworded."""
_LAUGHTER = re.compile(r"a?(?:ha|he){2,}+h?")


def small_talk_kind(text: str) -> SmallTalk | None:
    """Returns what kind of small talk the whole message is, None where it says anything else.

    A message without a word is `bare`, or an `acknowledgement` where it has an emoji.
    """
    if len(text) > MAX_CHARS:
        return None

    words = _WORDS.findall(as_read(text).casefold())
    if not words:
        return _wordless(text)
    if len(words) > MAX_WORDS:
        return None

    if _is_command(words):
        return "command"

    kinds = _kinds(words)
    if kinds is None:
        return "complaint" if _INSULT.fullmatch(" ".join(words)) else _joke_about(words)

    return next((cast("SmallTalk", kind) for kind in FIRST if kind in kinds), _addressed(words))


def without_small_talk(text: str) -> str:
    """Returns the sentences of a short message that say something; all where none does."""
    if len(text) > MAX_CHARS:
        return text

    sentences = BETWEEN_SENTENCES.split(text)
    if len(sentences) == 1:
        return text

    saying = [one for one in sentences if small_talk_kind(one) is None]
    return " ".join(saying) if saying and len(saying) < len(sentences) else text


def _wordless(text: str) -> SmallTalk:
    """A picture alone is a reaction; signs alone, or a mention, are a person who waits."""
    shown = _MARKUP.sub("", nfkc(text, MAX_CHARS))
    has_emoji = any(sign == ":" or unicodedata.category(sign) == "So" for sign in shown)
    return "acknowledgement" if has_emoji else "bare"


def _addressed(words: Sequence[str]) -> SmallTalk | None:
    return "bare" if words in (["beagle"], ["bot"]) else None


def _is_command(words: Sequence[str]) -> bool:
    """Returns whether the words are those of a command: "beagle stats", "beagle forget me"."""
    if words[0] != "beagle" or len(words) == 1:
        return len(words) == 1 and words[0] in COMMANDS_ALONE

    return words[1] in COMMANDS and words[2:] in ([], ["me"], ["off"])


def _joke_about(words: Sequence[str]) -> SmallTalk | None:
    """A joke may have a subject, which can be any words."""
    if "about" not in words:
        return None

    start = words.index("about")
    kinds = _kinds(words[:start])
    is_joke = kinds is not None and "joke" in kinds and len(words) - start <= TOPIC_WORDS
    return "joke" if is_joke else None


def _kinds(words: Sequence[str]) -> set[str] | None:
    """Returns the kinds of the phrases that make up all the words; None if any is left."""
    found = set()
    start = 0
    while start < len(words):
        length, kind = next(_phrases_at(words, start), (0, ""))
        if not length:
            return None

        found.add(kind)
        start += length

    return found


def _phrases_at(words: Sequence[str], start: int) -> Iterator[tuple[int, str]]:
    """Yields the phrases that begin there as (number of words, kind), the longest first."""
    phrases, longest = _phrases()
    for length in range(min(longest, len(words) - start), 0, -1):
        kind = phrases.get(tuple(map(_plain, words[start : start + length])))
        if kind is not None:
            yield length, kind


def _plain(word: str) -> str:
    """Returns the word as it is in the phrases: "thaaanks" is "thanks", "hahahaha" is "haha"."""
    if _LAUGHTER.fullmatch(word):
        return "haha"

    known = _words()
    if word in known:
        return word

    # A reader's text has at most two equal letters in a row: "thaanks", "helloo".
    for double in _DOUBLE.finditer(word):
        shorter = word[: double.start()] + word[double.start() + 1 :]
        if shorter in known:
            return shorter

    return word


@cache
def _phrases() -> tuple[Mapping[tuple[str, ...], str], int]:
    """Returns each phrase's kind, and the number of words of the longest."""
    kinds: dict[tuple[str, ...], str] = {}
    for kind, phrases in PHRASES.items():
        for phrase in phrases.split("|"):
            # What says something by itself counts before what says nothing.
            kinds.setdefault(tuple(phrase.split()), kind)

    return kinds, max(map(len, kinds))


@cache
def _words() -> frozenset[str]:
    phrases, _ = _phrases()
    return frozenset(word for phrase in phrases for word in phrase)
