"""Whether a tuned model would pay for itself, against the cheapest prompted model that passes; ranges, not points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.errors import SettingsError
from router.types import Tokens
from workers.llm.pricing import Price

MONTH = 30.4375 * 86_400.0
LONGEST_MONTHS = 12.0
SPARE_MONTHS = 6.0
"""What is tuned must have paid for itself this long before its base model ends."""


@dataclass(frozen=True, slots=True)
class Range:
    """A figure between `low` and `high`, `likely` in between."""

    low: float
    likely: float
    high: float

    @staticmethod
    def of(value: float, doubt: float = 0.0) -> Range:
        """The value give or take a share of it."""
        ends = sorted((value * (1 - doubt), value * (1 + doubt)))
        return Range(ends[0], value, ends[1])


@dataclass(frozen=True, slots=True)
class Way:
    """One way to answer a request: its price, the tokens of a call, the share of them the server has cached.

    `passes` is whether it reached the quality that is asked for; only such a way is worth comparing
    with.
    """

    name: str
    price: Price
    input_tokens: float
    output_tokens: float
    cached_share: float = 0.0
    seconds: float = 0.0
    passes: bool = True
    private: bool = False

    @property
    def usd(self) -> float:
        """What one call costs."""
        if not 0 <= self.cached_share <= 1:
            raise SettingsError(
                f"pricing {self.name!r}: cached share {self.cached_share!r}; a share lies in 0-1"
            )

        cached = self.input_tokens * self.cached_share
        fresh = self.input_tokens - cached
        return (
            fresh * self.price.read
            + cached * self.price.cached
            + self.output_tokens * self.price.written
        )


@dataclass(frozen=True, slots=True)
class Effort:
    """What tuning takes, in USD and hours; prices of training are settings because no public list has them.

    `drift_usd` and `hosting_usd` are each month's; `retrain_usd` is spent again once in the base
    model's life, at most a year.
    """

    review_hours: float = 8.0
    hour_usd: float = 60.0
    training_usd: float = 20.0
    evaluation_usd: float = 5.0
    prompt_usd: float = 5.0
    drift_usd: float = 5.0
    retrain_usd: float = 120.0
    hosting_usd: float = 0.0

    @property
    def first_usd(self) -> float:
        """Spent once, before the first saving."""
        return (
            self.review_hours * self.hour_usd
            + self.training_usd
            + self.evaluation_usd
            + self.prompt_usd
        )

    def monthly_usd(self, months_left: float | None) -> float:
        """Spent each month; a base model that ends sooner makes the same retraining dearer a month."""
        life = LONGEST_MONTHS if months_left is None else max(min(LONGEST_MONTHS, months_left), 1.0)
        return self.drift_usd + self.hosting_usd + self.retrain_usd / life


@dataclass(frozen=True, slots=True)
class Roi:
    """The answer in figures. `break_even_months` and `calls_needed` are None where it never pays.

    `pays` is the recommendation on money alone; `other_reasons` are what else may justify tuning;
    `why` says it in words.
    """

    against: str
    tuned: str
    saved_per_call_usd: float
    times_cheaper: float
    monthly_usd: Range
    first_usd: float
    break_even_months: Range | None
    calls_needed: float | None
    months_left: float | None
    pays: bool
    why: tuple[str, ...]
    other_reasons: tuple[str, ...] = ()


def work_out(
    prompted: Sequence[Way],
    tuned: Way,
    calls: Range,
    effort: Effort,
    months_left: float | None = None,
    spare_months: float = SPARE_MONTHS,
) -> Roi:
    """What tuning would save a month and when it would have paid, against the cheapest prompted way that passes.

    `calls` are requests a month. Never recommends where a call does not get cheaper. Raises
    SettingsError when no prompted way passes: then quality is the question, not money.
    """
    passing = [way for way in prompted if way.passes]
    if not passing:
        raise SettingsError(
            f"comparing {tuned.name!r} with prompted ways: none of {[way.name for way in prompted]!r} passes the "
            "evaluation; a saving against an answer that is not good enough means nothing: improve a prompt first"
        )

    base = min(passing, key=lambda way: (way.usd, way.name))
    saved, running = base.usd - tuned.usd, effort.monthly_usd(months_left)
    low, likely, high = sorted(
        count * saved - running for count in (calls.low, calls.likely, calls.high)
    )
    monthly = Range(low, likely, high)
    even = _break_even(monthly, effort.first_usd)

    return Roi(
        against=base.name,
        tuned=tuned.name,
        saved_per_call_usd=saved,
        times_cheaper=base.usd / tuned.usd if tuned.usd > 0 else float("inf"),
        monthly_usd=monthly,
        first_usd=effort.first_usd,
        break_even_months=even,
        calls_needed=(effort.first_usd / LONGEST_MONTHS + running) / saved if saved > 0 else None,
        months_left=months_left,
        pays=_pays(even, months_left, saved, spare_months),
        why=_why(base, saved, monthly, even, _deadline(months_left, spare_months)),
        other_reasons=_other(base, tuned),
    )


def _break_even(monthly: Range, first: float) -> Range | None:
    """Months until the first cost is back; the worst case is endless when it may not pay at all."""
    if monthly.likely <= 0:
        return None

    slow = first / monthly.low if monthly.low > 0 else float("inf")
    return Range(first / monthly.high, first / monthly.likely, slow)


def _pays(even: Range | None, months_left: float | None, saved: float, spare: float) -> bool:
    if saved <= 0 or even is None:
        return False

    life = LONGEST_MONTHS if months_left is None else min(LONGEST_MONTHS, months_left - spare)
    return even.likely <= life


def _deadline(months_left: float | None, spare: float) -> str:
    if months_left is None:
        return ""
    return f"the base model ends in {months_left:.0f} months; it must have paid {spare:.0f} before that"


def _why(
    base: Way, saved: float, monthly: Range, even: Range | None, deadline: str
) -> tuple[str, ...]:
    said = [
        f"compared with {base.name}, the cheapest prompted way that passes, at ${base.usd:.6f} a call"
    ]
    if saved <= 0:
        return (*said, f"a call would cost ${-saved:.6f} more, so that no number of calls pays")

    said.append(f"a call would cost ${saved:.6f} less")
    if even is None:
        said.append(
            f"at this volume the upkeep eats it: {-monthly.likely:,.2f} USD a month are lost"
        )
    else:
        said.append(f"${monthly.likely:,.2f} a month, paid back after {even.likely:.1f} months")

    if deadline:
        said.append(deadline)

    return tuple(said)


def _other(base: Way, tuned: Way) -> tuple[str, ...]:
    """What money does not show: speed, and messages that stay at home."""
    said = []
    if base.seconds > 0 and tuned.seconds > 0 and tuned.seconds < base.seconds:
        said.append(f"answers in {tuned.seconds:.1f} s instead of {base.seconds:.1f} s")
    if tuned.private and not base.private:
        said.append("messages would no longer leave your machines")

    return tuple(said)


def months_until(date: str | None, now: float) -> float | None:
    """Months from `now` (unix seconds) to an ISO date, 0 when it is past; None without a date."""
    from datetime import UTC, datetime

    if not date:
        return None

    end = datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()
    return max(0.0, (end - now) / MONTH)


def spent(tokens: Tokens) -> tuple[float, float, float]:
    """Input tokens, output tokens and the cached share of the input, as a Way takes them."""
    read = tokens.total - tokens.output
    return float(read), float(tokens.output), tokens.cached / read if read else 0.0
