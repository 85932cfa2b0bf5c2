"""Measures interference: what a tuned version changed for others that use the same local model.

The others are the other routes of its workspace.

The probes are general questions, and the test rows of every other route. An answer that changes
although the adapter is off shows catastrophic forgetting, or a server that mixes requests up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from workers.context import Context
from workers.evaluation.run import run_rows
from workers.llm.gateway import LOCAL
from workers.ports import LanguageModel, ModelCall, ModelReply

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
"""General questions, and the words of which one is in a right answer. A small model gets only some
of them right."""


@dataclass(frozen=True, slots=True)
class InterferenceSnapshot:
    """What others get at one moment, with every adapter off.

    `probes` are the answers to the general questions, `routes` each route's answers by its name.
    """

    probes: Sequence[str]
    routes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class UncachedModel:
    """The same model, which reads each prompt whole instead of from the server's prompt cache.

    What a server caches of earlier prompts is right, but rounded differently. Measured without any
    adapter: after some unrelated long prompts, 8 of the 16 probes were answered in other words, and
    none of them without the cache.
    """

    model: LanguageModel

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Calls the model behind it."""
        return self.model.complete(replace(call, skip_prompt_cache=True), on_text)


def snapshot(context: Context, version: Version) -> InterferenceSnapshot | None:
    """Returns what others get now.

    None where `version` has no adapter, so that nothing shared is touched. Raises ModelError when
    the local model does not answer.
    """
    if not version.traits.takes_adapter or version.adapter is None:
        return None

    uncached = replace(context, model=UncachedModel(context.model))
    return InterferenceSnapshot(probe(context.model), _answers_by_route(uncached, version.route))


def probe(model: LanguageModel, adapter: str | None = None) -> list[str]:
    """Returns the local model's answers to the probes, with that adapter on or all adapters off."""
    answers = []
    for question in PROBES:
        call = ModelCall(
            [{"role": "user", "content": question}],
            models=(LOCAL,),
            adapter=adapter,
            output_tokens=PROBE_TOKENS,
        )
        answers.append(UncachedModel(model).complete(call).text)

    return answers


def compare(
    context: Context, version: Version, before: InterferenceSnapshot | None
) -> dict[str, Any] | None:
    """Returns the report's part about forgetting, once the adapter was used.

    None where nothing is shared. `changed` is the share (0-1) of all answers to others that are
    different now with the adapter off. `probes` says how many general questions changed with it off
    and on, and how many are right.
    """
    if before is None:
        return None

    snapshots = [_retake(context, version)]
    if snapshots[0] != before:
        # Batched with other requests, an answer may still be rounded differently once. What an
        # adapter changes stays changed, so only what differs twice counts.
        snapshots.append(_retake(context, version))

    routes = {}
    for name, answers in before.routes.items():
        later = [after.routes.get(name, ()) for after in snapshots]
        routes[name] = {"rows": len(answers), "changed": _count_changed(answers, *later)}

    with_adapter = probe(context.model, version.adapter)
    changed_off = _count_changed(before.probes, *(after.probes for after in snapshots))
    changed = changed_off
    total = len(before.probes)
    for route in routes.values():
        changed += route["changed"]
        total += route["rows"]

    return {
        "changed": changed / total,
        "probes": {
            "asked": len(before.probes),
            "changed_off": changed_off,
            "changed_on": _count_changed(before.probes, with_adapter),
            "right_off": count_right(snapshots[-1].probes),
            "right_on": count_right(with_adapter),
        },
        "routes": routes,
    }


def _retake(context: Context, version: Version) -> InterferenceSnapshot:
    after = snapshot(context, version)
    assert after is not None  # the version had an adapter before, and versions never change
    return after


def count_right(answers: Sequence[str]) -> int:
    """Returns how many answers to the probes have one of the right words in them."""
    right = 0
    for answer, words in zip(answers, PROBES.values(), strict=True):
        right += any(word in answer.lower() for word in words)

    return right


def _answers_by_route(context: Context, excluded_route: str) -> dict[str, list[str]]:
    """Returns the answers of every other live version on the local model to its first test rows."""
    settings = context.settings
    answers = {}

    for name, route in sorted(context.routes_of(context.team).routes.items()):
        stored = context.store.versions.live(context.team, name)
        if name == excluded_route or stored is None:
            continue

        version = Version.model_validate(dict(stored.body))
        if not version.traits.answers_from_message_alone:
            # Tools may act and documents may change, so these routes prove nothing.
            continue

        rows = [row for row in route.rows if row.split == "test"][: settings.interference_rows]
        if rows and _runs_locally(version, settings.model):
            answers[name] = _answers(context, version, rows)

    return answers


def _runs_locally(version: Version, default_model: str) -> bool:
    return version.adapter is not None or LOCAL in (version.models or (default_model,))


def _answers(context: Context, version: Version, rows: Sequence[ExampleRow]) -> list[str]:
    """Returns each row's answer as one text; an error counts as an answer."""
    texts = []
    for result in run_rows(context, version, rows):
        if result.outcome is None:
            texts.append(result.error or "")
        else:
            texts.append(f"{result.outcome.text}\n{result.outcome.data}")

    return texts


def _count_changed(before: Sequence[str], *later: Sequence[str]) -> int:
    """Returns how many answers no later snapshot gave again; all of them where one lacks some."""
    if any(len(answers) != len(before) for answers in later):
        return len(before)

    changed = 0
    for text, *again in zip(before, *later, strict=True):
        changed += text not in again

    return changed
