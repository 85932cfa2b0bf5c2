"""Sums in words, as people at work ask for them: each rule reads one form, and all its numbers.

A rule that leaves a number of the request unused says nothing: what it does not understand might
change the result.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from workers.paths._amounts import NUMBER, decimal_text, money_text
from workers.tools import ToolError
from workers.tools.calculator import evaluate

_N = NUMBER
_NUMBERS = re.compile(_N)
_RATE = re.compile(rf"({_N}) ?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_SIDE = re.compile(
    rf"(?P<side>net|gross)(?: (?:price|amount|sum|total))?(?: (?:is|was|are))?:? (?P<behind>{_N})"
    rf"|(?P<before>{_N}) (?:is |are )?(?:the )?(?P<side_behind>net|gross)\b",
    re.IGNORECASE,
)
_ANY_SIDE = re.compile(r"\b(?:net|gross)\b", re.IGNORECASE)
_WITH_TAX = re.compile(r"\b(?:incl|including|inclusive|includes|inc)\b", re.IGNORECASE)
_WITHOUT_TAX = re.compile(r"\b(?:with|plus|add|adding|excl|excluding)\b|\+", re.IGNORECASE)
_TAX = re.compile(r"\b(?:vat|tax|mwst|gst|net|gross)\b", re.IGNORECASE)
_CHANGE = re.compile(
    rf"\b(?P<verb>subtract|deduct|take|reduce|lower|cut|increase|raise|add)\b (?P<first>{_N})"
    rf"(?P<rate>%| percent)? (?:off )?(?:from|of|off|by|to) (?P<second>{_N})(?P<rate2>%| percent)?",
    re.IGNORECASE,
)
_SIGNED_RATE = re.compile(rf"({_N}) (minus|less|plus|-|\+) ({_N}) ?(?:%|percent)", re.IGNORECASE)
_SHARE = re.compile(
    rf"(?:what|how many) ?(?:%|percent|per cent|percentage) (?:is|are) ({_N}) (?:of|from) ({_N})"
    rf"|(?:what|how many) ?(?:%|percent|per cent|percentage) of "
    rf"(?P<whole>{_N}) (?:is|are) ({_N})"
    rf"|({_N}) is (?:what|how many) ?(?:%|percent|per cent|percentage) of ({_N})",
    re.IGNORECASE,
)
_MANY = re.compile(r"\b(average|mean|sum|total|add up|add)\b", re.IGNORECASE)
_LIST = re.compile(rf"(?:{_N})(?:(?:, ?| and |, and |,? plus )(?:{_N})){{1,20}}", re.IGNORECASE)
_LEFT = re.compile(
    rf"\b(?:left|remains|remaining)\b.{{0,20}}? ({_N})\b.{{0,30}}?\b(?:after|minus|if)\b"
    rf".{{0,30}}? ({_N})",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(rf"\bdifference between ({_N}) and ({_N})", re.IGNORECASE)
_PART = re.compile(
    rf"\b(?P<part>half|a third|one third|a quarter|one quarter|two thirds|three quarters|double|"
    rf"twice|triple)(?: of)?(?: the)? ({_N})",
    re.IGNORECASE,
)
_PRODUCT = re.compile(rf"\bmultiply ({_N})\b.{{0,20}}? (?:by|with) ({_N})", re.IGNORECASE)
_PARTS = {
    "half": "1 / 2",
    "a third": "1 / 3",
    "one third": "1 / 3",
    "a quarter": "1 / 4",
    "one quarter": "1 / 4",
    "two thirds": "2 / 3",
    "three quarters": "3 / 4",
    "double": "2",
    "twice": "2",
    "triple": "3",
}


def phrase_result(text: str) -> str | None:
    """Returns the request worked out; `text` has plain amounts. None where no rule is certain."""
    for rule in _RULES:
        result = rule(text)
        if result is not None:
            return result

    return None


def equation(expression: str, left: str = "") -> str | None:
    """Returns `expression = result`, with `left` in the expression's place; None if it fails."""
    value = value_of(expression)
    return None if value is None else f"{left or expression} = {decimal_text(value)}"


def value_of(expression: str) -> float | None:
    """Returns the value of an expression; None for one that cannot be worked out."""
    try:
        return evaluate(expression)
    except ToolError:
        return None


def rate_in(text: str) -> str | None:
    """Returns the one percentage of a text; None where it has none or several."""
    rates = _RATE.findall(text)
    return rates[0] if len(rates) == 1 else None


def numbers_in(text: str) -> list[str]:
    """Returns the numbers of a text in order, percentages included."""
    return _NUMBERS.findall(text)


