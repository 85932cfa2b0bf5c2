"""A route version: everything that decides an answer, frozen, and named by its hash."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from router.catalog.reward import RewardCheck
from router.kinds import KINDS, Kind, KindTraits

RouteName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Schema: TypeAlias = dict[str, JsonValue]
Grounding: TypeAlias = Literal["words", "figures"]
HASH_DIGITS = 12
INCLUDED_MODEL = "local"
"""The model's name where the included small one answers."""
KNOWLEDGE_TOOL = "knowledge"
"""The tool that searches the documents."""


class FrozenModel(BaseModel):
    """A value that never changes and rejects unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RequestLimits(FrozenModel):
    """The limits of one request.

    `seconds` and `usd` are for the whole request, tokens for each question to the model and each of
    its answers. A longer message is cut in the middle; `input_tokens` counts three characters as
    one token.
    """

    seconds: float = Field(30.0, gt=0, le=600)
    input_tokens: int = Field(1000, ge=50, le=200_000)
    output_tokens: int = Field(300, ge=1, le=8000)
    usd: float = Field(0.05, ge=0)


class Shot(FrozenModel):
    """A few-shot example: the message, the right answer and, if written, the reasoning to it."""

    text: str
    answer: JsonValue
    thread: str = ""
    reasoning: str = ""


class PromptStep(FrozenModel):
    """One question to a model.

    `shots` is how many examples of the train split it shows, `pick` which ones. `reasoning` makes
    the model think before it answers: in a `field` ahead of the answer inside the schema, or in a
    `call` of its own. `samples` above 1 is self-consistency: the model answers that often, and the
    answer whose `vote` field has the majority is taken. `into` names the result for later steps.
    """

    do: Literal["prompt"] = "prompt"
    into: VariableName | None = None
    prompt: str = ""
    ask: str = "{{ message }}"
    shots: int = Field(0, ge=0, le=50)
    pick: Literal["fixed", "nearest"] = "fixed"
    reasoning: Literal["none", "field", "call"] = "none"
    samples: int = Field(1, ge=1, le=15)
    vote: str | None = None
    output: Schema | None = None

    @model_validator(mode="after")
    def _check_vote(self) -> PromptStep:
        if (self.samples > 1) != (self.vote is not None):
            raise ValueError(
                "samples above 1 and vote belong together: vote names the output field that is "
                "counted"
            )

        return self


class RetrieveStep(FrozenModel):
    """Retrieves the `top` passages for the message; later steps see them as `passages`."""

    do: Literal["retrieve"]
    top: int = Field(6, ge=1, le=20)


class ReactStep(FrozenModel):
    """A ReAct loop over the named tools, of at most `max_steps` tool calls before the answer.

    With `must_use` the model has to call a tool at least once.
    """

    do: Literal["react"]
    tools: tuple[str, ...] = Field(min_length=1)
    max_steps: int = Field(4, ge=1, le=8)
    must_use: bool = False


Step = Annotated[PromptStep | RetrieveStep | ReactStep, Field(discriminator="do")]


class Version(FrozenModel):
    """One immutable way to serve a route. Equal ids mean equal behaviour.

    The store decides which version is live. `models` are tried in order (none: the model of the
    settings). `shots` holds the examples that steps may show. `adapter` names a LoRA, its file's
    hash included; a tuned version's first model carries it. `cache` lets identical calls be
    answered from memory. `output` is the JSON Schema of the answer, None for free text.
    `vision` says whether its models take pictures; None for what is known of each model.
    `needs_text` says that it works on a text beside the order, and asks for it where there is none.
    `grounding` says what of an answer must be in the message or its thread, so that nothing is made
    up: its `words` (and its figures), or its `figures` alone; None for neither.
    `extractive` says that where the included model would answer, sentences of the text do.
    `needs_knowledge` says that the answer takes knowledge that the message does not hold: where the
    included model would answer, only documents do.
    `reward` says what makes an answer verifiably right, for reinforcement fine-tuning.
    """

    id: str = Field("", pattern=r"^([0-9a-f]{12})?$")
    route: RouteName
    kind: Kind
    models: tuple[str, ...] = ()
    steps: tuple[Step, ...] = Field((PromptStep(),), min_length=1)
    output: Schema | None = None
    role: str = ""
    prompt: str = ""
    shots: tuple[Shot, ...] = ()
    limits: RequestLimits = RequestLimits()
    adapter: str | None = None
    cache: bool = False
    vision: bool | None = None
    needs_text: bool = False
    grounding: Grounding | None = None
    extractive: bool = False
    needs_knowledge: bool = False
    reward: tuple[RewardCheck, ...] = ()

    @property
    def traits(self) -> KindTraits:
        """The traits of its kind."""
        return KINDS[self.kind]

    @property
    def needs_encoder(self) -> bool:
        """Whether an answer takes vectors: of the message, of examples or of passages."""
        if self.traits.retrieves or not self.traits.calls_model:
            return True
        if self.extractive or self.needs_knowledge:
            return True

        for step in self.steps:
            if isinstance(step, PromptStep) and step.shots and step.pick == "nearest":
                return True
            if isinstance(step, RetrieveStep):
                return True
            if isinstance(step, ReactStep) and KNOWLEDGE_TOOL in step.tools:
                return True

        return False

    @model_validator(mode="after")
    def _set_id(self) -> Version:
        expected = self._content_hash()
        if self.id and self.id != expected:
            raise ValueError(
                f"id {self.id!r} does not match the content, which is {expected!r}; "
                "do not edit a version"
            )

        # The model is frozen, so its one derived field is written past pydantic.
        object.__setattr__(self, "id", expected)
        return self

    def with_changes(self, **values: object) -> Version:
        """Returns another version: this one with `values` in place of its own, and its own id."""
        return Version.model_validate(self.model_dump() | {"id": ""} | values)

    def _content_hash(self) -> str:
        body = self.model_dump(mode="json", exclude={"id", "route"})
        # `vision`, `needs_text`, `grounding`, `extractive`, `needs_knowledge`, `reward` and
        # `must_use` were added later. Left out of the hash at their defaults, they do not rename
        # the versions that were stored before.
        if self.vision is None:
            del body["vision"]
        if not self.needs_text:
            del body["needs_text"]
        if self.grounding is None:
            del body["grounding"]
        if not self.extractive:
            del body["extractive"]
        if not self.needs_knowledge:
            del body["needs_knowledge"]
        if not self.reward:
            del body["reward"]

        for step in body["steps"]:
            if step.get("must_use") is False:
                del step["must_use"]

        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]
