"""A report as Markdown: what was measured, by which rules it was judged, what training took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def markdown(route: str, version: str, body: Mapping[str, Any]) -> str:
    """The report of a version; every figure says on how many rows it stands."""
    lines = [
        f"# Report: {route} {version}",
        "",
        f"**{'Passed' if body['passed'] else 'Not passed'}** on {body['rows']} {rows_of(body)}.",
        "",
        *(f"- {reason}" for reason in body["reasons"]),
        "",
        "| | kind | accuracy | 95 % | valid | tokens | cached | p50 ms | p95 ms | USD | USD uncached | USD cached |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(name, body) for name in body["figures"]),
        "",
        f"Accuracy is the {metric}."
        if (metric := next(iter(body["figures"].values())).get("metric"))
        else "",
        "",
        *(
            f"- Tokens of {NAMES.get(name, name)}: {parts(one)}."
            for name, one in body["figures"].items()
        ),
        "",
        *_differences(body),
        "",
        forgetting(body),
        "",
        bill(body),
        *(["", under(body)] if body.get("settings") else []),
    ]
    return "\n".join(lines) + "\n"


def rows_of(body: Mapping[str, Any]) -> str:
    """What the rows were: where there were too few others they are those that had chosen the version."""
    return (
        "test rows that no version has seen"
        if body.get("unseen", True)
        else "dev rows, which had also chosen it"
    )


def forgetting(body: Mapping[str, Any]) -> str:
    """What the version did to others that use the same model, and how far its own adapter moved the base, in words."""
    found = body.get("forgetting")
    if found is None:
        return "Forgetting: no model that others use was changed."

    probes, routes = found["probes"], found["routes"]
    rows = sum(one["rows"] for one in routes.values())
    moved = sum(one["changed"] for one in routes.values())
    told = (
        f"Forgetting, with the adapter off as it is for everybody else: {probes['changed_off']} of {probes['asked']} "
        f"general answers and {moved} of {rows} answers of {len(routes)} other routes changed. With it on, "
        f"{probes['changed_on']} general answers changed and {probes['right_on']} are right instead of "
        f"{probes['right_off']}."
    )

    loss = body["bill"].get("general_loss")
    return told + (
        f" Loss on held-out general text: {loss[0]:.2f} without it, {loss[1]:.2f} with it."
        if loss
        else ""
    )


def bill(body: Mapping[str, Any]) -> str:
    """What training or improving the prompt took."""
    known = [
        said.format(body["bill"][name]) for name, said in BILL.items() if body["bill"].get(name)
    ]
    return "What it took: " + (", ".join(known) or "nothing")


def parts(one: Mapping[str, Any]) -> str:
    """The mean tokens of a request, by part; parts that are empty are left out."""
    tokens = one["tokens"]
    return ", ".join(
        f"{part.replace('_', ' ')} {tokens[part]:.0f}" for part in PARTS if round(tokens[part])
    )


def under(body: Mapping[str, Any]) -> str:
    """The settings under which it was made, where they are not the usual ones; empty where all are."""
    said = ", ".join(
        f"{name}={new} (not {usual})" for name, (new, usual) in body.get("settings", {}).items()
    )
    return f"Settings: {said}" if said else ""


def usd(value: float | None) -> str:
    """An amount as the reports write it; a dash where there is none."""
    return "–" if value is None else f"{value:.6f}"


def _row(name: str, body: Mapping[str, Any]) -> str:
    one = body["figures"][name]
    low, high = one["ci95"]
    tokens = sum(one["tokens"][part] for part in PARTS)
    cells = [
        NAMES.get(name, name),
        body["kinds"][name],
        f"{one['accuracy']:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{one['schema_valid']:.1%}",
        f"{tokens:.0f}",
        f"{one['tokens']['cached']:.0f}",
        f"{one['p50_ms']:.0f}",
        f"{one['p95_ms']:.0f}",
        *(usd(one[name]) for name in MONEY),
    ]

    return f"| {' | '.join(cells)} |"


def _differences(body: Mapping[str, Any]) -> list[str]:
    found = []
    for name, one in body["differences"].items():
        low, high = one["ci95"]
        found.append(
            f"Against {NAMES.get(name, name)}: {100 * one['gain']:+.1f} points "
            f"({100 * low:+.1f} to {100 * high:+.1f}, paired)."
        )

    return found
