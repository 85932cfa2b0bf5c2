"""A training's plan as text for a terminal."""

from __future__ import annotations

from router.text.printable import counted
from workers.training.plan import TrainingPlan
from workers.training.plan.memory import Span
from workers.training.plan.serving import Serving

PARTS = {
    "weights": "weights",
    "gradients": "gradients",
    "optimiser": "optimiser",
    "activations": "activations",
    "kv": "cache of sampled answers",
}


def plan_text(plan: TrainingPlan, serving: Serving) -> str:
    """Returns the plan, a line for each figure."""
    body = plan.as_dict()
    rows = counted(plan.rows, "example")
    lines = [
        f"{plan.method} on {plan.base}, {rows} (usually {_span(plan.rows_needed)})",
        f"  trains {_span(plan.trainable_parameters)} of {plan.parameters:,.0f} parameters",
        f"  memory {_span(plan.memory.total)} GB:",
    ]
    for part, name in PARTS.items():
        low, high = body["memory_parts_gb"][part]
        if high:
            lines.append(f"    {name} {_span((low, high))} GB")

    lines += [
        f"  cards of {plan.card.name}: {_span(plan.gpus)}",
        f"  {_span(plan.hours)} hours a run; {_span(plan.runs)} runs until one is kept",
        f"  ${_span(plan.usd)} in all",
    ]
    for way, usd in serving.ways:
        lines.append(f"  serving {way}: ${usd:,.0f} a month")

    if serving.break_even_months is None:
        lines.append(f"  it never pays for itself against {serving.against} with a long prompt")
    else:
        months = _span(serving.break_even_months)
        lines.append(f"  paid for after {months} months against {serving.against}")

    lines.append("Ranges are arithmetic and no quotation; docs/tuning.md has the sources.")
    return "\n".join(lines)


def _span(span: Span) -> str:
    low, high = (f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in span)
    return low if low == high else f"{low} to {high}"
