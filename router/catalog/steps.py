"""The steps of a route file: their default, and the checks that a file must pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from router.catalog.output_schema import strict_schema
from router.catalog.route_file import ExampleRow, FrontMatter
from router.catalog.version import PromptStep, RetrieveStep, Schema, Shot, Step
from router.kinds import KINDS
from router.text.templates import VARIABLES, check_template


def resolve_steps(front: FrontMatter) -> tuple[Step, ...]:
    """Returns the steps that a file names, or its kind's default, with strict output schemas.

    Raises ValueError when the kind has no default.
    """
    steps: list[Step] = []
    for step in front.steps or _default_steps(front):
        if isinstance(step, PromptStep) and step.output:
            steps.append(step.model_copy(update={"output": strict_schema(step.output)}))
        else:
            steps.append(step)

    return tuple(steps)


def check_steps(
    front: FrontMatter, prompt: str, steps: Sequence[Step], output: Schema | None
) -> None:
    """Raises ValueError when a step would fail later for a reason that the file shows."""
    required = KINDS[front.kind].required_step
    if required is not None and all(step.do != required for step in steps):
        raise ValueError(
            f"key 'steps': kind {front.kind!r} needs a {required} step; see docs/how-to/route.md"
        )

    # A fine-tuned model may have learnt its instructions.
    may_be_empty = KINDS[front.kind].takes_adapter
    if not prompt.strip() and not front.role.strip() and not may_be_empty:
        raise ValueError("the prompt is empty; write it under the second --- line")

    # A ReAct loop ends with an answer of its own.
    if required != "react" and not isinstance(steps[-1], PromptStep):
        raise ValueError("key 'steps': the last step makes the answer; end with {do: prompt}")

    names: list[str] = []
    _check_text("role", front.role, names)

    for number, step in enumerate(steps, start=1):
        if not isinstance(step, PromptStep):
            continue

        if number < len(steps) and not step.into:
            raise ValueError(
                f"key 'steps': the result of step {number} is lost; name it with `into`"
            )

        _check_prompt_step(step, prompt, names, step.output or output)
        if step.into:
            names.append(step.into)


def select_shots(rows: Sequence[ExampleRow], steps: Iterable[Step]) -> tuple[Shot, ...]:
    """Returns the examples that some step may show, in file order; never a dev or test row.

    Raises ValueError when a step wants examples and there are none.
    """
    shots = []
    for row in rows:
        if row.split == "train" and row.answer is not None:
            shot = Shot(
                text=row.text, answer=row.answer, thread=row.thread, reasoning=row.reasoning
            )
            shots.append(shot)

    few_shot_steps = [step for step in steps if isinstance(step, PromptStep) and step.shots]
    if few_shot_steps and not shots:
        raise ValueError(
            "key 'steps': shots need examples; add train rows with an answer to examples.jsonl"
        )

    if any(step.pick == "nearest" for step in few_shot_steps):
        return tuple(shots)

    shown = max((step.shots for step in few_shot_steps), default=0)
    return tuple(shots[:shown])


def _default_steps(front: FrontMatter) -> tuple[Step, ...]:
    required = KINDS[front.kind].required_step
    if required == "retrieve":
        return (RetrieveStep(do="retrieve"), PromptStep())

    if required == "react":
        raise ValueError(
            f"key 'steps' is missing; a {front.kind} route needs one like "
            "{do: react, tools: [calculator]}"
        )

    return (PromptStep(),)


def _check_prompt_step(
    step: PromptStep, prompt: str, names: Sequence[str], output: Schema | None
) -> None:
    """Checks one step. `names` are the results of earlier steps, `output` is its schema."""
    if step.prompt:
        _check_text("steps", step.prompt, names)
    else:
        _check_text("prompt under the second --- line", prompt, names)

    _check_text("steps", step.ask, names)
    _check_output_fields(step, output)

    if step.into in {*VARIABLES, *names}:
        raise ValueError(
            f"key 'steps': the name {step.into!r} is taken; give each `into` a name of its own"
        )


def _check_text(key: str, source: str, names: Sequence[str]) -> None:
    try:
        check_template(source, names)
    except ValueError as error:
        place = f"key {key!r}" if " " not in key else f"the {key}"
        raise ValueError(f"{place}: {error}") from error


def _check_output_fields(step: PromptStep, output: Schema | None) -> None:
    properties = (output or {}).get("properties")
    fields = list(properties) if isinstance(properties, dict) else []

    if step.vote is not None and step.vote not in fields:
        raise ValueError(
            f"key 'steps': vote {step.vote!r} is no field of the output; "
            f"fields: {', '.join(fields) or 'none'}"
        )

    if step.reasoning == "field" and not fields:
        raise ValueError(
            "key 'steps': reasoning: field needs an output schema; "
            "use reasoning: call for free text"
        )

    if step.reasoning == "field" and "reasoning" in fields:
        raise ValueError(
            "key 'steps': the output has a field 'reasoning' already; "
            "leave `reasoning` out of the step"
        )
