"""Estimates the return on investment of tuning, against the cheapest prompted model that passes.

Results are intervals, not points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from router.errors import InputError
from workers.llm.pricing import Price
from workers.readiness.money_text import monthly_saving

MONTH = 30.4375 * 86_400.0
"""Seconds in a twelfth of a year of 365.25 days."""
MAX_PAYBACK_MONTHS = 12.0
SPARE_MONTHS = 6.0
"""A tuned model must have paid for itself this long before its base model is withdrawn."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure between `low` and `high`, with `likely` in between."""

    low: float
    likely: float
    high: float

    @staticmethod
    def around(value: float, doubt: float = 0.0) -> Interval:
        """Returns the value, give or take the share `doubt` of it."""
        low, high = sorted((value * (1 - doubt), value * (1 + doubt)))
        return Interval(low, value, high)


@dataclass(frozen=True, slots=True)
class CostModel:
    """What one way of answering costs; tokens and seconds are those of one call.

    Attributes:
        cached_share: The share, 0-1, of input tokens that the provider's prompt cache serves.
        passes: Whether it reaches the quality that is asked for.
        private: Whether messages stay on machines of one's own.
        accuracy: The share, 0-1, of its answers that are right; None if nobody measured it.
        source: Where its price comes from, in words.
        measured: Whether `passes` was measured, not assumed.
    """

    name: str
    price: Price
    input_tokens: float
    output_tokens: float
    cached_share: float = 0.0
    seconds: float = 0.0
    passes: bool = True
    private: bool = False
    accuracy: Interval | None = None
    source: str = ""
    measured: bool = True

    @property
    def usd(self) -> float:
        """The cost of one call with its server time.

        Raises InputError for a cached share outside 0-1.
        """
        if not 0 <= self.cached_share <= 1:
            raise InputError(
                f"pricing {self.name!r}: cached share {self.cached_share!r}; a share lies in 0-1"
            )

        cached = self.input_tokens * self.cached_share
        uncached = self.input_tokens - cached
        return (
            uncached * self.price.input_usd
            + cached * self.price.cached_input_usd
            + self.output_tokens * self.price.output_usd
            + self.seconds * self.price.server_second_usd
        )


@dataclass(frozen=True, slots=True)
class TuningCosts:
    """What tuning costs, in USD and hours.

    No public list has prices of training, so they are settings. `drift_usd` and `hosting_usd` are
    spent each month, `retrain_usd` once in the life of the base model, taken as at most a year.
    `wrong_usd` is what one wrong answer costs the people who get it.
    """

    review_hours: float = 8.0
    hour_usd: float = 60.0
    training_usd: float = 20.0
    evaluation_usd: float = 5.0
    prompt_usd: float = 5.0
    drift_usd: float = 5.0
    retrain_usd: float = 120.0
    hosting_usd: float = 0.0
    wrong_usd: float = 0.0

    @property
    def first_usd(self) -> float:
        """What is spent once, before the first saving."""
        review_usd = self.review_hours * self.hour_usd
        return review_usd + self.training_usd + self.evaluation_usd + self.prompt_usd

    def monthly_usd(self, months_left: float | None) -> float:
        """Returns what is spent each month; `months_left` are those until the base model ends.

        The shorter its life, the fewer months share the price of the one retraining.
        """
        life = MAX_PAYBACK_MONTHS
        if months_left is not None:
            # Less than a month would let the monthly price grow without bound.
            life = max(min(MAX_PAYBACK_MONTHS, months_left), 1.0)

        return self.drift_usd + self.hosting_usd + self.retrain_usd / life


@dataclass(frozen=True, slots=True)
class Roi:
    """The answer in figures.

    Attributes:
        against: The prompted model that it is compared with.
        first_usd: What is spent before the first saving.
        break_even_months, calls_needed: None where it never pays.
        months_left: Months until the base model ends; None if no date is known.
        pays: The recommendation on money alone.
        why: The same in words.
        other_reasons: What else may justify tuning, in words.
    """

    against: str
    tuned: str
    saved_per_call_usd: float
    times_cheaper: float
    monthly_usd: Interval
    first_usd: float
    break_even_months: Interval | None
    calls_needed: float | None
    months_left: float | None
    pays: bool
    why: tuple[str, ...]
    other_reasons: tuple[str, ...] = ()


def estimate_roi(
    prompted: Sequence[CostModel],
    tuned: CostModel,
    calls: Interval,
    costs: TuningCosts,
    months_left: float | None = None,
    spare_months: float = SPARE_MONTHS,
) -> Roi:
    """Estimates what tuning saves a month and when it has paid for itself.

    `calls` are requests a month. It is compared with the cheapest prompted model that passes. Where
    none passes, it is compared with the most accurate one, and fewer wrong answers count as saved
    at `costs.wrong_usd`; that needs their accuracies. Tuning never pays where a request does not
    become cheaper in all. Raises InputError if no prompted model passes and none was measured.
    """
    base = _comparison(prompted, tuned)
    saved = _saved_per_call(base, tuned, costs)
    upkeep = costs.monthly_usd(months_left)
    # Most is saved with many calls and a large saving; a loss grows with the calls, hence the sort.
    products = [n * usd for n in (calls.low, calls.high) for usd in (saved.low, saved.high)]
    monthly = Interval(
        min(products) - upkeep, calls.likely * saved.likely - upkeep, max(products) - upkeep
    )
    break_even = _break_even(monthly, costs.first_usd)
    # The volume at which savings cover a twelfth of the first cost and the upkeep each month.
    calls_needed = None
    if saved.likely > 0:
        calls_needed = (costs.first_usd / MAX_PAYBACK_MONTHS + upkeep) / saved.likely

    return Roi(
        against=base.name,
        tuned=tuned.name,
        saved_per_call_usd=saved.likely,
        times_cheaper=base.usd / tuned.usd if tuned.usd > 0 else float("inf"),
        monthly_usd=monthly,
        first_usd=costs.first_usd,
        break_even_months=break_even,
        calls_needed=calls_needed,
        months_left=months_left,
        pays=_pays(break_even, months_left, saved.likely, spare_months),
        why=(
            *_compared(base, tuned),
            *_why(base, tuned, saved.likely, monthly, break_even),
            *_deadline(months_left, spare_months),
        ),
        other_reasons=_other_reasons(base, tuned),
    )


