"""What a route version is: everything that decides an answer, frozen, and named by its hash."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from router.types import Kind

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Variable = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Schema: TypeAlias = dict[str, JsonValue]


class Frozen(BaseModel):
    """A value that never changes and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Frozen):
    """What one request may take: seconds and USD in all, tokens for each question and each answer of the model.

    A longer message is cut in the middle; `input_tokens` counts three characters as one.
    """

    seconds: float = Field(30.0, gt=0, le=600)
    input_tokens: int = Field(1000, ge=50, le=200_000)
    output_tokens: int = Field(300, ge=1, le=8000)
    usd: float = Field(0.05, ge=0)


class Shot(Frozen):
    """An example that may be shown to a model: the message, the right answer and, if written, the way to it."""

    text: str
    answer: JsonValue
    thread: str = ""
    reasoning: str = ""


class PromptStep(Frozen):
    """One question to a model.

    `shots` is how many examples of the train split it sees, `pick` which ones. `reasoning` makes
    the model think before it answers: in a `field` ahead of the answer inside the schema, or in a
    `call` of its own. `samples` asks that often and takes the answer whose `vote` field has the
    most votes. `into` names the result for later steps.
    """

    do: Literal["prompt"] = "prompt"
    into: Variable | None = None
    prompt: str = ""
    ask: str = "{{ message }}"
    shots: int = Field(0, ge=0, le=50)
    pick: Literal["fixed", "nearest"] = "fixed"
    reasoning: Literal["none", "field", "call"] = "none"
    samples: int = Field(1, ge=1, le=15)
    vote: str | None = None
    output: Schema | None = None

    @model_validator(mode="after")
    def _votes_need_a_field(self) -> PromptStep:
        if (self.samples > 1) != (self.vote is not None):
            raise ValueError(
                "samples above 1 and vote belong together: vote names the output field that is counted"
            )

        return self


class RetrieveStep(Frozen):
    """The `top` passages for the message, read from the team's documents; later steps see them as `passages`."""

    do: Literal["retrieve"]
    top: int = Field(6, ge=1, le=20)


class ReactStep(Frozen):
    """The named tools may be used, at most `max_steps` times, before the answer; with `must_use` once at least."""

    do: Literal["react"]
    tools: tuple[str, ...] = Field(min_length=1)
    max_steps: int = Field(4, ge=1, le=8)
    must_use: bool = False


Step = Annotated[PromptStep | RetrieveStep | ReactStep, Field(discriminator="do")]


class Version(Frozen):
    """One immutable way to serve a route. Equal ids mean equal behaviour; the store decides which one is live.

    `models` are tried in order (none: the model of the settings). `shots` holds the examples that
    steps may show. `adapter` names a LoRA, its file's hash included; a tuned version's first model
    carries it. `cache` lets identical calls be answered from memory. `output` is the JSON Schema of
    the answer, None for free text.
    """

    id: str = Field("", pattern=r"^([0-9a-f]{12})?$")
    route: Name
    kind: Kind
    models: tuple[str, ...] = ()
    steps: tuple[Step, ...] = Field((PromptStep(),), min_length=1)
    output: Schema | None = None
    role: str = ""
    prompt: str = ""
    shots: tuple[Shot, ...] = ()
    limits: Limits = Limits()
    adapter: str | None = None
    cache: bool = False

    @model_validator(mode="after")
    def _named_by_content(self) -> Version:
        found = self._hash()
        if self.id and self.id != found:
            raise ValueError(
                f"id {self.id!r} does not match the content, which is {found!r}; do not edit a version"
            )

        object.__setattr__(self, "id", found)
        return self

    def changed(self, **values: Any) -> Version:
        """Another version: this one with `values` in place of its own, under the id that belongs to them."""
        return Version.model_validate(self.model_dump() | {"id": ""} | values)

    def _hash(self) -> str:
        body = self.model_dump(mode="json", exclude={"id", "route"})
        for step in body["steps"]:
            # A key that came later and is left out must not rename the versions that were stored
            # before it.
            if step.get("must_use") is False:
                del step["must_use"]

        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
