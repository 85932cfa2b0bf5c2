"""Renders the essay's figures: a table for the terminal, a page with chart for the docs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.routes.ladder_chart import chart

COMPARISON = "comparison"
"""The section of the page that compares the contenders."""
HEADS = (
    "contender",
    "accuracy",
    "95 % interval",
    "prompt tokens",
    "USD per 1,000",
    "CPU ms",
    "p50 ms",
)
CHART_NOTE = "Whiskers: 95 % interval. Latency without prefix caching."


def table(report: Mapping[str, Any]) -> str:
    """Returns a Markdown table of the contenders, then ratios and training costs."""
    lines = [f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS)]
    lines += [f"| {' | '.join(_cells(contender))} |" for contender in report["contenders"]]
    return "\n".join([*lines, "", *ratios(report), *_training_costs(report)])


def ratios(report: Mapping[str, Any]) -> list[str]:
    """Compares the tuned with the prompted model, with and without prefix caching."""
    by_name = {contender["name"]: contender for contender in report["contenders"]}
    prompted, tuned = by_name["prompted"], by_name["tuned"]
    return [
        "Tuned against prompted: "
        f"{prompted['prompt_tokens'] / tuned['prompt_tokens']:.0f}x fewer prompt tokens, "
        f"{prompted['cpu_ms'] / tuned['cpu_ms']:.1f}x less server CPU and "
        f"{prompted['p50_ms'] / tuned['p50_ms']:.1f}x faster without prefix caching; "
        f"{prompted['cpu_ms_cached'] / tuned['cpu_ms_cached']:.1f}x less CPU "
        "once the shared prefix is cached "
        f"({prompted['cpu_ms_cached']:.0f} against {tuned['cpu_ms_cached']:.0f} ms)."
    ]


def write(path: Path, report: Mapping[str, Any]) -> None:
    """Writes the page to `path` and the chart to `images/essay.svg` beside it."""
    picture = path.parent / "images" / "essay.svg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(chart(_chart_data(report)), "utf-8")
    write_section(path, COMPARISON, _page(report).rstrip())


def write_section(path: Path, name: str, text: str) -> None:
    """Replaces the section `name` of a Markdown page, or adds it at the end.

    The other sections stay, so that each part of the page can be run again alone.
    """
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    body = path.read_text("utf-8") if path.is_file() else ""
    before, found, rest = body.partition(start)
    _, _, after = rest.partition(end)
    if not found:
        before, after = body, ""
        if body:
            before = body.rstrip() + "\n\n"

    path.write_text(f"{before}{start}\n{text}\n{end}{after.rstrip()}\n", "utf-8")


def _page(report: Mapping[str, Any]) -> str:
    rows, labels = report["rows"], report["labels"]
    option = f" {report['options']}" if report["options"] else ""
    frontier = report["frontier"] or "no frontier model was asked, because no key was set"

    return f"""# The essay's claim, measured

The claim: on a narrow, repeated, structured task a small tuned model comes \
close to a large prompted one at a fraction
of its cost. This page is written by \
`beagle eval essay {report["data"]}{option} --page docs/essay.md`.

{report["data"]}: {labels} labels, {rows["train"]} training rows, \
{rows["dev"]} dev rows, {rows["test"]} test rows, seed
{report["seed"]}. Local base: {report["base"]}; frontier: {frontier}.
{report["machine"]}, {report["date"]}. A processor hour is counted as ${report["usd_per_cpu_hour"]}.

![Accuracy by contender](images/essay.svg)

{table(report)}

## How to read it

- **Look at the head first.** A linear head on sentence vectors chooses \
one label of a closed set for a fraction of any
  language model's cost. A rollout therefore trains the head first and prefers it where it is \
as good. A tuned model is
  worth its cost where the answer has slots or free text.
- **Prefix caching changes the comparison.** A server that caches prompts \
reads the shared part of a long prompt once.
  Then most of the tuned model's advantage in processor time is gone; \
the line below the table has both ratios.
- Processor time is the server's own, the median per request. Latency on a busy machine \
is pessimistic. CPU and p50 in
  the table are without prefix caching.
- Limits: no frontier model unless one is named above, no other tasks, one seed.
"""


def _chart_data(report: Mapping[str, Any]) -> dict[str, Any]:
    rungs = [
        {
            **contender,
            "tokens": {"query": contender["prompt_tokens"]},
            "kept": contender["name"] == "tuned",
        }
        for contender in report["contenders"]
    ]
    title = f"{report['data']}: {report['labels']} labels, {report['rows']['test']} test rows"
    return {"rungs": rungs, "title": title, "note": CHART_NOTE}


def _cells(contender: Mapping[str, Any]) -> list[str]:
    low, high = contender["ci95"]
    return [
        contender["name"],
        f"{contender['accuracy']:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{contender['prompt_tokens']:.0f}",
        _number(contender["usd_per_1k"], ".4f"),
        _number(contender["cpu_ms"], ".0f"),
        _number(contender["p50_ms"], ".0f"),
    ]


def _number(value: float | None, form: str) -> str:
    return "not known" if value is None else format(value, form)


def _training_costs(report: Mapping[str, Any]) -> list[str]:
    return [
        f"Training {name}: {bill['cpu_seconds']:.0f} CPU seconds, "
        f"{bill['seconds']:.0f} s, {bill['steps']} steps, "
        f"{bill['parameters']:,} weights, on {bill['device']}."
        for name, bill in report["training"].items()
    ]
