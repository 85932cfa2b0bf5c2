"""Finds facts of a few clear kinds in a message: references, times, amounts, groups and people.

By their shape alone and without a model, so that a form can be compared with its message. What is
not surely a fact is none: "today", "two of us" and "everybody" are left to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from router.text.person_names import find_people

FactKind = Literal["reference", "time", "amount", "group", "person", "name"]
"""A `person` is named in full, or by what they have to do with it; a `name` alone says little."""
MAX_WORDS = 60
"""A longer message is a text, of which a form is a choice: only its references are facts."""
MAX_FACTS = 100
"""Places that are looked at; a list of more numbers is no message for a form."""

_LABELS = (
    "account|acct|invoice|ticket|case|customer|contract|policy|claim|reference|ref|room|extension|"
    "ext|phone|serial|badge|error|cost cent(?:er|re)|po|booking|parcel|tracking|shipment|employee|"
    "licence|license|model|batch|flight|gate|seat|desk|hall|station|building|version|build|release"
)
_NUMBER_WORD = r"(?: (?:number|no\.?|nr\.?|id|code|#):?)"
_CODE = r"(?:#?(?-i:[A-Z]{0,4})[-/.]?\d[\w./-]{0,20}\w|#?\d)"
"""A number, or digits with letters and signs between them."""
_REFERENCE = re.compile(
    rf"\b(?:{_LABELS}){_NUMBER_WORD}?(?: is|:)? ?{_CODE}\b(?! ?%)"
    # An order may be a wish: "order 3 desks".
    rf"|\border(?:{_NUMBER_WORD}(?: is|:)? ?{_CODE}| #?\d[\d-]{{3,20}})\b"
    r"|\b(?-i:[A-Z]{2,6})-\d{2,10}\b"
    r"|[\w.+-]{1,40}@[\w-]{1,40}\.[\w.-]{0,40}\w"
    r"|\+\d(?:[ -]?\d){6,14}\b",
    re.IGNORECASE,
)

_DAY = (
    r"(?:(?:next|this|last) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day(?!['’\w])"
    r"(?: (?:morning|noon|afternoon|evening|night)\b| the \d{1,2}(?:st|nd|rd|th)\b)?"
)
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|(?-i:Mar)|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|(?-i:May|March))"
)
_DAY_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"{_DAY_NUMBER}(?: ?(?:-|–|to|until|till|and) ?{_DAY_NUMBER})?(?: of)? "
    rf"(?:{_MONTH}|may|march)\b(?: \d{{4}}\b)?"
    rf"|{_MONTH} {_DAY_NUMBER}(?![:\w])(?:,? \d{{4}}\b)?|\d{{4}}-\d\d-\d\d\b"
)
_CLOCK = r"\d{1,2}:\d\d(?: ?[ap]m\b)?|\d{1,2} ?[ap]m\b"
_MOMENT = rf"(?:{_DAY}|{_DATE}|{_CLOCK})"
_LEAD = r"(?:(?:since|from|until|till|to|by|before|after|(?:back )?(?:on|at|in)|back) )"
_TIME = re.compile(
    rf"(?<![\w:.\[-])(?<!\bthe )(?<!\bnot )(?<!\bthat )(?:between {_MOMENT} and {_MOMENT}"
    rf"|{_LEAD}?{_MOMENT}(?:(?:,? | at |, at | ?[-–] ?){_MOMENT}){{0,2}})",
    re.IGNORECASE,
)

_UNITS = (
    "eur|euro|usd|gbp|chf|percent|people|staff|kg|km|gb|tb|hour|hrs?|minute|mins?|day|week|month|"
    "year"
)
_VERBS = "gets|stays|was|has|does|shows|goes|needs|comes|runs|fails|stops|starts|ends|opens|times"
_COUNTED = rf"(?!(?:{_VERBS})\b)(?:{_UNITS}|[a-z]{{3,20}}s)\b"
_AMOUNT = re.compile(
    r"(?<![\w.,:/+-])(?:[$€£] ?\d(?:[\d.,]{0,12}\d)?(?:k\b)?"
    r"|\d(?:[\d.,]{0,12}\d)? ?(?:[$€£%](?!\w)"
    rf"|(?:(?:new|more|other|extra|open|old|(?-i:[A-Z]{{2,8}})) )?{_COUNTED}))",
    re.IGNORECASE,
)

_PEOPLE = "customer|user|client|guest|visitor|member|colleague|employee|patient|supplier"
_PLACES = "team|office|department|site|floor|building|branch|warehouse|region|company|shop|store"
_DEPARTMENTS = (
    "(?:sales|finance|accounts|accounting|marketing|support|logistics|engineering|operations|"
    "production|purchasing|legal|hr|(?-i:IT))"
)
_ANY = r"(?: [\w-]{2,20}){0,2} "
_WHERE = r"(?:in|from) (?:the )?(?-i:[A-Z])\w{1,20}(?: (?-i:[A-Z])\w{1,20})?"
_GROUP = re.compile(
    rf"\b(?:(?:all|half)(?: (?:of|the|our|my|your)){{0,2}}{_ANY}(?:{_PEOPLE}|{_PLACES})e?s"
    rf"|(?:the )?(?:every|each|whole|entire){_ANY}(?:{_PEOPLE}|{_PLACES}))\b(?: {_WHERE}\b)?"
    rf"|\b(?:{_PEOPLE})s {_WHERE}\b"
    r"|\b(?:nobody|no one|everybody|everyone) (?:in|at|from) (?:the |our )?"
    rf"(?:[\w-]{{2,20}}{_ANY}(?:{_PLACES})|{_DEPARTMENTS}|(?-i:[A-Z])\w{{1,20}})\b",
    re.IGNORECASE,
)

_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Mx)\.? [A-Z][\w'’-]{1,30}(?: [A-Z][\w'’-]{1,30})?")

_ROLE = re.compile(
    r"\b(?:for|by|to|give|ask|ping|starter|intern|colleague|customer|client|manager) \Z",
    re.IGNORECASE,
)
_ROLE_AFTER = re.compile(
    r" (?:has |have )?(?:approve|agree|confirm|sign|cover|take|fill|hold|replace)(?:s|d|ed)?\b"
)

_GREETED = re.compile(
    r"(?:\A|[^\w ] ?)(?:hi|hey|hello|hiya|dear|(?:good )?(?:morning|afternoon|evening)|"
    r"thanks|thank you|thx|sorry|cheers|(?:best|kind )?regards|best)(?: there)?[,!.]?\s{1,3}\Z",
    re.IGNORECASE,
)
GREETING_CHARS = 40
_SIGNATURE_END = re.compile(r"(?: [A-Z]\b\.?)?(?:, [^.!?\n]{1,40})?[ .!]{0,3}\Z")
"""What is behind a name at the very end: "Stuart M, field service"."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact in the message's own words."""

    text: str
    kind: FactKind


