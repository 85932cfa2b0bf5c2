"""Messages that get one line that was written for them, because no route can answer them.

They are about Beagle's own handling of data, its instructions or its deeds, they order what only
people can do, or somebody is in distress: a menu of routes would be no answer to any of these.
"""

from __future__ import annotations

import re
from typing import Literal

from router.speech.errands import asks_what_was_done, is_errand, wants_reminder
from router.speech.instruction_attacks import attacks_instructions
from router.text.normalise import normalise
from router.text.order import split_order

Topic = Literal[
    "privacy", "forget", "human", "distress", "instructions", "deeds", "errand", "reminder"
]
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
_HUMAN = re.compile(
    r"(?:(?:hi|hey|hello|please|pls|no|ok|just|sorry) ){0,3}"
    r"(?:(?:i|we) (?:really |just )?(?:want|wanna|need|would like)|i'd like|can i|could i|"
    r"may i|let me|is it possible|how (?:do|can) i|get me|give me|connect me|put me through|"
    r"transfer me)?(?: (?:please|just|to|with|speak|talk|chat|get|hold|of|connected|through"
    r")){0,6} ?(?:a|an|some|any)? ?(?:real |actual |live |proper )?"
    r"(?:human|human being|person|real people|agent|human agent|operator|human operator)"
    r"(?: (?:please|pls|instead|here|now|today|directly|(?:i|we) can (?:talk|speak) to))*[ .!?]*",
    re.IGNORECASE,
)
"""The whole message: who wants something of a person beside that says what it is about."""
_CLOSES = (
    r"(?=[.,;:!?)]|\Z| (?:and|but|so|or|like|any ?more|in front|in (?:every )?meetings?|at work|"
    r"again|all|every|when|because|last|this|today|yesterday|now|recently|to|much)\b)"
)
"""The word before it has nothing behind it that it describes: no "cancer screening"."""
_RELATION = (
    r"(?:mum|mom|mother|mama|dad|father|papa|parents|wife|husband|partner|spouse|fianc\u00e9e?|"
    r"girlfriend|boyfriend|child|son|daughter|baby|brother|sister|grand(?:ma|pa|mother|father|son|"
    r"daughter|parents)|granny|gran|uncle|aunt|cousin|niece|nephew|step(?:mother|father|son|"
    r"daughter|brother|sister)|(?:mother|father|brother|sister)-in-law|friend)"
)
_MOURNED = rf"(?:{_RELATION}|colleague|co-?worker|team ?mate|neighbou?r|dog|cat)"
_PERSON = (
    r"(?:he|she|they|somebody|someone|(?:my|our|a|the|this) (?:\w{1,20} )?(?:boss|manager|"
    r"colleagues?|co-?workers?|team ?mates?|supervisor|lead|customer|client|man|guy|woman))"
)
_REMARKS = r"(?:comments?|jokes?|remarks?)"
_UNSEEMLY = (
    rf"(?:(?:inappropriate|indecent|lewd|creepy) (?:\w{{1,20}} )?(?:{_REMARKS}|messages?|"
    rf"behaviou?r)|unwanted (?:\w{{1,20}} )?{_REMARKS})"
)
_BURNT = (
    r"(?:(?:so|totally|completely|really|just|nearly|almost|pretty|very|quite|feeling|getting|"
    r"being|all) ){0,2}?burn(?:ed|t|ing)?[ -]?out"
)
_DISTRESS = re.compile(
    r"\b(?:harass\w*|bull(?:y|ies|ied|ying)|mobb(?:ed|ing)|discriminat\w+ against me|"
    r"(?:sexist|racist|homophobic)\b|grop\w+|threaten(?:s|ed|ing) me|touch(?:es|ed|ing) me|"
    r"humiliat\w+ me|burn-?out|(?:i'm|im|we're|(?:i|we) (?:\w{1,20} )?(?:am|are|was|were|feel|felt|"
    rf"get|got|been|will|is)|i|we|feel(?:ing)?) {_BURNT}(?! (?:the|a|an|my|our|two|three|\d+)\b)|"
    r"depress(?:ed|ion)|suicid\w+|kill myself|"
    r"end my life|hurt myself|(?:want|wanna|wish) to die|(?:wish|better if) i (?:was|were) dead|"
    r"(?:don't|dont|do not) want to (?:live(?! (?:in|at|near|here|there))|be alive|"
    r"wake up)\b|no (?:reason|will) to live|"
    r"panic attacks?|nervous breakdown|at the end of my (?:rope|tether)|"
    r"(?:i|we) (?:just |really |simply )?can(?:'t|not|t| not) (?:stop crying|(?:go on|cope"
    r"(?: with (?:it|this|everything|life|(?:the |all the )?(?:stress|pressure|workload)))?|"
    rf"take (?:it|this) any ?more|do this any ?more){_CLOSES})|"
    r"(?:don't|dont|do not) know (?:if|how|whether) (?:i|we) (?:can |could |will |should )?"
    rf"(?:\w{{1,20}} )?(?:go on|keep going|carry on|cope|keep this up|hold out)"
    rf"(?: like this| any ?more| (?:much|any) longer)?{_CLOSES}|"
    rf"(?:i am|i'm|im|i feel) (?:\w{{1,20}} )?stressed(?: out)?{_CLOSES}|"
    r"(?:i am|i'm|im|feel) (?:\w{1,20} )?(?:overwhelmed|desperate|hopeless|exhausted all the time)|"
    rf"(?:(?:my|our) (?:\w{{1,20}} ){{0,2}}?{_MOURNED}|my (?:boss|manager|team lead)) "
    r"(?:(?-i:[A-Z][a-z]{1,20}) )?(?:(?:has|have|had|just|suddenly|recently|unexpectedly) ){0,2}?"
    rf"(?:died|passed away|was killed|is dying)|miscarriage|(?:lost|losing) my (?:best )?"
    rf"{_RELATION}{_CLOSES}|"
    rf"{_REMARKS} (?:\w{{1,20}} ){{0,2}}?about my (?:body|looks?|breasts?|chest|legs|"
    r"skin(?: colou?r)?|weight|(?:\w{1,20} )?accent|religion|gender|sexuality|appearance|"
    rf"disability|clothes|age|hair|origin){_CLOSES}|"
    rf"{_PERSON} (?:\w{{1,20}} ){{0,3}}?(?:makes?|made|making|sends?|sent|sending|tells?|told|"
    rf"writes?|posts?) (?:\w{{1,20}} ){{0,2}}?{_UNSEEMLY}|"
    rf"{_UNSEEMLY} (?:\w{{1,20}} ){{0,2}}?(?:from|by|of) {_PERSON}|unwanted advances|"
    r"sexual(?:ly)? (?:comments?|jokes?|remarks?|advances|assault\w*)|"
    r"(?:yell|scream|shout|swear)(?:s|ed|ing)? at me|(?:stalk|follow)(?:s|ed|ing) me home|"
    r"(?:afraid|scared|terrified) of (?:my|our) (?:\w{1,20} )?(?:boss|manager|colleagues?|lead|"
    rf"supervisor)|{_PERSON} (?:\w{{1,20}} ){{0,4}}?makes? me (?:feel )?(?:\w{{1,20}} )?"
    r"(?:uncomfortable|unsafe)|makes? me feel (?:\w{1,20} )?worthless|"
    r"(?:cry|crying) (?:\w{1,20} ){0,2}?(?:at my desk|at work|in the office|every day|all day|"
    r"every night|myself to sleep)|diagnosed with (?:\w{1,20} )?(?:cancer|a tumou?r|"
    r"leuka?emia|multiple sclerosis)|(?:i have|i've|i've got|have got|i got) (?:\w{1,20} )?"
    rf"(?:cancer|a tumou?r|leuka?emia|multiple sclerosis)(?:{_CLOSES}| since\b))\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:burn(?:ed|t|ing)? out|passed away|bereave\w+|(?:inappropriate|unwanted|indecent|lewd|"
    r"creepy) (?:\w{1,20} )?(?:comments?|jokes?|remarks?|messages?|advances|behaviou?r))\b",
    re.IGNORECASE,
)
"""How a rule names such things, without a person in it who speaks."""
_SPEAKER = re.compile(r"\b(?:i|i'm|im|i've|me|my|myself|we|us|our)\b", re.IGNORECASE)


