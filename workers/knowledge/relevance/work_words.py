"""Workplace words for the same thing: a question is read in the words that the passages use.

One company's handbook says "trial time" where its people ask about their probation. The vectors of
words do not know that, so groups of such words are listed here, as a search engine's synonyms are.
Only a word that no passage holds is replaced, and only by one that a passage does hold: where the
documents have the asker's own word, nothing changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from router.index import Hit

MAX_CHARS = 6000
"""So much of a passage is read."""
ENDINGS = ("", "s", "es", "ed")
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
    for phrase, others in _phrases():
        start = _place_of(phrase, read.lower(), ENDINGS[:1])
        # A few letters change their number in lower case, and with it every place behind them.
        if start < 0 or len(read.lower()) != len(read):
            continue
        if texts is None:
            texts = [_on_one_line(f"{hit.title} {hit.body[:MAX_CHARS]}".lower()) for hit in hits]
        if _is_held(phrase, texts):
            continue

        held = next((other for other in others if _is_held(other, texts)), None)
        if held is not None:
            read = f"{read[:start]}{held}{read[start + len(phrase) :]}"

    return read


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _is_held(phrase: str, texts: Iterable[str]) -> bool:
    return any(_place_of(phrase.lower(), text, ENDINGS) >= 0 for text in texts)


def _place_of(phrase: str, text: str, endings: Collection[str]) -> int:
    """Returns where the phrase stands as words, its last one with an ending; -1 if nowhere."""
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        is_begin = start == 0 or not text[start - 1].isalnum()
        for ending in endings:
            behind = text[end + len(ending) : end + len(ending) + 1]
            if is_begin and text.startswith(ending, end) and not behind.isalnum():
                return start

        start = text.find(phrase, start + 1)

    return -1


@cache
def _phrases() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Returns each phrase with the others of its group, the longest phrases first."""
    listed: list[tuple[str, tuple[str, ...]]] = []
    for line in _GROUPS.replace("\\\n", "").strip().splitlines():
        group = tuple(line.split("|"))
        for phrase in group:
            listed.append((phrase.lower(), tuple(one for one in group if one != phrase)))

    return tuple(sorted(listed, key=lambda pair: -len(pair[0])))
