"""Sums in answers are worked out here: a small model writes figures that look right.

`sum_of` reads a request that is itself a sum. `with_right_results` works out every equation of an
answer again. Both use the calculator's evaluation, which runs no code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.text.scripts import words_of
from router.text.terms import stem
from workers.paths._amounts import NUMBER, decimal_text, in_cents, plain_amounts
from workers.paths._quantities import quantity_result
from workers.paths._sum_phrases import equation, numbers_in, phrase_result, rate_in, value_of
from workers.prompting.own_words import NUMBER_WORDS

MAX_CHARS = 200
"""A longer request is no plain sum."""
MAX_FOLLOW_UP_WORDS = 12
"""A longer message says the whole sum itself."""
LESS = ("discount", "off")
MORE = ("vat", "tax", "tip", "commission", "interest")
"""Words that say what becomes of a percentage of an amount."""
FRACTION_WORDS = ("half", "third", "quarter", "dozen", "hundred", "thousand", "percent", "double")
TOLERANCE = 0.006
"""Relative error up to which a result counts as rounded."""
_NUMBER = r"\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,6})?"
_ASKING = re.compile(
    r"^(?:hi |hey |hello )?(?:please |pls )?(?:what(?:'?s| is| are)|how much (?:is|are)|calculate|"
    r"compute|work out|add up|can you (?:calculate|compute|work out))\b[ :]*",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    rf"({_NUMBER}) ?(?:%|percent|per cent)(?: (?P<what>vat|tax|tip|discount|commission|interest))?"
    rf" (?P<off>of|on|from|for|to|off) (?:the )?[€$£]? ?({_NUMBER})",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    rf"\b(?:split|divide|share) [€$£]? ?({_NUMBER})[a-z€$£ ]{{0,30}} (?:by|between|among|into|with)"
    rf" ({_NUMBER})",
    re.IGNORECASE,
)
_WORDS = (
    (re.compile(r"\b(?:multiplied by|times)\b|[×x](?= ?\d)", re.IGNORECASE), "*"),
    (re.compile(r"\b(?:divided by|over)\b|÷", re.IGNORECASE), "/"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\bminus\b|−", re.IGNORECASE), "-"),
)
_SUM = re.compile(r"[\d.+*/%() -]{3,120}")
_WITH_RATE = re.compile(
    rf"(?P<sum>[^%]{{3,100}}?),? (?P<sign>plus|\+|minus|-) ?(?P<rate>{_NUMBER}) ?(?:%|percent)"
    r"(?: (?:of )?(?:service|tip|vat|tax|discount|commission|fee|charge|service charge))?",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d-\d|\d/\d{1,4}/\d")
"""Dates and telephone numbers; a difference has blanks around its sign."""
_HAS_OPERATION = re.compile(r"\d\)? ?[+*/%-] ?[\d(]")
_EQUATION = re.compile(
    rf"(?<![\d.,])((?:\(?{_NUMBER}\)? ?[*/+×x-] ?){{1,6}}\(?{_NUMBER}\)?) ?= ?[€$£]?({_NUMBER})"
)
_CURRENCIES = {
    "usd": r"(?:usd|us ?dollars?|dollars?)\b|\$",
    "eur": r"(?:eur|euros?)\b|€",
    "gbp": r"(?:gbp|pounds?)\b|£",
    "chf": r"(?:chf|francs?)\b",
    "jpy": r"(?:yen|jpy)\b",
    "sek": r"sek\b",
    "nok": r"nok\b",
    "pln": r"pln\b",
}
_MONEY = "|".join(rf"(?P<{code}>(?<![a-z])(?:{one}))" for code, one in _CURRENCIES.items())
_CURRENCY = re.compile(_MONEY, re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:in|to|into|as|is|are|do|for)\b", re.IGNORECASE)
_RATE_GIVEN = re.compile(r"\b(?:rate|at|with) \d", re.IGNORECASE)
_ANY_NUMBER = re.compile(rf"({NUMBER})")
_COUNTED = re.compile(rf"({NUMBER}) ([a-z]{{3,20}})\b", re.IGNORECASE)
"""A number of something: "3 nights"."""
_OTHER_RULE = re.compile(r"\b(?:net|gross|subtract|deduct|reduce|lower|take)\b", re.IGNORECASE)
"""Words that say what becomes of the percentage in a way that `_percentage` does not read."""
_TAX_SIDE = re.compile(r"\b(?:net|gross)\b", re.IGNORECASE)


def sum_of(text: str, earlier: Sequence[str] = ()) -> str | None:
    """Returns the request worked out, such as `19% of 240 = 45.6`; None if it is no plain sum.

    `earlier` are the person's messages before it, oldest first: "and 20%?" goes on with the last
    sum among them.
    """
    if len(text) > MAX_CHARS or needs_exchange_rate(text):
        return None

    result = _own_sum(text)
    if result is not None or len(text.split()) > MAX_FOLLOW_UP_WORDS:
        return result

    for before in reversed(earlier):
        if len(before) <= MAX_CHARS and _own_sum(before) is not None:
            changed = _with_changed_number(plain_amounts(before), plain_amounts(text))
            return None if changed is None else _own_sum(changed)

    return None


def needs_exchange_rate(text: str) -> bool:
    """Returns whether the request changes one currency into another without giving the rate."""
    found = list(_CURRENCY.finditer(text[:MAX_CHARS]))
    if len({match.lastgroup for match in found}) < 2 or _RATE_GIVEN.search(text):
        return False

    # The words between the first and the last currency: "100 dollars in euros".
    return _BETWEEN.search(text[found[0].end() : found[-1].start()]) is not None


def has_no_figure(text: str) -> bool:
    """Returns whether the request has no figure at all, in digits or in words."""
    words = set(words_of(text[:MAX_CHARS]))
    return not _figures(text) and words.isdisjoint((*NUMBER_WORDS, *FRACTION_WORDS))


def with_right_results(text: str) -> str:
    """Returns the text with the result of each equation worked out; right ones stay."""
    return _EQUATION.sub(_corrected, text)


def has_unproven_figure(text: str, sources: Sequence[str]) -> bool:
    """Returns whether the text has a figure that is neither in the sources nor worked out in it.

    A rounded figure counts as the one that it was rounded from.
    """
    known = [float(number) for source in sources for number in _figures(source)]
    for match in _EQUATION.finditer(text):
        known += [float(number) for number in _figures(match.group())]

    for number in _figures(text):
        value = float(number)
        if not any(abs(value - one) <= TOLERANCE * max(abs(one), 1e-9) for one in known):
            return True

    return False


def _figures(text: str) -> list[str]:
    return numbers_in(plain_amounts(text))


def _own_sum(text: str) -> str | None:
    """Returns the sum that the message itself holds, worked out."""
    plain = plain_amounts(" ".join(text.split()))
    for rule in (_percentage, _split, _with_rate, _plain, phrase_result, quantity_result):
        result = rule(plain)
        if result is not None:
            return in_cents(result, text)

    return None


def _with_changed_number(before: str, text: str) -> str | None:
    """Returns the earlier sum with the one number of the follow-up in place of its like.

    A percentage replaces the percentage, another number the only other one, or the only one of the
    same things.
    """
    numbers = numbers_in(text)
    if len(numbers) != 1:
        return None

    rate, old_rate = rate_in(text), rate_in(before)
    if rate is not None:
        return None if old_rate is None else _replaced(before, old_rate, rate)

    if _TAX_SIDE.search(text) and old_rate is not None:
        # "And if 480 is gross?" says which side it is; the rate is the earlier one.
        return f"{text.strip(' ?.!')} with {old_rate}% tax"

    others = [number for number in numbers_in(before) if number != old_rate]
    counted = _COUNTED.search(text)
    if counted is not None and len(others) > 1:
        # "Make it 4 nights" changes the one number of nights.
        unit = stem(counted.group(2).lower())
        alike = [one[0] for one in _COUNTED.findall(before) if stem(one[1].lower()) == unit]
        others = alike if len(alike) == 1 else []

    return _replaced(before, others[0], numbers[0]) if len(others) == 1 else None


def _replaced(text: str, old: str, new: str) -> str | None:
    """Returns the text with one number in place of another, which it has once."""
    parts = _ANY_NUMBER.split(text)
    if parts.count(old) != 1:
        return None

    parts[parts.index(old)] = new
    return "".join(parts)


def _percentage(text: str) -> str | None:
    found = _PERCENT.search(text)
    if found is None or len(numbers_in(text)) != 2 or _OTHER_RULE.search(text):
        return None

    rate, base = found.group(1), found.group(4)
    what = (found.group("what") or "").lower() or found.group("off").lower()
    line = equation(f"{base} * {rate} / 100", f"{rate}% of {base}")
    if line is None or what not in (*LESS, *MORE):
        return line

    sign, words = ("-", "less that") if what in LESS else ("+", "with it")
    total = value_of(f"{base} {sign} {base} * {rate} / 100")
    return line if total is None else f"{line}; {words} {decimal_text(total)}"


def _split(text: str) -> str | None:
    found = _SPLIT.search(text)
    if found is None or len(numbers_in(text)) != 2:
        return None

    return equation(f"{found.group(1)} / {found.group(2)}")


def _with_rate(text: str) -> str | None:
    """Returns a sum and then so much per cent more or less: "3 * 49.90 plus 12% service"."""
    found = _WITH_RATE.fullmatch(text.strip(" ?=.!"))
    expression = _expression(found.group("sum")) if found is not None else None
    line = equation(expression) if expression is not None else None
    if found is None or line is None:
        return None

    is_more = found.group("sign").lower() in ("plus", "+")
    sign, words = ("+", "more") if is_more else ("-", "less")
    rate = found.group("rate")
    total = value_of(f"({expression}) * (1 {sign} {rate} / 100)")
    return None if total is None else f"{line}; with {rate}% {words} {decimal_text(total)}"


def _plain(text: str) -> str | None:
    """Returns the result of a request that is nothing but an expression."""
    expression = _expression(text)
    return None if expression is None else equation(expression)


def _expression(text: str) -> str | None:
    """Returns the expression that the text is, in the calculator's signs; None for another text."""
    expression = _ASKING.sub("", text).strip(" ?=.!")
    for words, sign in _WORDS:
        expression = words.sub(sign, expression)

    expression = " ".join(expression.split())
    if (
        _DATE.search(expression)
        or not _SUM.fullmatch(expression)
        or not _HAS_OPERATION.search(expression)
    ):
        return None

    return expression


def _corrected(found: re.Match[str]) -> str:
    right = value_of(found.group(1).replace("x", "*").replace("×", "*"))
    if right is None:
        return found.group(0)

    told = float(found.group(2).replace(",", ""))
    if abs(told - right) <= TOLERANCE * max(abs(right), 1e-9):
        return found.group(0)

    return f"{found.group(0)[: found.start(2) - found.start(0)]}{decimal_text(right)}"
