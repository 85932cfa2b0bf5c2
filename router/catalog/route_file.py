"""Reads the files of a route folder: `route.md` with front matter and prompt, `examples.jsonl`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, JsonValue, ValidationError, model_validator

from router.catalog.actions import MAX_ACTIONS, SendAction
from router.catalog.reward import RewardCheck
from router.catalog.version import (
    FrozenModel,
    Grounding,
    PromptStep,
    ReactStep,
    RequestLimits,
    RetrieveStep,
    Schema,
    Step,
)
from router.errors import RouteError
from router.kinds import Kind
from router.speech.acts import ACTS, Act
from router.text.strict_yaml import load_yaml

GUIDE = "docs/how-to/route.md"
MAX_BYTES = 1_000_000
MAX_TIERS = 5
Visibility = Literal["everyone", "admins"] | tuple[str, ...]


class TierKeys(FrozenModel):
    """One tier of a route: what distinguishes it; everything else is the route's own.

    `usd` is what an answer costs, where its author knows; it is measured anyway. `output_tokens`
    replaces that of the route's limits: time and money belong to the request and are shared.
    `prompt` replaces the text below the front matter. A tier with `needs_larger_model` is left out
    where no other model than the included one is set, one with `without_larger_model` where there
    is one: it stands in for what that model does better.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,19}$")
    usd: float | None = Field(None, ge=0)
    kind: Kind | None = None
    models: tuple[str, ...] | None = None
    role: str | None = None
    steps: tuple[Step, ...] | None = None
    adapter: str | None = None
    prompt: str | None = Field(None, min_length=1)
    needs_larger_model: bool = False
    without_larger_model: bool = False
    output_tokens: int | None = Field(None, ge=1, le=8000)


class FrontMatter(FrozenModel):
    """The keys of `route.md` as their author wrote them."""

    name: str
    description: str = Field(min_length=1, max_length=300)
    note: str = Field("", max_length=200)
    utterances: tuple[str, ...] = Field(min_length=1)
    kind: Kind = "prompt"
    models: tuple[str, ...] = ()
    role: str = ""
    steps: tuple[Step, ...] = ()
    output: Schema | None = None
    limits: RequestLimits = RequestLimits()
    visibility: Visibility = "everyone"
    adapter: str | None = None
    cache: bool = False
    vision: bool | None = None
    needs_text: bool = False
    grounding: Grounding | None = None
    extractive: bool = False
    needs_knowledge: bool = False
    needs_larger_model: bool = False
    tiers: tuple[TierKeys, ...] = Field((), max_length=MAX_TIERS)
    target: float | None = Field(None, gt=0, le=1)
    reward: tuple[RewardCheck, ...] = Field((), max_length=10)
    actions: tuple[SendAction, ...] = Field((), max_length=MAX_ACTIONS)
    acts: tuple[Act, ...] = Field(ACTS, min_length=1)
    counterexamples: tuple[str, ...] = ()


NESTED_MODELS: Mapping[str, type[BaseModel]] = {
    "limits": RequestLimits,
    "tiers": TierKeys,
    "reward": RewardCheck,
    "actions": SendAction,
    "prompt": PromptStep,
    "retrieve": RetrieveStep,
    "react": ReactStep,
}
"""The model behind each nested part, by the name that pydantic has for it in an error's place."""


class ExampleRow(FrozenModel):
    """One line of `examples.jsonl`. Models see only `train` rows; `test` rows measure them.

    A `counterexample` is a message that looks like the route's own and that no route serves.
    """

    text: str = Field(min_length=1)
    answer: JsonValue = None
    split: Literal["train", "dev", "test"] = "train"
    thread: str = ""
    reasoning: str = ""
    counterexample: bool = False

    @model_validator(mode="after")
    def _has_no_answer_if_it_is_not_served(self) -> Self:
        if self.counterexample and (self.answer is not None or self.split != "train"):
            raise ValueError("a counterexample is a train row without an answer")

        return self


