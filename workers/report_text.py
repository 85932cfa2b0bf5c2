"""A report as Markdown: what was measured, by which rules it was judged, what training took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = {"new": "the new version", "live": "the live version", "prompted": "the best prompt", "head": "a linear head"}
PARTS = ("system", "few_shot", "context", "query", "output")


def markdown(route: str, version: str, body: Mapping[str, Any]) -> str:
    """The report of a version; every figure says on how many rows it stands."""
    lines = [
        f"# Report: {route} {version}",
        "",
        f"**{'Passed' if body['passed'] else 'Not passed'}** on {body['rows']} test rows that no version has seen.",
        "",
        *(f"- {reason}" for reason in body["reasons"]),
        "",
        "| | kind | accuracy | 95 % | valid | tokens | of them cached | p50 ms | p95 ms | USD | USD uncached |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(name, body) for name in body["figures"]),
        "",
        *_differences(body),
        "",
        forgetting(body),
        "",
        "Training: " + (", ".join(f"{name} {value}" for name, value in body["bill"].items()) or "none"),
        *(["", under(body)] if body.get("settings") else []),
    ]
    return "\n".join(lines) + "\n"


def forgetting(body: Mapping[str, Any]) -> str:
    """What the version did to others that use the same model, in a sentence."""
    if body["forgotten"] is None:
        return "Forgetting: no model that others use was changed."
    return (
        f"Forgetting: {body['forgotten']:.0%} of general answers changed with the adapter loaded; "
        "it is off for every request that does not name it."
    )


def under(body: Mapping[str, Any]) -> str:
    """The settings under which it was made, where they are not the usual ones; empty where all are."""
    said = ", ".join(f"{name}={new} (not {usual})" for name, (new, usual) in body.get("settings", {}).items())
    return f"Settings: {said}" if said else ""


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
        f"{one['usd']:.6f}",
        f"{one['usd_uncached']:.6f}",
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
