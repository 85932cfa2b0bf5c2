"""Makes the most of the prompt first: which examples to show, and how tight the shape of the answer can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.catalog import Route
from router.version import PromptStep, Shot, Version
from workers.context import Context
from workers.measure import run_rows, summary

SHOTS = (4, 8)
FEWEST_DEV = 10
CLOSED = 12
"""At most so many different values make a text field a closed list."""
NO_REFLECTION = "no reflection model is set up, so instructions were not rewritten: only examples and shape were tried"


@dataclass(frozen=True, slots=True)
class Optimised:
    """The best prompted version found, and what each way was worth on the dev rows (accuracy 0-1)."""

    version: Version
    tried: Mapping[str, float] = field(default_factory=dict)
    said: str = NO_REFLECTION


def optimise(context: Context, route: Route, live: Version) -> Optimised:
    """The version that did best on the route's own dev rows; the live one where nothing beat it or could be tried.

    Only train rows are shown to a model, only dev rows decide; test rows are left for the proof.
    """
    dev = [row for row in route.rows if row.split == "dev" and row.answer is not None]
    if len(dev) < FEWEST_DEV:
        said = f"the route's file has {len(dev)} dev rows with an answer, {FEWEST_DEV} are needed to compare prompts"
        return Optimised(live, {}, said)
    ways = {"live": live} | variants(route, live)
    tried = {name: float(summary(way, run_rows(context, way, dev))["accuracy"]) for name, way in ways.items()}
    best = max(tried, key=lambda name: (tried[name], name == "live"))
    return Optimised(ways[best], tried)


def variants(route: Route, live: Version) -> dict[str, Version]:
    """The live version with more examples, with a tighter shape, and with both."""
    train = [
        Shot(text=row.text, answer=row.answer, thread=row.thread, reasoning=row.reasoning)
        for row in route.rows
        if row.split == "train" and row.answer is not None
    ]
    *earlier, last = live.steps
    found: dict[str, Version] = {}
    tight = tighter(live.output, [shot.answer for shot in train])
    bases = {"": live} | ({"tighter shape": live.changed(output=tight)} if tight is not None else {})
    for name, base in bases.items():
        if name:
            found[name] = base
        if not isinstance(last, PromptStep):
            continue
        for count in SHOTS:
            if count <= len(train) and count > last.shots:
                steps = (*earlier, last.model_copy(update={"shots": count, "pick": "fixed"}))
                shown = f"{count} examples" + (f", {name}" if name else "")
                found[shown] = base.changed(
                    steps=[step.model_dump() for step in steps], shots=[shot.model_dump() for shot in train[:count]]
                )
    return found


def tighter(output: Mapping[str, Any] | None, answers: Sequence[Any]) -> dict[str, Any] | None:
    """The schema with a closed list for every text field that has few values, each seen often; None if none has."""
    if output is None:
        return None
    parts = dict(output.get("properties", {}))
    changed = False
    for name, part in parts.items():
        values = [answer[name] for answer in answers if isinstance(answer, Mapping) and name in answer]
        kinds = set(map(str, values))
        plain = isinstance(part, Mapping) and part.get("type") == "string" and "enum" not in part
        if plain and kinds and len(kinds) <= CLOSED and len(values) >= 5 * len(kinds):
            parts[name] = {**part, "enum": sorted(kinds)}
            changed = True
    return {**output, "properties": parts} if changed else None
