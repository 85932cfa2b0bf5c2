"""Patterns of secrets and personal data that can be recognised by their shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedactionRule:
    """What is masked, and what replaces it.

    `hint` is a cheap pattern that occurs in every text which `pattern` matches: most texts do not
    contain it, and then the expensive pattern is not run.
    """

    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]
    hint: re.Pattern[str]


MARKS = ("[email]", "[phone]", "[key]", "[card]", "[iban]", "[person]", "[address]", "[number]")
"""What replaces a masked text. No rule matches a mark, so masking twice changes nothing."""
MIN_DIGITS = 5
"""Digits besides dates and times from which a run of them is a number that belongs to somebody."""

_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_WEBHOOK = re.compile(r"https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/-]+")
_LINK_SECRET = re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s/@<>|]++@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"([?&#](?:access_?token|api_?key|auth|code|key|pass(?:word)?|pwd|secret|sig(?:nature)?|token"
    r"|x-amz-[a-z-]+)=)"
    r"(?!\[key\])[^\s&#<>|]+",
    re.IGNORECASE,
)
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^<>]*)?>|<mailto:[^<>]*>|<tel:[^<>]*>")
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
    # Hugging Face, npm, DigitalOcean, Shopify, Linear, Figma, Docker, PyPI, Replicate and others
    r"|(?:hf|npm|dop_v1|shpat|shpss|lin_api|figd|dckr_pat|pypi|r8|gsk|xai|pplx|tvly|ntn|secret"
    r"|nvapi|fc)[_-][\w-]{16,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}"  # SendGrid
    r"|(?:AC|SK)[0-9a-f]{32}"  # Twilio
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a JSON Web Token
    r")"
)
_BEARER = re.compile(
    r"\b((?:bearer|basic)\s+)(?!\[)(?=[\w.~+/-]*[\d.=+/])[\w.~+/-]{12,}=*", re.IGNORECASE
)
_EMAIL = re.compile(
    r"(?<![\w.+%&'*/=?^{}~-])(?:mailto:)?[\w.+%&'*/=?^{}~-]++"
    r"\s?(?:@|\(at\)|\[at\]|\s+at\s+(?=[\w-]+\s+dot\s))\s?"
    r"[\w-]+(?:(?:\.|\s+dot\s+)[\w-]+)+"
)
_ASSIGNED = re.compile(
    r"\b((?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[ _-]?key|access[ _-]?key"
    r"|auth[ _-]?key|private[ _-]?key|client[ _-]?secret|secret[ _-]?access[ _-]?key|pin)"
    r"\"?\s*(?:[:=]|\bis\b)\s*[\"'`]?)(?!\[)"
    # A password has a digit or a sign in it; "the password is wrong" has none.
    r"(?=[^\s\"'`]{0,64}[\d!@#$%^&*+/=_-])[^\s\"'`,;]{4,}",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b")
# Long strings that mix small and capital letters with digits, and long hexadecimal ones.
_RANDOM = re.compile(
    r"(?<![\w/.+-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=(?:[^\W\d]|[+/-])*+\d(?:[^\W\d]|[+/-])*+\d)"
    r"[A-Za-z0-9_+/-]{28,}={0,2}"
    r"|(?<![\w-])[0-9a-fA-F]{32,}(?![\w-])"
)
# IP addresses, versions 4 and 6.
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
    r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){5,7}[0-9a-fA-F]{1,4}(?![\w:])"
)
# US social security numbers.
_SOCIAL = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_DIGITS = re.compile(
    r"(?<![\w$€£.,/:-])(?:\+|00)?\(?\d(?:[ ().\u2011\u2013/-]{0,3}\d){6,24}(?![\w])"
)
_TIME = re.compile(
    r"(?<![\d.-])(?:(?:1[89]|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:(?:1[89]|20)\d\d|\d\d)"
    r"|(?:[01]?\d|2[0-3])[:.][0-5]\d|(?:1[6-9]|20)\d\d)(?![\d])"
)
_HANDLE = re.compile(r"(?<![\w@/.])@(?!here\b|channel\b|everyone\b|beagle\b)[A-Za-z][\w.-]*\w")
_TITLED = re.compile(
    r"\b((?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Herr|Frau|Monsieur|Madame|Señora?|Sir)\.?\s+)"
    r"((?:[A-Z][\w'’-]+)(?:\s+[A-Z][\w'’-]+)?)"
)


def _mark_for_digits(match: re.Match[str]) -> str:
    """Returns the mark for a long run of digits: a card, a phone number or another number.

    Dates, times and short numbers with a date stay as they are.
    """
    text = match.group()
    digits = re.sub(r"\D", "", text)

    digits_besides_times = re.sub(r"\D", "", _TIME.sub(" ", text))
    if len(digits_besides_times) < MIN_DIGITS and text[0] not in "+(":
        return text
    if 13 <= len(digits) <= 19 and _passes_luhn(digits):
        return "[card]"

    # E.164 phone numbers have at most 15 digits.
    has_phone_prefix = text[0] in "+(0"
    has_groups = re.search(r"\d[ ().\u2011\u2013-]+\d", text) is not None
    has_phone_length = len(digits) in (7, 10, 11)
    if len(digits) <= 15 and (has_phone_prefix or has_groups or has_phone_length):
        return "[phone]"

    return "[number]"


def _passes_luhn(digits: str) -> bool:
    """Returns whether the last digit is the check digit of the Luhn algorithm (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit)
        # Every second digit from the right is doubled; of a two-digit result the digits are added.
        if position % 2 == 1:
            value = sum(divmod(2 * value, 10))
        total += value

    return total % 10 == 0


_A_DIGIT = re.compile(r"\d")
_A_CAPITAL = re.compile("[A-Z]")
_AN_AT_SIGN = re.compile("@")
_ELEVEN_IN_A_ROW = re.compile(r"\S{11}")

# The order matters: a link's password must go before the link looks like an e-mail address, and
# account numbers before any long run of digits.
RULES = (
    RedactionRule(_PEM, "[key]", re.compile("-----BEGIN ")),
    RedactionRule(_WEBHOOK, "[key]", re.compile("https://hooks")),
    RedactionRule(_LINK_SECRET, r"\1", re.compile("://")),
    RedactionRule(_PARAMETER, r"\1[key]", re.compile("=")),
    RedactionRule(_MENTION, "[person]", re.compile("<")),
    RedactionRule(_KEYS, "[key]", _ELEVEN_IN_A_ROW),
    RedactionRule(_BEARER, r"\1[key]", _ELEVEN_IN_A_ROW),
    RedactionRule(_EMAIL, "[email]", re.compile(r"@|\(at\)|\[at\]|\sdot\s")),
    RedactionRule(_ASSIGNED, r"\1[key]", re.compile(r"[\d!@#$%^&*+/=_-]")),
    RedactionRule(_IBAN, "[iban]", _A_DIGIT),
    RedactionRule(_RANDOM, "[key]", re.compile(r"\S{28}")),
    RedactionRule(_ADDRESS, "[address]", re.compile(r"[\d:]")),
    RedactionRule(_SOCIAL, "[number]", _A_DIGIT),
    RedactionRule(_DIGITS, _mark_for_digits, _A_DIGIT),
    RedactionRule(_HANDLE, "[person]", _AN_AT_SIGN),
    RedactionRule(_TITLED, r"\1[person]", _A_CAPITAL),
)


def apply_rules(text: str) -> str:
    """Returns the text after each rule has been applied once, in order."""
    for rule in RULES:
        if rule.hint.search(text):
            text = rule.pattern.sub(rule.replacement, text)

    return text
