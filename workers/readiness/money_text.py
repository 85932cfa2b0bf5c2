"""Amounts of money in words: the one place that rounds them for people."""

from __future__ import annotations

SMALLEST_SAVING_USD = 0.005
"""Amounts below half a cent are said to be less than a cent."""
SAME_SHARE = 0.02
"""A range narrower than this share of the likely amount says nothing beside it."""
WHOLE_FROM_USD = 10.0
"""From here on an estimate is told in whole dollars: its cents say nothing."""


def format_usd(usd: float) -> str:
    """Returns an amount with cents, or with five digits where it is less than ten cents."""
    # A local model costs nothing; a cheap call must not look as if it did.
    if usd == 0:
        return "$0"
    if 0 < usd < 0.00001:
        return "<$0.00001"

    return f"${usd:.2f}" if usd >= 0.1 else f"${usd:.5f}"


def dollars(usd: float) -> str:
    """Returns an estimated amount with its sign, in whole dollars from ten dollars on."""
    sign = "−" if usd < 0 else ""
    size = abs(usd)
    if size == 0:
        return "$0"
    if size < SMALLEST_SAVING_USD:
        return f"{sign}<$0.01"

    return f"{sign}${size:,.0f}" if size >= WHOLE_FROM_USD else f"{sign}${size:.2f}"


def monthly_saving(low: float, likely: float, high: float) -> str:
    """Returns what tuning would save or lose a month, in USD, as the end of a sentence.

    Every screen that names this figure calls this function, so that all of them say the same.
    """
    verb, sign = ("lose", -1) if likely < 0 else ("save", 1)
    text = f"{verb} about {dollars(sign * likely)} a month"
    least, most = sorted((sign * low, sign * high))

    if low < 0 < high:
        return f"{text}; at worst lose {dollars(-low)}, at best save {dollars(high)}"
    if most - least <= SAME_SHARE * abs(likely):
        return text

    return f"{text}, between {dollars(least)} and {dollars(most)}"
