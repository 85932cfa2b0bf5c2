"""Reads a compiled DSPy program's JSON: instructions and demonstrations, without importing DSPy.

DSPy saves a program's state as one object for each predictor, with its signature, its demos, and
the versions of its packages beside them. Names of fields are those of the demos; where there are
none they are taken from the signature's prefixes ("Support Ticket:" is `support_ticket`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.catalog.version import Schema
from router.errors import InputError

MAX_BYTES = 5_000_000
REASONING_FIELDS = ("reasoning", "rationale")
"""What chain of thought adds to a signature, in newer and older releases."""
TEMPLATE_MARKS = ("{{", "{%", "{#")


@dataclass(frozen=True, slots=True)
class DspyPredictor:
    """One predictor: what it is told, its fields in order, and its solved examples by field."""

    name: str
    instructions: str
    fields: tuple[str, ...]
    demos: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class DspyDemo:
    """A demonstration as a route takes it: message, right answer, and the reasoning to it."""

    text: str
    answer: Any
    reasoning: str = ""


def read_program(path: Path) -> list[DspyPredictor]:
    """Returns the predictors of a saved program, in the file's order.

    Raises InputError for a file that is no program, or that has no instructions.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"reading {path}: larger than {MAX_BYTES:,} bytes; a compiled program is smaller"
            )
        body = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"reading {path}: {error}; expected the JSON that a DSPy program's save() writes "
            "(a folder or a .pkl file holds code and is not read)"
        ) from error

    predictors = [_parse(name, state) for name, state in _states(body)]
    if not predictors:
        raise InputError(
            f"reading {path}: found no predictor with a signature; expected the JSON that a DSPy "
            "program's save() writes"
        )

    return predictors


def choose_predictor(predictors: Sequence[DspyPredictor], name: str) -> DspyPredictor:
    """Returns the predictor of that name, or the only one. Raises InputError naming all."""
    known = ", ".join(predictor.name for predictor in predictors)
    chosen = [predictor for predictor in predictors if predictor.name == name]
    if not name and len(predictors) == 1:
        chosen = list(predictors)

    if not chosen:
        raise InputError(
            f"importing a DSPy program: predictor {name!r} of {len(predictors)}; known: {known}; "
            "a route step takes one, so name it with --predictor"
        )

    return chosen[0]


def prompt_of(predictor: DspyPredictor) -> str:
    """Returns the instructions as a route's prompt.

    Raises InputError where they hold template commands, which the prompt would run.
    """
    found = [mark for mark in TEMPLATE_MARKS if mark in predictor.instructions]
    if found:
        raise InputError(
            f"importing predictor {predictor.name!r}: its instructions hold {found[0]!r}, which is "
            "a template command in a route's prompt; rewrite them without it"
        )

    return predictor.instructions


def demos_of(predictor: DspyPredictor, message: str, output: Schema | None) -> list[DspyDemo]:
    """Returns the demonstrations as examples of a route.

    `message` names the field that holds what people write, empty for the first one. With a schema
    an answer has its properties, without one it is the last field's text. Raises InputError for a
    field that is not there.
    """
    field = message or (predictor.fields[0] if predictor.fields else "")
    demos = []
    for number, demo in enumerate(predictor.demos, start=1):
        if not isinstance(demo.get(field), str):
            raise InputError(
                f"importing demonstration {number} of {predictor.name!r}: field {field!r} holds "
                f"{demo.get(field)!r:.40}; known: {', '.join(_names(demo))}; name the field that "
                "holds the message with --message"
            )

        reasoning = ""
        for name in REASONING_FIELDS:
            reasoning = reasoning or str(demo.get(name) or "")

        demos.append(DspyDemo(demo[field], _answer(demo, predictor, output), reasoning))

    return demos


def _answer(demo: Mapping[str, Any], predictor: DspyPredictor, output: Schema | None) -> Any:
    last = predictor.fields[-1]
    if output is None:
        return str(demo.get(last, ""))

    properties = output.get("properties")
    names = list(properties) if isinstance(properties, Mapping) else []
    if all(name in demo for name in names):
        return {name: demo[name] for name in names}

    # A program with one typed output keeps the whole object in its last field.
    value = demo.get(last)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None

    if isinstance(value, Mapping) and all(name in value for name in names):
        return {name: value[name] for name in names}

    missing = ", ".join(name for name in names if name not in demo)
    raise InputError(
        f"importing a demonstration of {predictor.name!r}: it has no {missing}, which the route's "
        f"'output' needs; it has: {', '.join(_names(demo))}"
    )


def _states(body: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields each predictor's state: of a program, or of a single one at the top."""
    if not isinstance(body, Mapping):
        return

    if _is_state(body):
        yield "self", body
        return

    for name, state in body.items():
        if isinstance(state, Mapping) and _is_state(state):
            yield str(name), state


def _is_state(body: Mapping[str, Any]) -> bool:
    return "demos" in body and ("signature" in body or "signature_instructions" in body)


def _parse(name: str, state: Mapping[str, Any]) -> DspyPredictor:
    signature = state.get("signature")
    if not isinstance(signature, Mapping):
        signature = {}

    # Before 2.5 the signature lay flat in the state. Chain of thought had one of its own.
    instructions = signature.get("instructions")
    for key in ("extended_signature_instructions", "signature_instructions"):
        instructions = instructions or state.get(key)

    demos = [demo for demo in state.get("demos") or () if isinstance(demo, Mapping)]
    fields = _names(demos[0]) if demos else _prefixed_names(signature.get("fields"))
    return DspyPredictor(name, str(instructions or "").strip(), tuple(fields), tuple(demos))


def _names(demo: Mapping[str, Any]) -> list[str]:
    """Returns a demonstration's fields; `augmented` only says who wrote it."""
    return [name for name in demo if name != "augmented"]


def _prefixed_names(fields: Any) -> list[str]:
    names = []
    for entry in fields if isinstance(fields, list) else ():
        prefix = str(entry.get("prefix", "")) if isinstance(entry, Mapping) else ""
        names.append(re.sub(r"[^a-z0-9]+", "_", prefix.lower()).strip("_"))

    return names