def find_facts(message: str) -> list[Fact]:
    """Returns the facts of a message in order, each once; of a long text only its references."""
    found: list[tuple[int, int, FactKind]] = []
    for start, end, kind in islice(_places(message), MAX_FACTS):
        # Where two overlap, the first one counts.
        if all(end <= other[0] or other[1] <= start for other in found):
            found.append((start, end, kind))

    facts = [Fact(_one_line(message[start:end]), kind) for start, end, kind in sorted(found)]
    return list({fact.text.casefold(): fact for fact in facts}.values())


def _places(message: str) -> Iterator[tuple[int, int, FactKind]]:
    """Yields where a fact begins and ends, and its kind."""
    for match in _REFERENCE.finditer(message):
        yield *match.span(), "reference"

    if len(message.split()) > MAX_WORDS:
        return

    for match in _TIME.finditer(message):
        yield *match.span(), "time"
    for match in _GROUP.finditer(message):
        yield *match.span(), "group"
    for match in _AMOUNT.finditer(message):
        yield *match.span(), "amount"

    named = [match.span() for match in _TITLED.finditer(message)]
    for start, end in [*named, *find_people(message)]:
        # "Theo's barbecue" is about a barbecue.
        is_owner = message[start:end].endswith(("'s", "’s")) and " " not in message[start:end]
        if not is_owner and not _is_addressed(message, start, end):
            before = message[max(0, start - GREETING_CHARS) : start]
            has_role = _ROLE.search(before) or _ROLE_AFTER.match(message, end)
            is_full = " " in message[start:end]
            yield start, end, "person" if is_full or has_role else "name"


def _one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix("'s").removesuffix("’s")


def _is_addressed(message: str, start: int, end: int) -> bool:
    """Returns whether a name is the reader's or the writer's: "Hi Joanna", "thanks, Omar"."""
    before = message[max(0, start - GREETING_CHARS) : start]
    if _GREETED.search(before):
        return True

    if not message[:start].strip() and message[end : end + 1] in (",", ":"):
        return True

    opens_sentence = before.rstrip(" -–").endswith((".", "!", "?", "\n"))
    return opens_sentence and _SIGNATURE_END.match(message, end) is not None
