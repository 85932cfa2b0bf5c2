"""Messages that want a bot to drop its instructions or to show them (prompt injection).

They go to no model. Whoever speaks of other people's rules, or takes back their own words, does
not mean the bot's.
"""

from __future__ import annotations

import re

_START = (
    r"(?:\A|[.!,;:-] ?|\b(?:please|pls|now|and|then|you should|you must|you can|can you|could you|"
    r"i want you to|i need you to) )"
)
_ALL = r"(?:(?:all|any|every|each|about|everything|of|the|these|those|whatever) ){0,4}"
_RULES = (
    r"(?:instructions?|rules?|prompts?|guidelines?|restrictions?|programming|guardrails?|limits|"
    r"limitations|filters?|constraints|directives|orders|safety)\b"
)
_STOP = (
    r"(?:ignore|disregard|forget|override|overrule|bypass|drop|violate|break|stop following|"
    r"stop obeying|do not follow|don't follow|do not obey|don't obey)"
)
_DROP = re.compile(
    rf"{_START}(?:{_STOP} {_ALL}(?:your(?: [\w-]{{1,20}}){{0,2}}? {_RULES}|"
    r"(?:previous|prior|earlier|above|preceding|system|beagle's) "
    r"(?:instructions?|rules?|prompts?|guidelines?|programming|directives)\b)"
    r"(?! (?:for|on|about|of|in|from) )"
    r"|(?:ignore|disregard|forget) (?:all )?(?:the )?(?:instructions|rules)(?: ?[.!]*\Z| and )"
    r"|(?:ignore|disregard|forget) everything (?:above|you (?:were|have been) told))",
    re.IGNORECASE,
)
_SHOW = re.compile(
    r"\b(?:(?:your|beagle's) (?:[\w-]{1,20} )?(?:system )?prompts?\b"
    r"|(?:print|show|reveal|repeat|tell|give|output|display|paste|send|leak|share|dump|recite|"
    r"what is|what are|what was|what were|what's|whats)(?: (?:me|us|out|back)){0,2} "
    rf"{_ALL}(?:your (?:(?:hidden|secret|initial|internal|system|own|original) )?(?:instructions?|"
    r"rules|guidelines|source code|configuration|system message)"
    r"|(?:the )?(?:system prompts?|(?:hidden|secret|initial|internal) (?:prompts?|instructions?)))"
    r"(?: (?:word for word|verbatim|please))? ?[?.!]*\Z"
    r"|repeat the words above\b|what were you told to do\b)",
    re.IGNORECASE,
)
_BECOME = re.compile(
    r"\b(?:you are now|from now on,? you(?: are|'re)|pretend (?:to be|that you are|you are|you're)|"
    r"act as|behave as|imagine you are)(?: (?-i:DAN)\b|\b[^.!?\n]{0,60}?\b"
    r"(?:jailbroken|unrestricted|"
    r"developer mode|(?:without|no|free of|free from)(?: [\w-]{1,20}){0,2}? "
    r"(?:rules|restrictions|limits|filters?|limitations|guidelines))\b)|\benter developer mode\b",
    re.IGNORECASE,
)


def attacks_instructions(text: str) -> bool:
    """Returns whether the message tells the bot to drop, change or show its own instructions."""
    return any(attack.search(text) is not None for attack in (_DROP, _SHOW, _BECOME))
