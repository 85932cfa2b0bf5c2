"""Brings the amounts of a request to one form: `1.234,50 €`, `12k` and `1,250` become numbers."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

NUMBER = r"\d{1,15}(?:\.\d{1,6})?"
"""An amount as this module writes it."""
_CURRENCY = r"\b(?:euros?|eur|dollars?|usd|pounds?|gbp|francs?|chf|cents?|bucks)\b|[€$£]"
_GROUPED = re.compile(
    r"(?<![\w.,])\d{1,3}(?:([.,'])\d{3})(?:\1\d{3}){0,4}(?:[.,]\d{1,2})?(?![.,]?\d)"
)
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(\d{1,12}),(\d{1,2})(?![\d,]|\.\d)")
_PRICE = re.compile(rf"(?:{_CURRENCY}) ?\Z", re.IGNORECASE)
_PRICE_BEHIND = re.compile(rf" ?(?:{_CURRENCY})", re.IGNORECASE)
_SUFFIX = re.compile(
    r"(?<![\w.,])(\d{1,9}(?:\.\d{1,6})?)(?:(k|m)|[ -]?(thousand|mio|million|bn|billion))\b", re.I
)
_FACTORS = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "bn": 1e9,
    "billion": 1e9,
}
_ANY_CURRENCY = re.compile(_CURRENCY, re.IGNORECASE)
_OF_MONEY = re.compile(rf"{_CURRENCY}|\b(?:vat|tip|discount|price|invoice)\b", re.IGNORECASE)
_FINE = re.compile(r"\d\.\d{3}")
_FINE_RESULT = re.compile(r"((?:=|with it|less that|more|less) )(\d{1,15}\.\d{3,6})(?!\d)")
_CENT = Decimal("0.01")


def plain_amounts(text: str) -> str:
    """Returns the text with every amount as digits with a point, and without currencies.

    A comma before one or two digits is a decimal comma, one before three separates thousands. A
    point before three digits separates thousands in a price, because prices have two decimals.
    """
    text = _GROUPED.sub(_without_groups, text)
    text = _DECIMAL_COMMA.sub(r"\1.\2", text)
    text = _SUFFIX.sub(_times_factor, text)
    return " ".join(_ANY_CURRENCY.sub(" ", text).split())


def decimal_text(value: float) -> str:
    """Returns a result with at most six decimals.

    Rounded, because 0.1 + 0.2 is a little more than 0.3 in a computer's numbers.
    """
    return f"{round(value, 6):.12g}"


def in_cents(result: str, request: str) -> str:
    """Returns the result with what was worked out rounded to cents, where the request is of money.

    A request that has more than two decimals itself, as the price of a gram has, keeps them all.
    """
    if not _OF_MONEY.search(request) or _FINE.search(plain_amounts(request)):
        return result

    return _FINE_RESULT.sub(_rounded, result)


def money_text(amount: str) -> str:
    """Returns an amount rounded to cents, half a cent up; a whole one without decimals."""
    return str(Decimal(amount).quantize(_CENT, ROUND_HALF_UP)).removesuffix(".00")


def _rounded(found: re.Match[str]) -> str:
    return found.group(1) + money_text(found.group(2))


def _without_groups(found: re.Match[str]) -> str:
    number, sign = found.group(), found.group(1)
    is_plain = number.count(sign) == 1 and number[-4] == sign
    if sign == "." and is_plain and not _is_price(found):
        # 1.250 without a currency is a little more than one.
        return number

    whole = number.replace(sign, "")
    return whole.replace(",", ".")


def _is_price(found: re.Match[str]) -> bool:
    text = found.string
    before = text[max(0, found.start() - 8) : found.start()]
    return bool(_PRICE.search(before) or _PRICE_BEHIND.match(text, found.end()))


def _times_factor(found: re.Match[str]) -> str:
    factor = _FACTORS[(found.group(2) or found.group(3)).lower()]
    return decimal_text(float(found.group(1)) * factor)