def _tax(text: str) -> str | None:
    """Works out net from gross, or gross from net."""
    rate = rate_in(text)
    if rate is None or not _TAX.search(text) or len(numbers_in(text)) != 2:
        return None

    base = numbers_in(_RATE.sub(" ", text))[0]
    # Without the rate, or "gross 480, 19% net" would have the side of the rate.
    known = _known_side(_RATE.sub(" ", text), base)
    factor = f"(1 + {rate} / 100)"
    if known == "net":
        total, tax = value_of(f"{base} * {factor}"), value_of(f"{base} * {rate} / 100")
        if total is None or tax is None:
            return None

        return f"{base} net + {rate}% = {_money(total)} gross (the {rate}% are {_money(tax)})"

    net = value_of(f"{base} / {factor}") if known == "gross" else None
    if net is None:
        return None

    tax_part = _money(float(base) - net)
    return f"{base} gross / {1 + float(rate) / 100:.6g} = {_money(net)} net (the tax is {tax_part})"


def _known_side(text: str, base: str) -> str | None:
    sides = set()
    for match in _SIDE.finditer(" ".join(text.split())):
        number = match.group("behind") or match.group("before")
        if number == base:
            sides.add((match.group("side") or match.group("side_behind")).lower())

    if len(sides) == 1:
        return sides.pop()
    if sides:
        return None

    # A side without an amount is the one that is asked for.
    asked = {match.group().lower() for match in _ANY_SIDE.finditer(text)}
    if len(asked) == 1:
        return "net" if asked == {"gross"} else "gross"
    if _WITH_TAX.search(text):
        return "gross"

    return "net" if _WITHOUT_TAX.search(text) else None


def _money(value: float) -> str:
    # From the decimals that are shown: 237.405 is a little less in a computer's numbers.
    return money_text(decimal_text(value))


def _change(text: str) -> str | None:
    match = _CHANGE.search(text)
    if match is None or len(numbers_in(text)) != 2:
        return None

    first, second = match.group("first"), match.group("second")
    sign = "+" if match.group("verb").lower() in ("increase", "raise", "add") else "-"
    if match.group("rate2"):
        return _with_rate(first, sign, second)
    if match.group("rate"):
        return _with_rate(second, sign, first)

    return equation(f"{second} {sign} {first}")


def _signed_rate(text: str) -> str | None:
    match = _SIGNED_RATE.search(text)
    if match is None or len(numbers_in(text)) != 2:
        return None

    sign = "+" if match.group(2).lower() in ("plus", "+") else "-"
    return _with_rate(match.group(1), sign, match.group(3))


def _with_rate(base: str, sign: str, rate: str) -> str | None:
    return equation(f"{base} {sign} {base} * {rate} / 100", f"{base} {sign} {rate}%")


def _share(text: str) -> str | None:
    match = _SHARE.search(text)
    if match is None or len(numbers_in(text)) != 2:
        return None

    part = match.group(1) or match.group(4) or match.group(5)
    whole = match.group(2) or match.group("whole") or match.group(6)
    result = equation(f"{part} / {whole} * 100", f"{part} of {whole}")
    return None if result is None else f"{result}%"


def _many(text: str) -> str | None:
    word, listed = _MANY.search(text), _LIST.search(text)
    numbers = numbers_in(text)
    if word is None or listed is None or _RATE.search(text):
        return None
    if numbers_in(listed.group()) != numbers:
        return None

    joined = " + ".join(numbers)
    if word.group(1).lower() in ("average", "mean"):
        return equation(f"({joined}) / {len(numbers)}")

    return equation(joined)


def _left(text: str) -> str | None:
    match = _LEFT.search(text) or _DIFFERENCE.search(text)
    if match is None or len(numbers_in(text)) != 2 or _RATE.search(text):
        return None

    first, second = match.group(1), match.group(2)
    if match.re is _DIFFERENCE and float(first) < float(second):
        first, second = second, first

    return equation(f"{first} - {second}")


def _product(text: str) -> str | None:
    match = _PRODUCT.search(text)
    if match is None or len(numbers_in(text)) != 2 or _RATE.search(text):
        return None

    return equation(f"{match.group(1)} * {match.group(2)}")


def _part(text: str) -> str | None:
    match = _PART.search(text)
    if match is None or len(numbers_in(text)) != 1:
        return None

    part = match.group("part").lower()
    return equation(f"{match.group(2)} * {_PARTS[part]}")


_RULES: tuple[Callable[[str], str | None], ...] = (
    _tax,
    _share,
    _signed_rate,
    _change,
    _many,
    _left,
    _product,
    _part,
)
