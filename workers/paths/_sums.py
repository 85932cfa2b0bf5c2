"""Sums in answers are worked out here: a small model writes figures that look right.

`sum_of` reads a request that is itself a sum. `with_right_results` works out every equation of an
answer again. Both use the calculator's evaluation, which runs no code.
"""

from __future__ import annotations

import re

from workers.tools import ToolError
from workers.tools.calculator import evaluate

MAX_CHARS = 200
"""A longer request is no plain sum."""
LESS = ("discount", "off")
MORE = ("vat", "tax", "tip", "commission", "interest")
"""Words that say what becomes of a percentage of an amount."""
TOLERANCE = 0.006
"""Relative error up to which a result counts as rounded."""
_NUMBER = r"\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,6})?"
_ASKING = re.compile(
    r"^(?:please )?(?:what(?:'s| is| are)|how much is|calculate|compute|work out|add up)\b[ :]*",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    rf"({_NUMBER}) ?(?:%|percent|per cent)(?: (?P<what>vat|tax|tip|discount|commission|interest))?"
    rf" (?P<off>of|on|from|for|to|off) (?:the )?[€$£]? ?({_NUMBER})",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    rf"\b(?:split|divide|share) [€$£]? ?({_NUMBER})[a-z€$£ ]{{0,20}} (?:by|between|among|into) "
    rf"({_NUMBER})",
    re.IGNORECASE,
)
_WORDS = (
    (re.compile(r"\b(?:multiplied by|times)\b|[×x](?= ?\d)", re.IGNORECASE), "*"),
    (re.compile(r"\b(?:divided by|over)\b|÷", re.IGNORECASE), "/"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\bminus\b|−", re.IGNORECASE), "-"),
    (re.compile(r"\b(?:euros?|dollars?|pounds?|eur|usd|gbp)\b|[€$£]", re.IGNORECASE), ""),
)
_SUM = re.compile(r"[\d.,+*/%() -]{3,120}")
_DATE = re.compile(r"\d-\d|\d/\d{1,4}/\d")
"""Dates and telephone numbers; a difference has blanks around its sign."""
_HAS_OPERATION = re.compile(r"\d ?[+*/%-] ?[\d(]")
_EQUATION = re.compile(
    rf"(?<![\d.,])((?:\(?{_NUMBER}\)? ?[*/+×x-] ?){{1,6}}\(?{_NUMBER}\)?) ?= ?[€$£]?({_NUMBER})"
)


def sum_of(text: str) -> str | None:
    """Returns the request worked out, such as `19% of 240 = 45.6`; None if it is no plain sum."""
    text = " ".join(text.split())
    if len(text) > MAX_CHARS:
        return None

    percent, split = _PERCENT.search(text), _SPLIT.search(text)
    if percent is not None and len(re.findall(_NUMBER, text)) == 2:
        return _percentage(percent)
    if split is not None and len(re.findall(_NUMBER, text)) == 2:
        return _equation(f"{split.group(1)} / {split.group(2)}")

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

    return _equation(expression)


def with_right_results(text: str) -> str:
    """Returns the text with the result of each equation worked out; right ones stay."""
    return _EQUATION.sub(_corrected, text)


def _percentage(found: re.Match[str]) -> str | None:
    rate, base = found.group(1), found.group(4)
    what = (found.group("what") or "").lower() or found.group("off").lower()
    line = _equation(f"{base} * {rate} / 100", f"{rate}% of {base}")
    if line is None or what not in (*LESS, *MORE):
        return line

    sign, words = ("-", "less that") if what in LESS else ("+", "with it")
    total = _value(f"{base} {sign} {base} * {rate} / 100")
    return line if total is None else f"{line}; {words} {total}"


def _equation(expression: str, shown: str = "") -> str | None:
    value = _value(expression)
    return None if value is None else f"{shown or expression} = {value}"


def _value(expression: str) -> str | None:
    try:
        # Rounded, because 0.1 + 0.2 is a little more than 0.3 in a computer's numbers.
        return f"{round(evaluate(expression.replace('×', '*')), 6):.12g}"
    except ToolError:
        return None


def _corrected(found: re.Match[str]) -> str:
    right = _value(found.group(1).replace("x", "*").replace("×", "*"))
    if right is None:
        return found.group(0)

    told, value = float(found.group(2).replace(",", "")), float(right)
    if abs(told - value) <= TOLERANCE * max(abs(value), 1e-9):
        return found.group(0)

    return f"{found.group(0)[: found.start(2) - found.start(0)]}{right}"
