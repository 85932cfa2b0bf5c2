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
LUNA = "gpt-6-luna"

AS_WORKED_OUT = {
    GPT: Price(2.5e-6, 1.25e-6, 10e-6),
    FT: Price(0.3e-6, 0.15e-6, 1.2e-6),
    LLAMA: Price(0.18e-6, 0.18e-6, 0.18e-6),
    LLAMA_CHEAP: Price(0.1e-6, 0.1e-6, 0.1e-6),
    LUNA: Price(0.1e-6, 0.01e-6, 0.5e-6),
}
"""The prices behind the table; one that today's list does not know is taken from here."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of the table: what it says, and what the model says, for each of PROMPT_SIZES.

    `listed` is whether today's list knows both prices.
    """

    what: str
    expected: tuple[float, float]
    found: tuple[float, float]
    listed: bool

    @property
    def ok(self) -> bool:
        """Whether both figures agree, to the digits that the table gives."""
        pairs = zip(self.expected, self.found, strict=True)
        return all(abs(expected - found) <= 0.005 * expected + 0.05 for expected, found in pairs)


# Prompted model, cached share, tuned model, tokens of a pruned prompt, times cheaper for each size.
TIMES_CHEAPER = (
    (GPT, 0.0, FT, None, (8.3, 8.3)),
    (GPT, 0.0, LLAMA, None, (14.3, 14.0)),
    (GPT, 0.0, LLAMA_CHEAP, None, (25.7, 25.1)),
    (GPT, 0.0, LLAMA, PRUNED, (126.7, 638.4)),
    (GPT, 0.9, LLAMA, PRUNED, (71.9, 353.3)),
    (LUNA, 0.0, LLAMA, PRUNED, (5.1, 25.6)),
    (LUNA, 0.9, LLAMA, PRUNED, (1.2, 5.1)),
    (LUNA, 0.9, FT, PRUNED, (0.6, 2.4)),
)

# Prompted model, cached share, calls a month from which LLAMA_CHEAP pays.
CALLS_NEEDED = (
    (GPT, 0.0, (30_905.0, 6_112.0)),
    (GPT, 0.9, (54_660.0, 11_052.0)),
    (LUNA, 0.0, (854_701.0, 155_763.0)),
    (LUNA, 0.9, (6_349_206.0, 865_801.0)),
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
    """Computes each line again, by the same code that advises on candidates."""
    lines = []
    for base, cached_share, tuned, pruned_tokens, expected in TIMES_CHEAPER:
        small, large = (
            _roi(price_of, base, cached_share, tuned, size, pruned_tokens or size)
            for size in PROMPT_SIZES
        )
        prompt = "pruned prompt" if pruned_tokens else "same prompt"
        what = f"{base}{_cached(cached_share)} -> {tuned}, {prompt}: times cheaper"
        found = (small.times_cheaper, large.times_cheaper)
        lines.append(CheckLine(what, expected, found, _listed(price_of, base, tuned)))

    for base, cached_share, expected in CALLS_NEEDED:
        small, large = (
            _roi(price_of, base, cached_share, LLAMA_CHEAP, size, PRUNED) for size in PROMPT_SIZES
        )
        what = (
            f"{base}{_cached(cached_share)} -> {LLAMA_CHEAP}, pruned prompt: calls a month needed"
        )
        found = (small.calls_needed or 0.0, large.calls_needed or 0.0)
        lines.append(CheckLine(what, expected, found, _listed(price_of, base, LLAMA_CHEAP)))

    return lines


def render_table(lines: list[CheckLine]) -> str:
    """Returns the table as text: expected and found, for each of PROMPT_SIZES."""
    out = [f"{'':5} {'2,500 in':>22} {'13,000 in':>22}"]
    for line in lines:
        verdict = "ok" if line.ok else "OFF"
        columns = []
        for expected, found in zip(line.expected, line.found, strict=True):
            pair = f"{expected:,.1f} / {found:,.1f}"
            columns.append(f"{pair:>22}")

        note = "" if line.listed else "  (a price that today's list does not know)"
        out.append(f"{verdict:5} {' '.join(columns)}  {line.what}{note}")

    return "\n".join(out)


def _roi(
    price_of: PriceOf,
    base: str,
    cached_share: float,
    tuned: str,
    input_tokens: int,
    tuned_input_tokens: int,
) -> Roi:
    base_model = CostModel(base, _price(price_of, base), input_tokens, OUTPUT_TOKENS, cached_share)
    tuned_model = CostModel(tuned, _price(price_of, tuned), tuned_input_tokens, OUTPUT_TOKENS)
    return estimate_roi([base_model], tuned_model, Interval.around(MONTHLY_CALLS), ASSUMED)


def _price(price_of: PriceOf, name: str) -> Price:
    return price_of(name) or AS_WORKED_OUT[name]


def _listed(price_of: PriceOf, *names: str) -> bool:
    return all(price_of(name) is not None for name in names)


def _cached(share: float) -> str:
    return f", {share:.0%} cached" if share else ""
