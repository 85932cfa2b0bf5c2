"""Does the money model still give the known answers? A table worked out by hand, against the price list of today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.llm.pricing import Price
from workers.readiness.roi import Effort, Range, Way, work_out

PriceOf = Callable[[str], Price | None]

OUTPUT = 25
PRUNED = 260
"""Tokens of the prompt once the behaviour is in the weights."""
PROMPTS = (2_500, 13_000)

GPT, FT = "gpt-4o", "ft:gpt-4o-mini-2024-07-18"
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
"""The prices that the table was worked out with; one that today's list does not know is taken
from here."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what was expected and what came out; `listed` is whether today's list knew both prices."""

    what: str
    expected: tuple[float, float]
    found: tuple[float, float]
    listed: bool

    @property
    def ok(self) -> bool:
        """Whether every figure is the expected one, to the digits that were given."""
        return all(
            abs(a - b) <= 0.005 * a + 0.05 for a, b in zip(self.expected, self.found, strict=True)
        )


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
CALLS_NEEDED = (
    (GPT, 0.0, (30_905.0, 6_112.0)),
    (GPT, 0.9, (54_660.0, 11_052.0)),
    (LUNA, 0.0, (854_701.0, 155_763.0)),
    (LUNA, 0.9, (6_349_206.0, 865_801.0)),
)
ASSUMED = Effort(
    review_hours=0.0,
    training_usd=600.0,
    evaluation_usd=0.0,
    prompt_usd=0.0,
    drift_usd=150.0,
    retrain_usd=0.0,
)


def check(price_of: PriceOf) -> list[Line]:
    """Each line of the table, worked out again with today's prices through the same code that advises on candidates."""
    lines = []
    for base, cached, tuned, prompt, expected in TIMES_CHEAPER:
        found = tuple(
            _roi(price_of, base, cached, tuned, size, prompt or size)[0] for size in PROMPTS
        )
        what = f"{base}{_cached(cached)} -> {tuned}, {'pruned prompt' if prompt else 'same prompt'}: times cheaper"
        lines.append(Line(what, expected, (found[0], found[1]), _listed(price_of, base, tuned)))

    for base, cached, expected in CALLS_NEEDED:
        found = tuple(
            _roi(price_of, base, cached, LLAMA_CHEAP, size, PRUNED)[1] or 0.0 for size in PROMPTS
        )
        what = f"{base}{_cached(cached)} -> {LLAMA_CHEAP}, pruned prompt: calls a month needed"
        lines.append(
            Line(what, expected, (found[0], found[1]), _listed(price_of, base, LLAMA_CHEAP))
        )

    return lines


def as_text(lines: list[Line]) -> str:
    """The table for people: expected and found for a prompt of 2,500 and of 13,000 tokens."""
    out = [f"{'':5} {'2,500 in':>22} {'13,000 in':>22}"]
    for line in lines:
        pairs = " ".join(
            f"{f'{a:,.1f} / {b:,.1f}':>22}" for a, b in zip(line.expected, line.found, strict=True)
        )
        note = "" if line.listed else "  (a price that today's list does not know)"
        out.append(f"{'ok' if line.ok else 'OFF':5} {pairs}  {line.what}{note}")

    return "\n".join(out)


def _roi(
    price_of: PriceOf, base: str, cached: float, tuned: str, prompt: int, tuned_prompt: int
) -> tuple[float, float | None]:
    one = Way(base, _price(price_of, base), prompt, OUTPUT, cached)
    other = Way(tuned, _price(price_of, tuned), tuned_prompt, OUTPUT)
    roi = work_out([one], other, Range.of(10_000), ASSUMED)

    return roi.times_cheaper, roi.calls_needed


def _price(price_of: PriceOf, name: str) -> Price:
    return price_of(name) or AS_WORKED_OUT[name]


def _listed(price_of: PriceOf, *names: str) -> bool:
    return all(price_of(name) is not None for name in names)


def _cached(share: float) -> str:
    return f", {share:.0%} cached" if share else ""
