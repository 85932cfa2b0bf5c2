"""Renders a report as Markdown.

It says what was measured, by which rules it was judged, and what training cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ReportBody = Mapping[str, Any]
"""The body of a report, or a part of it: JSON as `evaluate_version` writes it."""
NAMES = {
    "new": "the new version",
    "live": "the live version",
    "prompted": "the best prompt",
    "head": "a linear head",
}
PARTS = ("system", "few_shot", "context", "query", "output")
BILL = {
    "head_cpu_seconds": "{} CPU seconds for a linear head",
    "steps": "{:,} steps",
    "cpu_seconds": "{} CPU seconds",
    "seconds": "{} s by the clock",
    "weights": "{:,} weights",
    "device": "on {}",
    "examples": "{:,} examples",
    "replayed": "{:,} general ones beside them",
    "dataset": "dataset {}",
    "calls": "{:,} calls of models",
    "usd": "${:.6f}",
    "resumed": "{:,} calls paid for by an earlier run",
}
MONEY = ("usd", "usd_uncached", "usd_cached")
COLUMNS = (
    "kind",
    "accuracy",
    "95 %",
    "valid",
    "tokens",
    "cached",
    "p50 ms",
    "p95 ms",
    "USD",
    "USD uncached",
    "USD cached",
)


def report_markdown(route: str, version: str, body: ReportBody) -> str:
    """Returns the report of a version, with the number of rows behind the figures."""
    figures = body["figures"]
    metric = next(iter(figures.values())).get("metric")
    lines = [
        f"# Report: {route} {version}",
        "",
        f"**{'Passed' if body['passed'] else 'Not passed'}** on {body['rows']} "
        f"{rows_description(body)}.",
        "",
        *(f"- {reason}" for reason in body["reasons"]),
        "",
        f"| | {' | '.join(COLUMNS)} |",
        "|---" * (len(COLUMNS) + 1) + "|",
        *(_table_row(name, body) for name in figures),
        "",
        f"Accuracy is the {metric}." if metric else "",
        "",
    ]

    for name, version_figures in figures.items():
        lines.append(f"- Tokens of {NAMES.get(name, name)}: {token_parts(version_figures)}.")

    lines += ["", *_differences(body), "", forgetting_text(body), "", bill_text(body)]
    if body.get("settings"):
        lines += ["", settings_text(body)]

    return "\n".join(lines) + "\n"


def rows_description(body: ReportBody) -> str:
    """Returns what the rows were.

    Unseen ones, or where those were too few the rows that chose the version.
    """
    if body.get("unseen", True):
        return "test rows that no version has seen"

    return "dev rows, which had also chosen it"


def forgetting_text(body: ReportBody) -> str:
    """Returns what the version changed for others on the same model, and the base's own loss."""
    interference = body.get("forgetting")
    if interference is None:
        return "Effect on others: none, because no shared model was changed."

    probes = interference["probes"]
    routes = interference["routes"]
    rows = 0
    changed = 0
    for route in routes.values():
        rows += route["rows"]
        changed += route["changed"]

    text = (
        f"Effect on others, whose requests run without what was trained: {probes['changed_off']} "
        f"of {probes['asked']} general answers and {changed} of {rows} answers of {len(routes)} "
        f"other routes changed. With it, {probes['changed_on']} general answers change and "
        f"{probes['right_on']} are right instead of {probes['right_off']}."
    )

    loss = body["bill"].get("general_loss")
    if loss:
        text += f" Loss on held-out general text: {loss[0]:.2f} without it, {loss[1]:.2f} with it."

    return text


def bill_text(body: ReportBody) -> str:
    """Returns what training or improving the prompt took."""
    bill = body["bill"]
    entries = [text.format(bill[name]) for name, text in BILL.items() if bill.get(name)]
    return "What it took: " + (", ".join(entries) or "nothing") + _reinforcement_text(bill)


def _reinforcement_text(bill: ReportBody) -> str:
    """Returns what reinforcement changed, or why it was not used; empty where there was none."""
    refused = bill.get("rft_refused")
    if refused:
        return f". Reinforcement was not possible: {refused}"

    figures = bill.get("rft")
    if not figures:
        return ""

    text = (
        f". Reinforcement: {figures['before']['right']:.0%} to {figures['after']['right']:.0%} of "
        f"the held-out answers right in {figures['steps']:,} steps and {figures['cpu_seconds']} "
        f"CPU seconds, KL {figures['kl']:.3f} nats a token from the supervised adapter"
    )
    if figures["kl_base"] is not None:
        text += f" and {figures['kl_base']:.2f} from the base"
    if figures["rejected"]:
        text += f"; not used: {figures['rejected']}"

    return text


def token_parts(figures: ReportBody) -> str:
    """Returns the mean tokens of a request by part; parts that are empty are left out."""
    tokens = figures["tokens"]
    entries = []
    for part in PARTS:
        if round(tokens[part]):
            entries.append(f"{part.replace('_', ' ')} {tokens[part]:.0f}")

    return ", ".join(entries)


def settings_text(body: ReportBody) -> str:
    """Returns the settings that differed from their defaults; empty where none did."""
    entries = []
    for name, (value, default) in body.get("settings", {}).items():
        entries.append(f"{name}={value} (not {default})")

    return f"Settings: {', '.join(entries)}" if entries else ""


def format_amount(usd: float | None) -> str:
    """Returns an amount in USD as the reports write it; a dash where there is none."""
    return "–" if usd is None else f"{usd:.6f}"


def _table_row(name: str, body: ReportBody) -> str:
    figures = body["figures"][name]
    low, high = figures["ci95"]
    tokens = sum(figures["tokens"][part] for part in PARTS)
    cells = [
        NAMES.get(name, name),
        body["kinds"][name],
        f"{figures['accuracy']:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{figures['schema_valid']:.1%}",
        f"{tokens:.0f}",
        f"{figures['tokens']['cached']:.0f}",
        f"{figures['p50_ms']:.0f}",
        f"{figures['p95_ms']:.0f}",
        *(format_amount(figures[column]) for column in MONEY),
    ]

    return f"| {' | '.join(cells)} |"


def _paired_counts(difference: Mapping[str, Any]) -> str:
    """Returns the rows that differ and the exact test on them; nothing for an earlier report."""
    if "p" not in difference:
        return ""

    return (
        f"; {difference['better']} rows better, {difference['worse']} worse, "
        f"exact p = {difference['p']:.2g}"
    )


def _differences(body: ReportBody) -> list[str]:
    lines = []
    for name, difference in body["differences"].items():
        low, high = difference["ci95"]
        lines.append(
            f"Against {NAMES.get(name, name)}: {100 * difference['gain']:+.1f} points "
            f"({100 * low:+.1f} to {100 * high:+.1f}, paired{_paired_counts(difference)})."
        )

    return lines
