"""Text in, text without what names a person or opens a door out: done before anything is embedded, kept or shown."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rule:
    """What is masked, and by what. Nothing to mask is in a text without its `sign`, and most texts have none."""

    pattern: re.Pattern[str]
    mark: str | Callable[[re.Match[str]], str]
    sign: re.Pattern[str]


MARKS = ("[email]", "[phone]", "[key]", "[card]", "[iban]", "[person]", "[address]", "[number]")
"""What stands where something was masked. No rule below matches a mark: masking twice changes
nothing."""

_LINK_SECRET = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@<>|]+@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"([?&#](?:access_?token|api_?key|auth|code|key|pass(?:word)?|pwd|secret|sig(?:nature)?|token|x-amz-[a-z-]+)=)"
    r"(?!\[key\])[^\s&#<>|]+",
    re.IGNORECASE,
)
_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_WEBHOOK = re.compile(r"https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/-]+")
_KEYS = re.compile(
    r"(?<![\w-])(?:"
    r"xox[a-z](?:\.xox[a-z])?-[\w.-]{6,}"  # Slack: bot, user, legacy, refresh, configuration
    r"|xapp-[\w-]{6,}"
    r"|(?:sk|pk|rk)-(?:proj-|ant-|or-|svcacct-|admin-)?[\w-]{16,}"  # OpenAI, Anthropic, OpenRouter
    r"|(?:sk|pk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{12,}"  # Stripe
    r"|(?:gh[a-z]_|github_pat_)\w{16,}"
    r"|gl[a-z]{2,5}-[\w-]{16,}"  # GitLab
    r"|(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{12,}"  # AWS
    r"|AIza[\w-]{30,}|ya29\.[\w.-]{16,}"  # Google
    r"|(?:hf|npm|dop_v1|shpat|shpss|lin_api|figd|dckr_pat|pypi|r8|gsk|xai|pplx|tvly|ntn|secret|nvapi|fc)[_-][\w-]{16,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}"  # SendGrid
    r"|(?:AC|SK)[0-9a-f]{32}"  # Twilio
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a JSON Web Token
    r")"
)
_ASSIGNED = re.compile(
    r"\b((?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[ _-]?key|access[ _-]?key|auth[ _-]?key|private[ _-]?key"
    r"|client[ _-]?secret|secret[ _-]?access[ _-]?key|pin)\"?\s*(?:[:=]|\bis\b)\s*[\"'`]?)(?!\[)"
    r"(?=[^\s\"'`]*[\d!@#$%^&*+/=_-])[^\s\"'`,;]{4,}",
    re.IGNORECASE,
)
_BEARER = re.compile(
    r"\b((?:bearer|basic)\s+)(?!\[)(?=[\w.~+/-]*[\d.=+/])[\w.~+/-]{12,}=*", re.IGNORECASE
)
_RANDOM = re.compile(
    r"(?<![\w/.-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d[\w+/-]*\d)[A-Za-z0-9_+/-]{28,}={0,2}"
    r"|(?<![\w-])[0-9a-fA-F]{32,}(?![\w-])"
)
_EMAIL = re.compile(
    r"(?:mailto:)?[\w.+%&'*/=?^{}~-]+\s?(?:@|\(at\)|\[at\]|\s+at\s+(?=[\w-]+\s+dot\s))\s?[\w-]+(?:(?:\.|\s+dot\s+)[\w-]+)+"
)
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>|<mailto:[^>]*>|<tel:[^>]*>")
_HANDLE = re.compile(r"(?<![\w@/.])@(?!here\b|channel\b|everyone\b|beagle\b)[A-Za-z][\w.-]*\w")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b")
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){5,7}[0-9a-fA-F]{1,4}(?![\w:])"
)
_SOCIAL = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_TIME = re.compile(
    r"(?<![\d.-])(?:(?:1[89]|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:(?:1[89]|20)\d\d|\d\d)"
    r"|(?:[01]?\d|2[0-3])[:.][0-5]\d|(?:1[6-9]|20)\d\d)(?![\d])"
)
_DIGITS = re.compile(
    r"(?<![\w$€£.,/:-])(?:\+|00)?\(?\d(?:[ ().\u2011\u2013/-]{0,3}\d){6,24}(?![\w])"
)
_SAID = re.compile(
    r"\b((?:my name is|my name's|name is|name:|named|called|this is|i am|i'm|regards,?|cheers,?|thanks,?|signed,?)\s+)"
    r"((?-i:[A-Z][\w'’-]+)(?:\s+(?-i:[A-Z][\w'’-]+)){0,2})",
    re.IGNORECASE,
)
_GREETING = (
    r"\b((?:hi|hey|hello|hiya|dear|good (?:morning|afternoon|evening))(?: there)?,? )"
    r"((?-i:[A-Z][^\W\d_]+)(?:['’ -](?-i:[A-Z][^\W\d_]+)){0,2})(?![\w\]])"
)
_GREETED = re.compile(rf"{_GREETING}(?=\s*(?:[,!.:;\u2013\u2014]|$))", re.IGNORECASE | re.MULTILINE)
_GREETED_SOMEHOW = re.compile(_GREETING, re.IGNORECASE)
_ALL = "Team All Everyone Everybody Folks There Guys Friends People Support World Again Beagle"
_EVERYBODY = frozenset(_ALL.split())
_TITLED = re.compile(
    r"\b((?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Herr|Frau|Monsieur|Madame|Señora?|Sir)\.?\s+)((?:[A-Z][\w'’-]+)(?:\s+[A-Z][\w'’-]+)?)"
)
_WORD = r"[A-Z][^\W\d_]+(?:['’-][^\W\d_]+)*"
_CAPITAL = re.compile(rf"(?<![\w@\[]){_WORD}(?![\w\]])")
_SURNAMES = re.compile(
    rf"(?:\s+(?:(?:van|von|de|der|den|di|da|del|al|bin|la|le)\s+)*(?:[A-Z]\.|{_WORD})(?![\w\]]))+"
)
_PAIR = re.compile(rf"(?<=[^\W_] )(?<![.!?:] ){_WORD}(?: {_WORD}){{1,2}}(?![\w\]])")
_ALSO_WORDS = """
Will Mark May Rose Bill Grace Hope Art Frank Jack Drew Chase Pat Rob Sue June April August Summer Autumn Joy Faith Guy
Dean Max Ray Gene Grant Miles Pierce Reed Wade Dale Cliff Clay Glen Heath Iris Ivy Jasmine Lily Olive Pearl Ruby Amber
Crystal Dawn Eve Christian Jordan Chelsea Paris London Sydney Austin Dallas Houston Madison Charlotte Virginia Georgia
Carolina Florence Victoria Israel Chad China India Holly Daisy Violet Sage Carol Melody Robin Jay Rich Don Sky Angel
Major Duke Earl King Prince Mercy Honor Star Skip Buck Buddy Chance Chip Colt Dusty Ford Hunter Lane Lance
"""
_AMBIGUOUS = frozenset(_ALSO_WORDS.split())


def redact(text: str, names: Iterable[str] = ()) -> str:
    """The text with personal data and secrets replaced by marks such as `[email]`; doing it twice changes nothing.

    Masked are: e-mail and IP addresses, phone, card and bank account numbers, keys and passwords in
    their usual shapes, credentials inside links, Slack mentions, and names of people: those handed
    in, common given names with what follows them, whoever introduces themselves, and who is greeted
    ("Hi …,"). A rare name elsewhere can stay: `redact_to_show` is for what people other than the
    author will read.
    """
    return _settled(text, lambda once: _names(_structured(once), frozenset(names)))


def redact_to_show(
    text: str, names: Iterable[str] = (), *, usual: frozenset[str] | None = None
) -> str:
    """As `redact`, and stricter, for examples: capitalised words in a row or after a greeting are taken for a name.

    With `usual` (lower-case words that enough different people wrote) each other word and each
    number becomes `[…]`, so that nothing in an example points at one person.
    """
    known = frozenset(names)
    shown = _settled(
        text, lambda once: _PAIR.sub("[person]", _all_greeted(_names(_structured(once), known)))
    )

    return shown if usual is None else _only_usual(shown, usual)


def words(text: str) -> list[str]:
    """The lower-case words and numbers of a text, marks left out: what `usual` is counted in."""
    return [word.lower() for word in _TOKEN.findall(text) if word[0] != "["]


_TOKEN = re.compile(r"\[[^\]\s]{1,12}\]|[^\W_]+(?:['’][^\W_]+)*")
_HIDDEN = "[…]"
SHORTEST = 5
"""Digits that must be left, dates and times apart, before a run of them is a number that belongs
to somebody."""


def _only_usual(text: str, usual: frozenset[str]) -> str:
    def keep(found: re.Match[str]) -> str:
        word = found.group()
        return word if word in MARKS or word == _HIDDEN or word.lower() in usual else _HIDDEN

    return re.sub(r"(?:\[…\][\s,.'’/-]*){2,}", f"{_HIDDEN} ", _TOKEN.sub(keep, text)).strip()


def _settled(text: str, once: Callable[[str], str]) -> str:
    """Applied until nothing changes. Every change removes a match and marks never match, so that it ends."""
    while (after := once(text)) != text:
        text = after

    return text


def _digits(found: re.Match[str]) -> str:
    """A long run of digits is a card where its check digit says so, else a phone number; dates and versions stay."""
    text, digits = found.group(), re.sub(r"\D", "", found.group())
    if len(re.sub(r"\D", "", _TIME.sub(" ", text))) < SHORTEST and text[0] not in "+(":
        return text
    if 13 <= len(digits) <= 19 and _luhn(digits):
        return "[card]"

    if len(digits) <= 15 and (
        text[0] in "+(0"
        or re.search(r"\d[ ().\u2011\u2013-]+\d", text)
        or len(digits) in (7, 10, 11)
    ):
        return "[phone]"

    return "[number]"


def _luhn(digits: str) -> bool:
    total = sum(
        int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10))
        for i, d in enumerate(reversed(digits))
    )
    return total % 10 == 0


_DIGIT, _AT, _CAPITAL_LETTER = re.compile(r"\d"), re.compile("@"), re.compile("[A-Z]")
_LONG, _LONGER = re.compile(r"\S{11}"), re.compile(r"\S{28}")

RULES = (
    Rule(_PEM, "[key]", re.compile("-----BEGIN ")),
    Rule(_WEBHOOK, "[key]", re.compile("https://hooks")),
    Rule(_LINK_SECRET, r"\1", re.compile("://")),
    Rule(_PARAMETER, r"\1[key]", re.compile("=")),
    Rule(_MENTION, "[person]", re.compile("<")),
    Rule(_KEYS, "[key]", _LONG),
    Rule(_BEARER, r"\1[key]", _LONG),
    Rule(_EMAIL, "[email]", re.compile(r"@|\(at\)|\[at\]|\sdot\s")),
    Rule(_ASSIGNED, r"\1[key]", re.compile(r"[\d!@#$%^&*+/=_-]")),
    Rule(_IBAN, "[iban]", _DIGIT),
    Rule(_RANDOM, "[key]", _LONGER),
    Rule(_ADDRESS, "[address]", re.compile(r"[\d:]")),
    Rule(_SOCIAL, "[number]", _DIGIT),
    Rule(_DIGITS, _digits, _DIGIT),
    Rule(_HANDLE, "[person]", _AT),
    Rule(_TITLED, r"\1[person]", _CAPITAL_LETTER),
)


def _structured(text: str) -> str:
    for rule in RULES:
        if rule.sign.search(text):
            text = rule.pattern.sub(rule.mark, text)

    return text


def _names(text: str, names: frozenset[str]) -> str:
    for pattern in _handed_in(names):
        text = pattern.sub("[person]", text)

    if not _CAPITAL_LETTER.search(text):
        return text

    given = given_names()
    text = _SAID.sub(lambda found: _introduced(found, given), text)
    text = _GREETED.sub(_greeted, text)
    parts, end = [], 0

    for found in _CAPITAL.finditer(text):
        if found.start() < end or not _is_name(found, text, given):
            continue

        after = _SURNAMES.match(text, found.end())
        parts += [text[end : found.start()], "[person]"]
        end = after.end() if after else found.end()

    return "".join([*parts, text[end:]])


def _all_greeted(text: str) -> str:
    return _GREETED_SOMEHOW.sub(_greeted, text)


def _greeted(found: re.Match[str]) -> str:
    """Who is greeted by one word in capitals, or as everybody, is no person."""
    name = found.group(2)
    return found.group() if name in _EVERYBODY or name.isupper() else f"{found.group(1)}[person]"


def _introduced(found: re.Match[str], given: frozenset[str]) -> str:
    """After "my name is" any capitalised word is a name; after "this is" or "thanks" only a known one."""
    sure = "name" in found.group(1).lower()
    return (
        f"{found.group(1)}[person]" if sure or found.group(2).split()[0] in given else found.group()
    )


def _is_name(found: re.Match[str], text: str, given: frozenset[str]) -> bool:
    word = found.group().removesuffix("'s").removesuffix("’s")
    if word not in given:
        return False

    followed = _SURNAMES.match(text, found.end()) is not None
    return followed or word not in _AMBIGUOUS


@functools.lru_cache(maxsize=8)
def _handed_in(names: frozenset[str]) -> tuple[re.Pattern[str], ...]:
    """Patterns for the names that a workspace's list tells, longest first.

    A name of several words counts in any case. A single one counts when it is written with a
    capital, and never when it is also an everyday word, or every "will" and "mark" would go.
    """
    known = {" ".join(name.split()) for name in names}
    several = sorted((name for name in known if " " in name), key=lambda name: (-len(name), name))
    single = sorted(
        {name[0].upper() + name[1:] for name in known if " " not in name and len(name) > 2}
        - _AMBIGUOUS,
        key=lambda name: (-len(name), name),
    )

    groups = ((several, re.IGNORECASE), (single, re.NOFLAG))
    return tuple(
        re.compile(rf"(?<![\w\[])(?:{'|'.join(map(re.escape, group))})(?![\w\]])", flag)
        for group, flag in groups
        if group
    )


@functools.cache
def given_names() -> frozenset[str]:
    """Common given names of many languages, capitalised; they come with Beagle."""
    found = json.loads(Path(__file__).with_name("given_names.json").read_text("utf-8"))
    return frozenset(str(name) for name in found)
