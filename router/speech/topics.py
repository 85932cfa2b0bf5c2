"""Messages that get one line that was written for them, because no route can answer them.

They are about Beagle's own handling of data, its instructions or its deeds, they order what only
people can do, or somebody is in distress: a menu of routes would be no answer to any of these.
"""

from __future__ import annotations

import re
from typing import Literal

from router.speech.errands import asks_what_was_done, is_errand
from router.speech.instruction_attacks import attacks_instructions
from router.text.normalise import normalise
from router.text.order import split_order

Topic = Literal["privacy", "forget", "distress", "instructions", "deeds", "errand"]
MAX_CHARS = 300
"""A longer message is about something of its own."""
MIN_MATERIAL_WORDS = 3
"""Words of a text that stands beside an order: what it orders itself is nobody's wish."""
_ME = r"(?:you|beagle|this bot|the bot|this app|slack bot)"
_MINE = (
    r"(?:my (?:\w{1,20} ){0,2}?(?:messages?|data|questions?|requests?|chats?|conversations?|texts?|"
    r"words)"
    r"|what (?:i|we) (?:write|type|say|ask|tell|told|wrote|said|asked|send|sent)(?: \w{1,20}){0,3}"
    r"|(?:this|our) (?:chat|conversation)|these messages|everything (?:i|we) (?:\w+))"
)
_KEEP = r"(?:store|save|keep|log|record|remember|collect|share|forward|leak|track|retain|pass on)"
_PRIVACY = re.compile(
    rf"(?:do|does|will|can|are|is|would|did|have|has) {_ME} (?:\w{{1,20}} )?(?:{_KEEP}|read|"
    rf"listen\w*|spy\w*|record\w*|stor\w*|sav\w*)\b.{{0,60}}"
    rf"\b(?:{_MINE}|me|us|it|in here|here|to my boss)\b"
    rf"|(?:do|does|will|can) {_ME} pass {_MINE}"
    rf"|(?:is|are|does|do|will) {_MINE} (?:\w{{1,20}} ){{0,2}}?(?:stored|saved|kept|logged|"
    r"recorded|private|confidential|secret|anonymous|read|shared|encrypted|visible|monitored|go|stay)\b"
    rf"|(?:who|who else) (?:can|could|may|will|does|is able to) (?:read|see|access|view) {_MINE}"
    rf"|(?:where|how long|for how long) (?:is|are|do|does|will) (?:{_ME} )?(?:{_KEEP} )?{_MINE}"
    rf"|(?:what|which data|what data|how much) (?:do|does|will) {_ME} (?:{_KEEP}|know)"
    r"(?: \w{1,20}){0,2}? (?:about|of|on|from) (?:me|us)\b"
    rf"|(?:can|could|does|will) (?:my|our) (?:boss|manager|team lead|admin|employer|company|"
    rf"colleagues?) (?:read|see|access) (?:{_MINE}|this|it)",
    re.IGNORECASE,
)
_FORGET = re.compile(
    r"(?:(?:please|can you|could you|i want you to|you should) ){0,2}(?:just )?"
    r"(?:(?:delete|erase|remove|wipe|forget|clear)"
    r" (?:me\b(?! (?:from|as|in))|(?:all |everything |any )?(?:of )?(?:my|our) (?:\w{1,20} )?"
    r"(?:data|messages|history|information|traces|chats?|conversations?|requests)\b"
    r"|(?:all|everything)(?: \w{1,20}){0,2}? (?:about|on|of|from) (?:me|us)\b"
    r"|(?:all|everything|what|whatever)(?: that)? (?:i|we) (?:\w{1,20} )?"
    r"(?:told|said|wrote|asked|sent)\b"
    r"|(?:all|everything|what|whatever)(?: that)? you (?:know|have|stored|saved|keep|remember)\b))",
    re.IGNORECASE,
)
_DISTRESS = re.compile(
    r"\b(?:harass\w*|bull(?:y|ies|ied|ying)|mobb(?:ed|ing)|discriminat\w+ against me|"
    r"(?:sexist|racist|homophobic)\b|grop\w+|threaten(?:s|ed|ing) me|touch(?:es|ed|ing) me|"
    r"humiliat\w+ me|burn(?:ed|t|ing)?[ -]?out|burnout|depress(?:ed|ion)|suicid\w+|kill myself|"
    r"end my life|hurt myself|(?:want|wanna|wish) to die|(?:wish|better if) i (?:was|were) dead|"
    r"(?:don't|dont|do not) want to (?:live(?! (?:in|at|near|here|there))|be alive|"
    r"wake up)\b|no (?:reason|will) to live|"
    r"panic attacks?|nervous breakdown|at the end of my (?:rope|tether)|"
    r"can(?:'t|not|t) (?:go on|cope|take (?:it|this) any ?more|do this any ?more|stop crying)|"
    r"(?:i am|i'm|im|feel) (?:\w{1,20} )?(?:overwhelmed|desperate|hopeless|exhausted all the time)|"
    r"(?:my|our) (?:\w{1,20} ){0,2}?(?:died|has died|passed away|has passed away|was killed|"
    r"is dying)|miscarriage|(?:lost|losing) my (?:mum|mom|mother|dad|father|parents?|wife|husband|"
    r"partner|child|son|daughter|baby|brother|sister|best friend)(?!['\u2019])|"
    r"(?:comments?|jokes?|remarks?) (?:\w{1,20} ){0,2}?about my (?:\w{1,20} ){0,2}?(?:body|looks?|"
    r"breasts?|chest|legs|skin|weight|accent|religion|gender|sexuality|appearance|figure|"
    r"disability|clothes|age|hair|origin)|"
    r"(?:inappropriate|unwanted|indecent|lewd|creepy) (?:\w{1,20} )?(?:comments?|jokes?|remarks?|"
    r"messages?|advances|behaviou?r)|"
    r"sexual(?:ly)? (?:comments?|jokes?|remarks?|advances|assault\w*)|"
    r"(?:yell|scream|shout|swear)(?:s|ed|ing)? at me|(?:stalk|follow)(?:s|ed|ing) me home|"
    r"(?:afraid|scared|terrified) of (?:my|our) (?:\w{1,20} )?(?:boss|manager|colleagues?|lead|"
    r"supervisor)|makes? me (?:feel )?(?:\w{1,20} )?(?:uncomfortable|unsafe|worthless)|"
    r"(?:cry|crying) (?:\w{1,20} ){0,2}?(?:at my desk|at work|in the office|every day|all day|"
    r"every night|myself to sleep)|(?:diagnosed with|i have|i've got|have got|got) "
    r"(?:\w{1,20} )?(?:cancer|a tumou?r|leukaemia|leukemia|multiple sclerosis))\b",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"\b(?:my|our) (?:\w{1,20} ){0,2}?(?:laptop|computer|pc|phone|battery|mouse|keyboard|screen|"
    r"monitor|server|printer|disk|drive|headset|router|connection|account|session|dock)\b"
    r"(?: \w{1,20}){0,2}? (?:died|passed away|was killed|is dying)",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"\b(?:i|i'm|im|i've|me|my|myself|we|us|our)\b", re.IGNORECASE)


