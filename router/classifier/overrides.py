"""What a person says outright: a route by its name, or a question about Beagle itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from router.text.normalise import normalise

_ASKS = (
    r"what (?:can|do|could) (?:you|beagle) (?:do|help(?: me| us)?(?: with)?|offer|know|support)(?: for (?:me|us))?",
    r"what are you (?:able|capable|good|there|here) .*",
    r"(?:who|what) (?:are|is) (?:you|beagle)",
    r"(?:what|which) (?:routes|commands|skills|tasks|things) (?:do you (?:have|know)|can you do|are there|exist)",
    r"(?:list|show)(?: me)?(?: all| your| the)* (?:routes|commands|skills|abilities|capabilities)",
    r"how (?:can|do|could) (?:you|i|we) (?:help(?: me| us)?|use (?:you|beagle|this)|work)",
    r"how does (?:this|beagle) work",
    r"what (?:can|should|could) (?:i|we) (?:ask|say)(?: to)?(?: you| beagle)?(?: about| for| to do)?",
    r"help(?: me)?",
    r"tell me (?:about yourself|what you (?:can )?do|who you are)|introduce yourself",
    r"are you (?:a )?(?:bot|robot|human|person)",
)
META = re.compile(rf"(?:{'|'.join(_ASKS)})(?: please| exactly| here| then)*", re.IGNORECASE)
CALL = re.compile(r"(?:please )?(?:use|run|start|take|with) (?:the )?([\w -]{1,90})", re.IGNORECASE)
_CALLED = re.compile(r" (?:route|to|for|on)\b", re.IGNORECASE)


def named_route(text: str, routes: Sequence[str]) -> str | None:
    """The route that the message calls by name: `!name …`, `name: …`, `use name to …`, or the name alone.

    A name in the middle of a sentence is only a word: a route called `leave` must not catch
    everybody who leaves.
    """
    plain = text.strip()
    by_name = _by_name(tuple(routes))

    bang = re.match(r"(?:<@[^>]+>\s*)?!([\w-]+)", plain)
    if bang:
        return by_name.get(_key(bang.group(1)))

    words = normalise(text)
    if _key(words) in by_name:
        return by_name[_key(words)]

    colon = re.match(r"(?:<@[^>]+>\s*)?([\w -]{1,60}?)\s*:(?!//)(?=\s|$)", plain)
    if colon and _key(colon.group(1)) in by_name:
        return by_name[_key(colon.group(1))]

    called = CALL.match(words)
    if called is None:
        return None

    # A name may hold one of the words that end it ("talk to sales"), so every end is tried.
    ends = (called.group(1)[: end.start()] for end in _CALLED.finditer(called.group(1)))
    return next((by_name[_key(name)] for name in ends if _key(name) in by_name), None)


def about_beagle(text: str) -> bool:
    """Whether the whole message asks what Beagle is or can do."""
    return META.fullmatch(normalise(text)) is not None


@lru_cache(maxsize=16)
def _by_name(routes: tuple[str, ...]) -> Mapping[str, str]:
    return {_key(route): route for route in routes}


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()
