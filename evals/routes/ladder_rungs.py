"""The rungs of the ladder: each takes the version below it and adds one technique."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from router.catalog.catalog import Route
from router.catalog.version import PromptStep, Shot, Version
from router.errors import RouteError
from workers.evaluation.metrics import scoring_rule

SHOTS = 6
SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Rung:
    """A prompting technique. With `always` it is kept even if the dev rows do not improve."""

    name: str
    add: Callable[[Version], Version]
    always: bool = False


def rungs(route: Route) -> list[Rung]:
    """Returns the rungs: zero-shot first, the tuned version last where there is one.

    Raises RouteError for a route without a schema.
    """
    if route.version.output is None:
        raise RouteError(
            f"climbing with route {route.name!r}: it answers in free text; "
            "give it an `output` schema"
        )

    own = route.version
    shape = _shape(own.output or {})
    trained = tuple(
        Shot(text=row.text, answer=row.answer, thread=row.thread, reasoning=row.reasoning)
        for row in route.rows
        if row.split == "train" and row.answer is not None
    )

    vote = next(iter(scoring_rule(own.output, route.rows).exact or ()), None)
    ladder = [
        Rung("zero-shot", lambda _: _zero_shot(route, shape), always=True),
        Rung(
            "role and rules",
            lambda v: v.with_changes(role=own.role, prompt=f"{own.prompt}\n\n{shape}"),
        ),
        Rung(
            "few-shot",
            lambda v: _step(v, shots=SHOTS).with_changes(shots=_as_dicts(trained[:SHOTS])),
        ),
        Rung(
            "nearest examples",
            lambda v: _step(v, shots=SHOTS, pick="nearest").with_changes(shots=_as_dicts(trained)),
        ),
        Rung("reasoning first", lambda v: _step(v, reasoning="call")),
        Rung("schema", lambda v: _with_schema(v, own), always=True),
    ]

    if vote is not None:
        ladder.append(
            Rung(f"{SAMPLES} votes on {vote}", lambda v: _step(v, samples=SAMPLES, vote=vote))
        )

    tuned = [version for version in _versions(route) if version.traits.takes_adapter]
    if tuned:
        ladder.append(Rung("tuned", lambda _: tuned[0]))

    return (
        ladder
        if trained
        else [rung for rung in ladder if rung.name not in ("few-shot", "nearest examples")]
    )


def _versions(route: Route) -> list[Version]:
    return [tier.version for tier in route.tiers] or [route.version]


def _zero_shot(route: Route, shape: str) -> Version:
    own = route.version
    instruction = next(step.ask for step in reversed(own.steps) if isinstance(step, PromptStep))
    return Version(
        route=route.name,
        kind="prompt",
        models=own.models,
        steps=(PromptStep(ask=instruction),),
        prompt=f"{_literal(route.description)}\n\n{shape}",
        limits=own.limits,
    )


def _with_schema(version: Version, own: Version) -> Version:
    """Moves the output format from the prompt into constrained decoding."""
    step = version.steps[-1]
    thinking = isinstance(step, PromptStep) and step.reasoning == "call"
    prompt = version.prompt.rpartition("\n\n")[0]

    return _step(version, reasoning="field" if thinking else "none").with_changes(
        output=own.output, prompt=prompt
    )


def _step(version: Version, **values: Any) -> Version:
    *before, last = version.steps
    return version.with_changes(
        steps=[*(s.model_dump() for s in before), last.model_dump() | values]
    )


def _as_dicts(shots: tuple[Shot, ...]) -> list[dict[str, Any]]:
    return [shot.model_dump() for shot in shots]


def _shape(output: Mapping[str, Any]) -> str:
    """Returns the schema as one paragraph of a prompt."""
    fields = "; ".join(f"{name}: {_kind(part)}" for name, part in output["properties"].items())
    return f"Reply with one JSON object and nothing else, with these fields: {_literal(fields)}."


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        return "one of " + ", ".join(map(str, part["enum"]))

    kind = part.get("type", "string")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _literal(text: str) -> str:
    """Returns the text without braces, which a template would interpret."""
    return text.replace("{", "(").replace("}", ")")