def topic_of(text: str) -> Topic | None:
    """Returns which of the topics a message is about; None where it is about something else.

    They are its own privacy, being forgotten, distress, Beagle's `instructions`, its `deeds` (what
    it did with a request), and an `errand` that it cannot run. A text that somebody else wrote
    about such things, or a question for a rule, is none: only what is said in the first person
    counts as distress.
    """
    if len(text) > MAX_CHARS:
        return None

    plain = normalise(text)
    if _FORGET.match(plain):
        return "forget"
    if _PRIVACY.match(plain):
        return "privacy"

    is_own = _SPEAKER.search(plain) is not None and _DEVICE.search(plain) is None
    if is_own and speaks_of_distress(plain):
        return "distress"

    return _about_the_bot(_order_alone(plain))


def speaks_of_distress(text: str) -> bool:
    """Returns whether the text names harassment, despair, a death or the like."""
    return _DISTRESS.search(text) is not None


def _about_the_bot(order: str) -> Topic | None:
    if attacks_instructions(order):
        return "instructions"
    if asks_what_was_done(order):
        return "deeds"

    return "errand" if is_errand(order) else None


def _order_alone(text: str) -> str:
    """Returns the message without the text that it wants something done with."""
    for part in split_order(text, MIN_MATERIAL_WORDS):
        if part.is_marked:
            return part.order

    return text
