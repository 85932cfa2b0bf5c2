"""Explicit requests that need no classifier: a route called by name, or a question about Beagle."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from router.classifier.small_talk import small_talk_kind
from router.text.normalise import normalise

_META_QUESTIONS = (
    r"what (?:can|do|could) (?:you|beagle) (?:do|help(?: me| us)?(?: with)?|offer|know|support)"
    r"(?: for (?:me|us))?",
    r"what are you (?:able|capable|good|there|here) .*",
    r"(?:what|which) (?:routes|commands|skills|tasks|things)"
    r" (?:do you (?:have|know)|can you do|are there|exist)",
    r"(?:list|show)(?: me)?(?: all| your| the)* (?:routes|commands|skills|abilities|capabilities)",
    r"how (?:can|do|could) (?:you|i|we) (?:help(?: me| us)?|use (?:you|beagle|this)|work)",
    r"how does (?:this|beagle) work",
    r"what (?:can|should|could) (?:i|we) (?:ask|say)"
    r"(?: to)?(?: you| beagle)?(?: about| for| to do)?",
    r"/?(?:beagle )?help(?: me)?",
    r"tell me what you (?:can )?do",
)
_META = re.compile(
    rf"(?:{'|'.join(_META_QUESTIONS)})(?: please| exactly| here| then)*", re.IGNORECASE
)
_BETWEEN_QUESTIONS = re.compile(r"(?:\s?[,.?!;&]|\band\b)\s?", re.IGNORECASE)
MAX_META_CHARS = 200
_BANG = re.compile(r"\A(?:<@[^<>]+>\s*+)?!([\w-]+)")
_COLON = re.compile(r"\A(?:<@[^<>]+>\s*+)?([\w -]{1,60}?)\s*+:(?!//)(?=\s|$)")
_CALL = re.compile(
    r"\A(?:please )?(?:use|run|start|take|with) (?:the )?([\w -]{1,90})", re.IGNORECASE
)
_NAME_END = re.compile(r" (?:route|to|for|on)\b", re.IGNORECASE)


def named_route(text: str, routes: Sequence[str]) -> str | None:
    """Returns the route that the message calls by name; None when it calls none of `routes`.

    Four forms count: `!name …`, `name: …`, `use name to …`, or the name alone. A name in the middle
    of a sentence is an ordinary word: a route called `leave` must not catch everybody who leaves.
    """
    plain = text.strip()
    by_key = _routes_by_key(tuple(routes))

    bang = _BANG.match(plain)
    if bang:
        return by_key.get(_key(bang.group(1)))

    words = normalise(text)
    if _key(words) in by_key:
        return by_key[_key(words)]

    colon = _COLON.match(plain)
    if colon and _key(colon.group(1)) in by_key:
        return by_key[_key(colon.group(1))]

    call = _CALL.match(words)
    if call is None:
        return None

    # A name may contain one of the words that end it ("talk to sales"), so every end is tried.
    after_verb = call.group(1)
    for end in _NAME_END.finditer(after_verb):
        name = _key(after_verb[: end.start()])
        if name in by_key:
            return by_key[name]

    return None


def about_beagle(text: str) -> bool:
    """Returns whether the whole message asks what Beagle is or can do, maybe in several parts."""
    words = normalise(text)
    if _META.fullmatch(words) is not None:
        return True
    if len(words) > MAX_META_CHARS:
        return False

    parts = [part for part in _BETWEEN_QUESTIONS.split(words) if part]
    asks = [_META.fullmatch(part) is not None for part in parts]
    return any(asks) and all(
        is_asked or small_talk_kind(part) in ("identity", "greeting")
        for is_asked, part in zip(asks, parts, strict=True)
    )


@lru_cache(maxsize=16)
def _routes_by_key(routes: tuple[str, ...]) -> Mapping[str, str]:
    return {_key(route): route for route in routes}


def _key(name: str) -> str:
    """Returns a name so that case, blanks, hyphens and underscores make no difference."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()