def _comparison(prompted: Sequence[CostModel], tuned: CostModel) -> CostModel:
    """Returns the prompted model that tuning is compared with.

    Against the cheapest that is good enough, not against what happens to run today.
    """
    passing = [model for model in prompted if model.passes]
    if passing:
        return min(passing, key=lambda model: (model.usd, model.name))

    measured = [model for model in prompted if model.accuracy is not None]
    if not measured or tuned.accuracy is None:
        names = [model.name for model in prompted]
        raise InputError(
            f"comparing {tuned.name!r} with prompted ways: none of {names!r} passes the "
            "evaluation; a saving against an answer that is not good enough means nothing: improve "
            "a prompt first"
        )

    return max(measured, key=lambda model: (_likely(model.accuracy), model.name))


def _saved_per_call(base: CostModel, tuned: CostModel, costs: TuningCosts) -> Interval:
    """Returns what a request costs less in USD, wrong answers included where the base fails."""
    cheaper = base.usd - tuned.usd
    if base.passes or base.accuracy is None or tuned.accuracy is None:
        return Interval.around(cheaper)

    right = base.accuracy.likely
    low, likely, high = (
        cheaper + (accuracy - right) * costs.wrong_usd
        for accuracy in (tuned.accuracy.low, tuned.accuracy.likely, tuned.accuracy.high)
    )
    return Interval(low, likely, high)


def _likely(accuracy: Interval | None) -> float:
    return 0.0 if accuracy is None else accuracy.likely


def monthly_text(monthly: Interval, break_even: Interval | None) -> str:
    """Returns what it would save or lose a month, and when it has paid for itself."""
    text = f"it would {monthly_saving(monthly.low, monthly.likely, monthly.high)}"
    if break_even is None:
        return text

    return f"{text}; paid back after {break_even.likely:.1f} months"


def months_until(date: str | None, now: float) -> float | None:
    """Returns the months from `now` (unix seconds) to an ISO date, 0 if past; None without one."""
    if not date:
        return None

    end = datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()
    return max(0.0, (end - now) / MONTH)


def _break_even(monthly: Interval, first_usd: float) -> Interval | None:
    """Returns the months until the first cost is recovered; None if the likely case never does.

    The worst case is infinite where it may lose money.
    """
    if monthly.likely <= 0:
        return None

    slowest = first_usd / monthly.low if monthly.low > 0 else float("inf")
    return Interval(first_usd / monthly.high, first_usd / monthly.likely, slowest)


def _pays(
    break_even: Interval | None, months_left: float | None, saved: float, spare_months: float
) -> bool:
    if saved <= 0 or break_even is None:
        return False

    available = MAX_PAYBACK_MONTHS
    if months_left is not None:
        available = min(MAX_PAYBACK_MONTHS, months_left - spare_months)

    return break_even.likely <= available


def _deadline(months_left: float | None, spare_months: float) -> tuple[str, ...]:
    if months_left is None:
        return ()

    return (
        f"the provider switches the model off in {months_left:.0f} months; training must have paid "
        f"for itself {spare_months:.0f} before that",
    )


def _compared(base: CostModel, tuned: CostModel) -> tuple[str, ...]:
    """Returns what is compared, and where the prices come from."""
    what = "the cheapest prompt that is good enough"
    if not base.measured:
        what = "whose answers nobody has measured yet"
    elif not base.passes:
        what = f"the most accurate prompt ({_likely(base.accuracy):.0%}); none is good enough"

    lines = [f"compared with {base.name}, {what}, at ${base.usd:.6f} a call"]
    sources = [model.source for model in (base, tuned) if model.source]
    if sources:
        lines.append(f"prices: {'; '.join(sources)}")

    return tuple(lines)


def _why(
    base: CostModel,
    tuned: CostModel,
    saved: float,
    monthly: Interval,
    break_even: Interval | None,
) -> tuple[str, ...]:
    if saved <= 0:
        return (
            f"a call would cost ${-saved:.6f} more, so that no number of calls pays",
            monthly_text(monthly, break_even),
        )

    reasons = [f"a call would cost ${saved:.6f} less"]
    if not base.passes:
        reasons = [
            f"a request would cost ${saved:.2f} less, of it ${base.usd - tuned.usd:.6f} for the "
            "call and the rest for fewer wrong answers"
        ]

    reasons.append(monthly_text(monthly, break_even))
    return tuple(reasons)


def _other_reasons(base: CostModel, tuned: CostModel) -> tuple[str, ...]:
    """Returns what money does not show: speed, and privacy."""
    reasons = []
    # A time of 0 is unknown.
    if 0 < tuned.seconds < base.seconds:
        reasons.append(f"answers in {tuned.seconds:.1f} s instead of {base.seconds:.1f} s")
    if tuned.private and not base.private:
        reasons.append("messages would no longer leave your machines")

    return tuple(reasons)
