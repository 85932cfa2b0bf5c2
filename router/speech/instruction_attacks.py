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
_DROP = re.compile(
    rf"{_START}(?:ignore|disregard|forget|override|overrule|bypass|drop|violate|break|"
    rf"stop following|stop obeying|do not follow|don't follow|do not obey|don't obey) {_ALL}"
    r"(?:your|previous|prior|earlier|above|preceding|system|beagle's)(?: [\w-]{1,20}){0,3}? "
    rf"?{_RULES}(?! (?:for|on|about|of) )",
    re.IGNORECASE,
)
_SHOW = re.compile(
    r"\b(?:print|show|reveal|repeat|tell|give|output|display|write|paste|send|leak|share|dump|"
    r"recite|what is|what are|what was|what were|what's|whats)(?: (?:me|us|out|back)){0,2} "
    rf"{_ALL}(?:your (?:[\w-]{{1,20}} ){{0,2}}?(?:prompts?|system message|instructions?|rules|"
    r"guidelines|source code|configuration)|(?:the )?(?:system|hidden|secret|initial|internal) "
    r"(?:prompts?|instructions?|message))\b(?! (?:for|on|about|to|in|regarding) )",
    re.IGNORECASE,
)
_BECOME = re.compile(
    r"\b(?:you are now|from now on,? you(?: are|'re)|pretend (?:to be|that you are|you are|you're)|"
    r"act as|behave as|imagine you are)\b[^.!?\n]{0,60}?\b(?:dan|jailbroken|unrestricted|"
    r"developer mode|(?:without|no|free of|free from)(?: [\w-]{1,20}){0,2}? "
    r"(?:rules|restrictions|limits|filters?|limitations|guidelines))\b",
    re.IGNORECASE,
)


def attacks_instructions(text: str) -> bool:
    """Returns whether the message tells the bot to drop, change or show its own instructions."""
    return any(attack.search(text) is not None for attack in (_DROP, _SHOW, _BECOME))
