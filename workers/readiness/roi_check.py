"""Checks the money model against a table that was worked out by hand, with today's prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.llm.pricing import Price
from workers.readiness.roi import CostModel, Interval, Roi, TuningCosts, estimate_roi

PriceOf = Callable[[str], Price | None]

OUTPUT_TOKENS = 25
PRUNED = 260
"""Input tokens once the behaviour is in the weights."""
PROMPT_SIZES = (2_500, 13_000)
"""Input tokens of a call with a prompt, one column of the table for each."""
MONTHLY_CALLS = 10_000

GPT = "gpt-4o"
FT = "ft:gpt-4o-mini-2024-07-18"
LLAMA = "together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo"
LLAMA_CHEAP = "fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct"
LITE = "gemini/gemini-2.5-flash-lite"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of the table: what it says, and what the model says, for each of PROMPT_SIZES.

    `found` is None where somebody has to name a price first; `unpriced` says of which models.
    """

    what: str
    expected: tuple[float, float]
    found: tuple[float, float] | None
    unpriced: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether both figures agree, to the digits that the table gives."""
        if self.found is None:
            return False

        pairs = zip(self.expected, self.found, strict=True)
        return all(abs(expected - found) <= 0.005 * expected + 0.05 for expected, found in pairs)


# Prompted model, cached share, tuned model, tokens of a pruned prompt, times cheaper for each size.
TIMES_CHEAPER = (
    (GPT, 0.0, FT, None, (8.3, 8.3)),
    (GPT, 0.0, LLAMA, None, (14.3, 14.0)),
    (GPT, 0.0, LLAMA_CHEAP, None, (25.7, 25.1)),
    (GPT, 0.0, LLAMA, PRUNED, (126.7, 638.4)),
    (GPT, 0.9, LLAMA, PRUNED, (71.9, 353.3)),
    (LITE, 0.0, LLAMA, PRUNED, (5.1, 25.5)),
    (LITE, 0.9, LLAMA, PRUNED, (1.1, 5.0)),
    (LITE, 0.9, FT, PRUNED, (0.5, 2.4)),
)

# Prompted model, cached share, calls a month from which LLAMA_CHEAP pays.
CALLS_NEEDED = (
    (GPT, 0.0, (30_905.0, 6_112.0)),
    (GPT, 0.9, (54_660.0, 11_052.0)),
    (LITE, 0.0, (863_931.0, 156_067.0)),
    (LITE, 0.9, (6_896_552.0, 875_274.0)),
)

# What the table assumes: 600 USD once and 150 USD a month.
ASSUMED = TuningCosts(
    review_hours=0.0,
    training_usd=600.0,
    evaluation_usd=0.0,
    prompt_usd=0.0,
    drift_usd=150.0,
    retrain_usd=0.0,
)


def recompute_table(price_of: PriceOf) -> list[CheckLine]:
    """Computes each line again, by the same code that advises on candidates.

    `price_of` is the only source of prices: the expected figures were worked out by hand from those
    that litellm's list had in November 2026.
    """
    lines = []
    for base, cached_share, tuned, pruned_tokens, expected in TIMES_CHEAPER:
        prompt = "pruned prompt" if pruned_tokens else "same prompt"
        what = f"{base}{_cached(cached_share)} -> {tuned}, {prompt}: times cheaper"
        compared = Compared(base, cached_share, tuned, pruned_tokens)
        lines.append(_line(price_of, what, compared, expected, lambda roi: roi.times_cheaper))

    for base, cached_share, expected in CALLS_NEEDED:
        what = (
            f"{base}{_cached(cached_share)} -> {LLAMA_CHEAP}, pruned prompt: calls a month needed"
        )
        compared = Compared(base, cached_share, LLAMA_CHEAP, PRUNED)
        lines.append(_line(price_of, what, compared, expected, lambda roi: roi.calls_needed or 0.0))

    return lines


def render_table(lines: list[CheckLine]) -> str:
    """Returns the table as text: expected and found, for each of PROMPT_SIZES."""
    out = [f"{'':5} {'2,500 in':>22} {'13,000 in':>22}"]
    for line in lines:
        verdict = "ok" if line.ok else "OFF"
        columns = []
        for size, expected in enumerate(line.expected):
            found = "-" if line.found is None else f"{line.found[size]:,.1f}"
            pair = f"{expected:,.1f} / {found}"
            columns.append(f"{pair:>22}")

        note = ""
        if line.unpriced:
            note = f"  (no price of {', '.join(line.unpriced)}; name it in BEAGLE_MODEL_PRICES)"
        out.append(f"{verdict:5} {' '.join(columns)}  {line.what}{note}")

    return "\n".join(out)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a line compares; `pruned_tokens` is None where the tuned model reads the same prompt."""

    base: str
    cached_share: float
    tuned: str
    pruned_tokens: int | None


def _line(
    price_of: PriceOf,
    what: str,
    compared: Compared,
    expected: tuple[float, float],
    figure: Callable[[Roi], float],
) -> CheckLine:
    names = (compared.base, compared.tuned)
    unpriced = tuple(name for name in names if price_of(name) is None)
    if unpriced:
        return CheckLine(what, expected, None, unpriced)

    small, large = (figure(_roi(price_of, compared, size)) for size in PROMPT_SIZES)
    return CheckLine(what, expected, (small, large))


def _roi(price_of: PriceOf, compared: Compared, input_tokens: int) -> Roi:
    base_price, tuned_price = price_of(compared.base), price_of(compared.tuned)
    assert base_price is not None
    assert tuned_price is not None
    tuned_tokens = compared.pruned_tokens or input_tokens
    base = CostModel(compared.base, base_price, input_tokens, OUTPUT_TOKENS, compared.cached_share)
    tuned = CostModel(compared.tuned, tuned_price, tuned_tokens, OUTPUT_TOKENS)
    return estimate_roi([base], tuned, Interval.around(MONTHLY_CALLS), ASSUMED)


def _cached(share: float) -> str:
    return f", {share:.0%} cached" if share else ""
