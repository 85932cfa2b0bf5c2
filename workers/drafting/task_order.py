"""Finds what an admin's description has Beagle do, apart from how it shall answer.

Only that may be worded as a request: nobody asks to "leave out what the message does not say".
"""

from __future__ import annotations

import re

from router.text.redact import plain_words
from workers.drafting.sentences import NO_ORDERS, ORDERS

MIN_ORDER_WORDS = 2
MAX_ORDER_WORDS = 16
_SENTENCE_END = re.compile(r"(?<![.;!?])[.;!?]++(?: |$)|\n")
_LEAD = re.compile(
    r"(?:[-*•] *|\d\d?[.)] *)?+(?:please,? +)?+"
    r"(?:(?:we|i) (?:want|need|would like) (?:beagle|it|you|the (?:assistant|bot)) to +"
    r"|(?:beagle|it|you|the (?:assistant|bot)) (?:should|must|shall|has to|is to|can|will) +)?+",
    re.IGNORECASE,
)
# What follows belongs to the answer: details to collect, a condition, its length, its form.
_ASIDE = re.compile(
    r"[,:;(–—]| (?:but|without|when|if|unless|so that|using|and (?:then )?(?:always|never|do|"
    r"don['’]t|keep|make sure|ask|tell|say|add|mention|give|leave|use|only))\b"
    r"| (?:in|with|as) (?:(?:at most|no more than|a|an|one|two|three|four|five|\d{1,3}|the|plain|"
    r"simple|short|few|clear) ){1,3}(?:lines?|sentences?|words?|paragraphs?|points?|language|form)"
    r"\b",
    re.IGNORECASE,
)
OF_THE_ANSWER = frozenset({"always", "never", "only", "not", "don't", "dont", "they", "them"})
"""Words of a rule, and words for those who ask: a person who asks would use neither."""
INPUT_WORDS = frozenset({"message", "request", "question", "answer", "reply", "asker", "user"})
"""What Beagle is given or gives: a person who asks does not call their own text so."""
PEOPLE = frozenset({"people", "customers", "colleagues", "employees", "their"})
NO_OBJECTS = frozenset({"it", "this", "that", "these", "those", "what", "whatever"})
"""They stand for something said before, so an order of them alone asks for nothing."""


def task_order(task: str) -> str:
    """Returns the order that opens the description, without asides; empty where it opens with none.

    Further sentences are left out: they nearly always say how to answer.
    """
    opening = _SENTENCE_END.split(task.strip(), maxsplit=1)[0]
    order = _LEAD.sub("", opening, count=1)
    order = _ASIDE.split(order, maxsplit=1)[0].strip()
    words = plain_words(order)
    if not MIN_ORDER_WORDS <= len(words) <= MAX_ORDER_WORDS:
        return ""
    if words[0] not in ORDERS or words[0] in NO_ORDERS or words[1] in NO_OBJECTS:
        return ""
    if set(words) & (OF_THE_ANSWER | INPUT_WORDS | PEOPLE):
        return ""

    return order[:1].lower() + order[1:]
