"""What a tuned version did to others that use the same model: general questions, and every other route's own rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.catalog.catalog import builtin_routes_folder, load_routes
from router.catalog.route_file import Row
from router.catalog.version import Version
from workers.context import Context
from workers.evaluation.run import run_rows
from workers.llm.gateway import LOCAL
from workers.ports import Call, Model, Reply

PROBE_TOKENS = 24
PROBES: Mapping[str, tuple[str, ...]] = {
    "What is the capital of France?": ("paris",),
    "Is a whale a fish?": ("no", "mammal"),
    "Name three colours.": ("red", "blue", "green", "yellow"),
    "Finish the sentence: Roses are red,": ("violets",),
    "What does a message queue do?": ("message",),
    "Translate into German: good morning": ("guten",),
    "Give a short definition of gravity.": ("force",),
    "Write one polite sentence that thanks a colleague.": ("thank",),
    "What is the opposite of small?": ("large", "big"),
    "Which planet do we live on?": ("earth",),
    "What is the largest ocean?": ("pacific",),
    "How many legs does a spider have?": ("8", "eight"),
    "What do we call frozen water?": ("ice",),
    "Who wrote Romeo and Juliet?": ("shakespeare",),
    "What is the plural of mouse?": ("mice",),
    "Name a language that is spoken in Brazil.": ("portuguese",),
}
"""General questions, and what stands in a right answer: a small model gets only some of them
right."""
KINDS = ("prompt", "tuned")
"""Routes whose answers come from the model alone. Tools may act and documents may change, so
these are left out."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What others get at one moment, with every adapter off: answers to the probes, and each route's, by its name."""

    probes: Sequence[str]
    routes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Anew:
    """The same model, which reads each prompt anew.

    What a server keeps of earlier prompts is right but rounded otherwise: after some unrelated long
    prompts, without any adapter, 8 of the 16 probes were answered in other words, and none of them
    when read anew.
    """

    model: Model

    def complete(self, call: Call, on_text: Callable[[str], None] | None = None) -> Reply:
        """As the model behind it."""
        return self.model.complete(replace(call, anew=True), on_text)


def look(context: Context, version: Version) -> Seen | None:
    """What others get now; None where `version` has no adapter and so no model that others use is touched.

    Raises ModelError when the local model does not answer.
    """
    if version.kind != "tuned" or version.adapter is None:
        return None

    return Seen(
        probe(context.model), _routes(replace(context, model=Anew(context.model)), version.route)
    )


def probe(model: Model, adapter: str | None = None) -> list[str]:
    """The local model's answers to the general questions, with that adapter on or all of them off."""
    calls = [
        Call(
            [{"role": "user", "content": text}],
            models=(LOCAL,),
            adapter=adapter,
            output_tokens=PROBE_TOKENS,
        )
        for text in PROBES
    ]
    return [Anew(model).complete(call).text for call in calls]


def compared(context: Context, version: Version, before: Seen | None) -> dict[str, Any] | None:
    """The part of a report about forgetting, once the adapter has been used; None where nothing is shared.

    `changed` is the share of all answers to others that are different now with the adapter off,
    0-1. `probes` says how many general questions changed with it off and on, and how many are
    right.
    """
    if before is None:
        return None

    afterwards = [look(context, version)]
    if afterwards[0] != before:
        # Read together with other requests it may still round otherwise; what an adapter changes
        # stays changed.
        afterwards.append(look(context, version))

    looks = [one for one in afterwards if one is not None]
    on = probe(context.model, version.adapter)
    routes = {
        name: {
            "rows": len(said),
            "changed": _changed(said, *(after.routes.get(name, ()) for after in looks)),
        }
        for name, said in before.routes.items()
    }

    moved = _changed(before.probes, *(after.probes for after in looks))
    asked = len(before.probes) + sum(one["rows"] for one in routes.values())
    return {
        "changed": (moved + sum(one["changed"] for one in routes.values())) / asked,
        "probes": {
            "asked": len(before.probes),
            "changed_off": moved,
            "changed_on": _changed(before.probes, on),
            "right_off": right(looks[-1].probes),
            "right_on": right(on),
        },
        "routes": routes,
    }


def right(said: Sequence[str]) -> int:
    """How many answers to the probes have a right word in them."""
    wanted = PROBES.values()
    return sum(
        any(word in text.lower() for word in words)
        for text, words in zip(said, wanted, strict=True)
    )


def _routes(context: Context, but: str) -> dict[str, list[str]]:
    """The first rows of every other route's golden set, answered by its live version on the local model."""
    settings = context.settings
    own = [] if settings.routes is None else [settings.routes]
    found = {}

    for name, route in sorted(load_routes(builtin_routes_folder(), *own).routes.items()):
        stored = context.store.versions.live(name)
        if name == but or stored is None or stored.kind not in KINDS:
            continue

        version = Version.model_validate(dict(stored.body))
        rows = [row for row in route.rows if row.split == "test"][: settings.prove_rows]
        if rows and _local(version, settings.model):
            found[name] = _said(context, version, rows)

    return found


def _local(version: Version, model: str) -> bool:
    return version.adapter is not None or LOCAL in (version.models or (model,))


def _said(context: Context, version: Version, rows: Sequence[Row]) -> list[str]:
    return [
        one.error or "" if one.outcome is None else f"{one.outcome.text}\n{one.outcome.data}"
        for one in run_rows(context, version, rows)
    ]


def _changed(one: Sequence[str], *others: Sequence[str]) -> int:
    """How many answers no look gave again; all of them where a look is missing some."""
    if any(len(other) != len(one) for other in others):
        return len(one)
    return sum(said not in again for said, *again in zip(one, *others, strict=True))
