"""Workplace words for the same thing: a question is read in the words that the passages use.

One company's handbook says "trial time" where its people ask about their probation. The vectors of
words do not know that, so groups of such words are listed here, as a search engine's synonyms are.
Only a word that no passage holds is replaced, and only by one that a passage does hold: where the
documents have the asker's own word, nothing changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from router.index import Hit

MAX_CHARS = 6000
"""So much of a passage is read."""
_GROUPS = """
probation period|probation|trial time|trial period
sev|severity|level
christmas eve|24 December
between christmas and new year|between 24 December and 1 January
christmas|xmas|25 December
new year's eve|31 December
new year's day|new years day|1 January
annual leave|vacation|pto|paid time off|holiday
human resources|hr|people team|people operations|personnel department
it department|it support|it team|helpdesk|help desk|desk team|service desk
maternity leave|paternity leave|parental leave|baby leave
having a baby|have a baby|expecting a baby|getting a baby|becoming a father|becoming a mother|\
becoming a dad|becoming a mum|becoming a parent|newborn|parental leave
expenses|claim back|get back the money for|get my money back for|get reimbursed for|reimbursement|\
reimbursed
referral|recommend|recommended
doctor's note|doctors note|sick note|medical certificate|doctor's certificate
sick|ill
kid|kids|child
work remotely|remote work|wfh|home office|work from home|working from home
from abroad|abroad|another country
salary|wage|wages|pay
paycheck|pay slip|pay day
roster|shift plan|duty plan|rota
hand in my notice|quit my job|resign|resignation|notice period|end the contract
appraisal|performance talk|performance review
merge request|pull request|code review|request for review
outage|downtime|incident
monitor|display|screen
macbook|notebook|laptop
key card|keycard|access card|badge
cell phone|cellphone|smartphone|mobile|phone
new starter|new hire|new joiner|new colleague
day one|first day
training budget|education budget|learning budget|budget for books|courses and conferences
daily allowance|per diem|meals on a trip
guest|guests|visitor|visitors
what to wear|outfit|dress code
reception|front desk
flatmate|roommate
lift|elevator
overtime|extra hours
bike|bicycle
working hours|core hours|office hours
"""


def with_words_of(hits: Iterable[Hit], question: str) -> str:
    """Returns the question with its workplace words replaced by those of these passages."""
    texts: list[str] | None = None
    read = question
    for others, phrase in _phrases():
        match = phrase.search(read)
        if match is None:
            continue
        if texts is None:
            texts = [f"{hit.title}\n{hit.body[:MAX_CHARS]}".casefold() for hit in hits]
        if _is_held(match.group(), texts):
            continue

        held = next((other for other in others if _is_held(other, texts)), None)
        if held is not None:
            read = f"{read[: match.start()]}{held}{read[match.end() :]}"

    return read


def _is_held(phrase: str, texts: Iterable[str]) -> bool:
    pattern = _held_pattern(phrase.casefold())
    return any(pattern.search(text) is not None for text in texts)


@cache
def _phrases() -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """Returns each phrase as a pattern, with the others of its group; the longest first."""
    listed: list[tuple[tuple[str, ...], str]] = []
    for line in _GROUPS.replace("\\\n", "").strip().splitlines():
        group = tuple(line.split("|"))
        listed += [(tuple(one for one in group if one != phrase), phrase) for phrase in group]

    listed.sort(key=lambda pair: -len(pair[1]))
    return tuple(
        (others, re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE))
        for others, phrase in listed
    )


@cache
def _held_pattern(phrase: str) -> re.Pattern[str]:
    """Returns the pattern of a phrase in a text; its last word may have an ending."""
    words = [re.escape(word) for word in phrase.split()]
    return re.compile(r"\b" + r"\s".join(words) + r"(?:s|es|ed)?\b")