def read_route_file(path: Path) -> tuple[FrontMatter, str]:
    """Returns the checked front matter and the prompt below it.

    Raises RouteError naming the file, the key and the remedy.
    """
    head, body = _split_front_matter(_read_text(path), path)
    try:
        # The front matter begins on the file's second line.
        values = load_yaml(head, first_line=2)
    except ValueError as error:
        raise RouteError(f"loading {path}: the front matter cannot be read: {error}") from error

    if not isinstance(values, dict):
        raise RouteError(
            f"loading {path}: expected `key: value` lines between the --- lines, "
            f"found {values!r:.60}"
        )

    try:
        return FrontMatter.model_validate(values), body.strip()
    except ValidationError as error:
        raise RouteError(f"loading {path}: " + "; ".join(_problems(error, FrontMatter))) from error


def read_rows(path: Path) -> tuple[ExampleRow, ...]:
    """Returns the rows of `examples.jsonl`, none when the file is missing.

    Raises RouteError naming the line that cannot be used.
    """
    if not path.exists():
        return ()

    rows = []
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if line.strip():
            rows.append(_parse_row(path, number, line))

    return tuple(rows)


def _parse_row(path: Path, number: int, line: str) -> ExampleRow:
    place = f"loading {path}: line {number}"
    try:
        return ExampleRow.model_validate(_parse_json(line))
    except json.JSONDecodeError as error:
        raise RouteError(
            f"{place} is no JSON ({error.msg}, found {line!r:.60}); write one object a line"
        ) from error
    except ValidationError as error:
        raise RouteError(f"{place}: " + "; ".join(_problems(error, ExampleRow))) from error
    except RecursionError as error:
        raise RouteError(f"{place}: nested too deep") from error
    except ValueError as error:
        # A number of thousands of digits, or NaN, which JSON does not have.
        raise RouteError(f"{place} is no JSON ({error}); write plain numbers") from error


def _parse_json(line: str) -> object:
    """Returns the value; NaN and numbers beyond every float, which no store keeps, are refused."""
    return json.loads(line, parse_constant=_finite, parse_float=_finite)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits:.20} is no finite number")

    return number


def _read_text(path: Path) -> str:
    try:
        # A file of gigabytes must not reach memory, so its size is checked before it is read.
        if path.stat().st_size > MAX_BYTES:
            raise RouteError(
                f"loading {path}: larger than {MAX_BYTES} bytes; a route is a page, "
                "move data out of it"
            )

        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RouteError(
            f"loading {path}: cannot be read: {error}; expected a UTF-8 text file"
        ) from error


def _split_front_matter(text: str, path: Path) -> tuple[str, str]:
    """Returns what is between the two --- lines, and what is below them."""
    if not text.startswith("---\n"):
        raise RouteError(
            f"loading {path}: found {text[:20]!r} at the start; "
            "expected front matter between two --- lines"
        )

    text = text.removeprefix("---\n")
    head, end, body = text.partition("\n---\n")
    if end:
        return head, body

    # Without a prompt, the closing line may be the file's last one.
    head, end, body = text.removesuffix("\n").partition("\n---")
    if not end or body:
        raise RouteError(f"loading {path}: the front matter has no end; close it with a --- line")

    return head, body


def _problems(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Yields a sentence for each problem that pydantic found."""
    for part in error.errors(include_url=False):
        location = part["loc"]
        key = ".".join(map(str, location)) or "the whole file"

        if part["type"] == "extra_forbidden":
            # In a list, the number of the item comes between its key and the unknown one.
            parts = [part for part in location[:-1] if isinstance(part, str)]
            owner = NESTED_MODELS.get(parts[-1]) if parts else model
            allowed = ", ".join(owner.model_fields) if owner else f"the keys in {GUIDE}"
            yield f"key {key!r} is not known; allowed: {allowed}; rename or remove it"
        elif part["type"] == "missing":
            yield f"key {key!r} is missing; add it, see {GUIDE}"
        else:
            yield f"key {key!r}: {part['msg']}; found {part['input']!r:.60}; see {GUIDE}"
