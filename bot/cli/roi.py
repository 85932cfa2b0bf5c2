"""`beagle roi`: what tuning would save, and whether the money model still gives the known answers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from router.config import Settings
from router.errors import SettingsError
from workers.llm.litellm_client import LiteLLM
from workers.llm.pricing import Price
from workers.readiness.roi import Range, Roi, Way, work_out
from workers.readiness.roi_check import as_text, check
from workers.readiness.thresholds import effort

DOUBT = 0.25
"""How far a guess of next month's requests may be off, either way."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared: a prompted and a tuned model by their names in litellm, tokens of a call, calls a month."""

    prompted: str
    tuned: str
    input_tokens: int
    output_tokens: int
    pruned_tokens: int
    cached_share: float
    calls: int


def answer(settings: Settings, question: Question, *, as_json: bool) -> tuple[bool, str]:
    """Whether it pays, and the figures in words or as one JSON object."""
    model = LiteLLM(settings.connect_seconds)
    one = Way(
        question.prompted,
        _price(model, question.prompted),
        question.input_tokens,
        question.output_tokens,
        question.cached_share,
    )

    other = Way(
        question.tuned,
        _price(model, question.tuned),
        question.pruned_tokens,
        question.output_tokens,
    )

    roi = work_out([one], other, Range.of(question.calls, DOUBT), effort(settings))
    return roi.pays, json.dumps(asdict(roi)) if as_json else _told(roi)


def check_table(settings: Settings, *, as_json: bool) -> tuple[bool, str]:
    """Whether a table that was worked out by hand still comes out with the prices inside litellm, and the table."""
    lines = check(LiteLLM(settings.connect_seconds).price)
    ok = all(line.ok for line in lines)

    if as_json:
        return ok, json.dumps(
            {"ok": ok, "lines": [{**asdict(line), "ok": line.ok} for line in lines]}
        )

    return ok, as_text(lines)


def _price(model: LiteLLM, name: str) -> Price:
    found = model.price(name)
    if found is None:
        raise SettingsError(
            f"working out the money: litellm's price list has no model {name!r}; use the name that its list has, "
            "such as 'gpt-4o' or 'ft:gpt-4o-mini-2024-07-18'"
        )

    return found


def _told(roi: Roi) -> str:
    """Figures and reasons, one line each."""
    lines = [
        f"{roi.times_cheaper:.1f}x cheaper a call, {'worth tuning' if roi.pays else 'not worth tuning'} on money"
    ]
    lines += [f"  {why}" for why in roi.why]
    low, likely, high = roi.monthly_usd.low, roi.monthly_usd.likely, roi.monthly_usd.high
    lines.append(
        f"  ${low:,.2f} to ${high:,.2f} a month, likely ${likely:,.2f}; ${roi.first_usd:,.2f} before it starts"
    )

    if roi.calls_needed is not None:
        lines.append(f"  pays within a year from {roi.calls_needed:,.0f} calls a month")

    return "\n".join(lines)