def topic_of(text: str) -> Topic | None:
    """Returns which of the topics a message is about; None where it is about something else.

    They are its own privacy, being forgotten, a wish for a `human`, distress, Beagle's
    `instructions`, its `deeds` (what it did with a request), an `errand` that it cannot run, and a
    `reminder`. A text that somebody else wrote about such things, or a question for a rule, is
    none: only what is said in the first person counts as distress.
    """
    if len(text) > MAX_CHARS:
        return None

    plain = normalise(text)
    if _FORGET.match(plain):
        return "forget"
    if _PRIVACY.match(plain):
        return "privacy"
    if _HUMAN.fullmatch(plain):
        return "human"

    if _SPEAKER.search(plain) is not None and _DISTRESS.search(plain) is not None:
        return "distress"

    return _about_the_bot(_order_alone(plain))


def speaks_of_distress(text: str) -> bool:
    """Returns whether a rule, or a person, names harassment, despair, a death or the like."""
    return _DISTRESS.search(text) is not None or _NAMED.search(text) is not None


def _about_the_bot(order: str) -> Topic | None:
    if attacks_instructions(order):
        return "instructions"
    if asks_what_was_done(order):
        return "deeds"

    if wants_reminder(order):
        return "reminder"

    return "errand" if is_errand(order) else None


def _order_alone(text: str) -> str:
    """Returns the message without the text that it wants something done with."""
    for part in split_order(text, MIN_MATERIAL_WORDS):
        if part.is_marked:
            return part.order

    return text
