"""Reads one route folder: front matter and prompt from `route.md`, labelled rows from `examples.jsonl`."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, JsonValue, ValidationError

from router.catalog.version import Frozen, Limits, PromptStep, ReactStep, RetrieveStep, Schema, Step
from router.errors import RouteError

GUIDE = "docs/how-to/route.md"
LARGEST_BYTES = 1_000_000
Visibility = Literal["everyone", "admins"] | tuple[str, ...]


class FrontMatter(Frozen):
    """The keys of `route.md`, as their author wrote them."""

    name: str
    description: str = Field(min_length=1, max_length=300)
    utterances: tuple[str, ...] = Field(min_length=1)
    kind: Literal["prompt", "rag", "tools", "head", "tuned"] = "prompt"
    models: tuple[str, ...] = ()
    role: str = ""
    steps: tuple[Step, ...] = ()
    output: Schema | None = None
    limits: Limits = Limits()
    visibility: Visibility = "everyone"
    adapter: str | None = None
    cache: bool = False


INSIDE: Mapping[str, type[Frozen]] = {
    "limits": Limits,
    "prompt": PromptStep,
    "retrieve": RetrieveStep,
    "react": ReactStep,
}


class Row(Frozen):
    """One line of `examples.jsonl`. Only `train` rows are ever shown to a model; `test` rows measure it."""

    text: str = Field(min_length=1)
    answer: JsonValue = None
    split: Literal["train", "dev", "test"] = "train"
    thread: str = ""
    reasoning: str = ""


class Strict(yaml.SafeLoader):
    """YAML without its traps: no aliases, no duplicate keys, and only `true` and `false` are booleans."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuses aliases: a few hundred bytes of them can stand for millions of values."""
        if self.check_event(yaml.AliasEvent):
            mark = self.get_mark()
            raise yaml.MarkedYAMLError(
                None, None, "aliases are not allowed; write the value out", mark
            )

        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """Refuses a key that stands twice, where YAML would silently keep the last one."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    None, None, f"duplicate key {key.value!r}; keep one", key.start_mark
                )

            seen.add(key.value)

        return super().construct_mapping(node, deep)


_PLAIN = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge")
Strict.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag not in _PLAIN]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Strict.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read_route_file(path: Path) -> tuple[FrontMatter, str]:
    """The checked front matter and the prompt under it. Raises RouteError naming file, key and remedy."""
    head, body = _split(_text(path), path)
    try:
        values = yaml.load(head, Strict)  # noqa: S506  # Strict is a SafeLoader that refuses more
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RouteError(
            f"loading {path}: the front matter cannot be read: {_brief(error)}"
        ) from error

    if not isinstance(values, dict):
        raise RouteError(
            f"loading {path}: expected `key: value` lines between the --- lines, found {values!r:.60}"
        )

    try:
        return FrontMatter.model_validate(values), body.strip()
    except ValidationError as error:
        raise RouteError(f"loading {path}: " + "; ".join(_problems(error, FrontMatter))) from error


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of `examples.jsonl`, none when there is no such file. Raises RouteError naming the line."""
    return tuple(_rows(path)) if path.exists() else ()


def _rows(path: Path) -> Iterator[Row]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue

        try:
            yield Row.model_validate(json.loads(line))
        except json.JSONDecodeError as error:
            raise RouteError(
                f"loading {path}: line {number} is no JSON ({error.msg}, found {line!r:.60}); write one object a line"
            ) from error
        except (ValidationError, RecursionError) as error:
            found = (
                "; ".join(_problems(error, Row))
                if isinstance(error, ValidationError)
                else "nested too deep"
            )

            raise RouteError(f"loading {path}: line {number}: {found}") from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise RouteError(
                f"loading {path}: larger than {LARGEST_BYTES} bytes; a route is a page, move data out of it"
            )

        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RouteError(
            f"loading {path}: cannot be read: {error}; expected a UTF-8 text file"
        ) from error


def _split(text: str, path: Path) -> tuple[str, str]:
    if not text.startswith("---\n"):
        raise RouteError(
            f"loading {path}: found {text[:20]!r} at the start; expected front matter between two --- lines"
        )

    head, line, body = text[4:].partition("\n---\n")
    if not line:
        head, line, body = text[4:].removesuffix("\n").partition("\n---")
        if not line or body:
            raise RouteError(
                f"loading {path}: the front matter has no end; close it with a --- line"
            )

    return head, body


def _problems(error: ValidationError, model: type[Frozen]) -> Iterator[str]:
    for part in error.errors(include_url=False):
        key = ".".join(str(piece) for piece in part["loc"]) or "the whole file"
        if part["type"] == "extra_forbidden":
            inside = model if len(part["loc"]) == 1 else INSIDE.get(str(part["loc"][-2]))
            known = ", ".join(inside.model_fields) if inside else f"the keys in {GUIDE}"
            yield f"key {key!r} is not known; allowed: {known}; rename or remove it"
        elif part["type"] == "missing":
            yield f"key {key!r} is missing; add it, see {GUIDE}"
        else:
            yield f"key {key!r}: {part['msg']}; found {part['input']!r:.60}; see {GUIDE}"


def _brief(error: Exception) -> str:
    """What is wrong in one line, with the line of the file: the front matter begins on its second one."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem and error.problem_mark:
        return f"line {error.problem_mark.line + 2}: {' '.join(error.problem.split())}"
    return " ".join(str(error).split()) or type(error).__name__
