"""The kinds of route versions, and how they differ: one table for the whole code base.

A new kind is an entry here and a file `workers/paths/<kind>.py`. Code elsewhere asks for a trait,
never for a kind by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["prompt", "rag", "tools", "head", "tuned"]


@dataclass(frozen=True, slots=True)
class KindTraits:
    """What distinguishes a kind. The defaults describe a plain prompt.

    `calls_model`: a language model writes the answer.
    `trained`: training makes its versions, so they have no instructions to rewrite.
    `takes_adapter`: its model may be a LoRA adapter on a local base.
    `retrieves`: answers rest on passages of documents, which not everybody may read.
    `has_side_effects`: its tools may change something, after a person has confirmed.
    `reads_files`: its model is given text files of the message.
    `sees`: its model may be one that takes pictures.
    `required_step`: the step that its versions must have, by the step's `do`.
    """

    calls_model: bool = True
    trained: bool = False
    takes_adapter: bool = False
    retrieves: bool = False
    has_side_effects: bool = False
    reads_files: bool = True
    sees: bool = True
    required_step: Literal["retrieve", "react"] | None = None

    @property
    def answers_from_message_alone(self) -> bool:
        """Whether a model answers from the message: no documents and no tools change the answer."""
        return self.calls_model and not self.retrieves and not self.has_side_effects

    @property
    def is_one_task(self) -> bool:
        """Whether all requests of a route are one prompted task, with answers that can be compared.

        Answers from documents change with the documents; trained versions are done already.
        """
        return not self.trained and not self.retrieves

    @property
    def is_plain_prompt(self) -> bool:
        """Whether it is a prompt and nothing else, so that examples or documents can be added."""
        return self.answers_from_message_alone and not self.trained


KINDS: Mapping[Kind, KindTraits] = MappingProxyType(
    {
        "prompt": KindTraits(),
        "rag": KindTraits(retrieves=True, required_step="retrieve"),
        "tools": KindTraits(has_side_effects=True, required_step="react"),
        "head": KindTraits(calls_model=False, trained=True, reads_files=False, sees=False),
        "tuned": KindTraits(trained=True, takes_adapter=True, sees=False),
    }
)
"""Every kind with its traits. The values of `Kind` are its keys."""


def _kinds_with(has_trait: Callable[[KindTraits], bool]) -> frozenset[str]:
    return frozenset(kind for kind, traits in KINDS.items() if has_trait(traits))


# For kinds that come from the store or from a report as text, or are missing there.
TRAINED_KINDS = _kinds_with(lambda traits: traits.trained)
RETRIEVING_KINDS = _kinds_with(lambda traits: traits.retrieves)
SIDE_EFFECT_KINDS = _kinds_with(lambda traits: traits.has_side_effects)
ONE_TASK_KINDS = _kinds_with(lambda traits: traits.is_one_task)
ADAPTER_KINDS = _kinds_with(lambda traits: traits.takes_adapter)
