"""Route folders in, catalogue out: what Beagle can do, and each route's immutable version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType

from pydantic import ValidationError

from router.catalog.output_schema import strict
from router.catalog.route_file import FrontMatter, Row, Visibility, read_route_file, read_rows
from router.catalog.version import (
    Frozen,
    Limits,
    Name,
    PromptStep,
    ReactStep,
    RetrieveStep,
    Schema,
    Shot,
    Step,
    Version,
)
from router.errors import RouteError
from router.text.templates import VARIABLES, check_template
from router.types import Example

__all__ = [
    "Catalog",
    "Limits",
    "PromptStep",
    "ReactStep",
    "RetrieveStep",
    "Route",
    "Shot",
    "Version",
    "builtin_routes_folder",
    "load_routes",
    "read_route",
    "reload",
]


MOST = 2.0
"""How many times the median route's examples one route may teach the router with."""
FEWEST = 30
"""A route may always teach with this many."""


KEPT = "until then the last good version answers"
LEFT_OUT = "until then it is left out"


class Route(Frozen):
    """A named task, as its folder describes it. `utterances` and the train examples teach the router."""

    name: Name
    description: str
    utterances: tuple[str, ...]
    examples: tuple[Example, ...]
    rows: tuple[Row, ...]
    visibility: Visibility
    version: Version
    folder: Path
    adapter: Path | None = None

    def shown_in(self, channel: str, *, admin: bool = False) -> bool:
        """Whether somebody who asks in `channel` may use the route."""
        if self.visibility == "everyone":
            return True
        return admin if self.visibility == "admins" else channel in self.visibility


@dataclass(frozen=True, slots=True)
class Catalog:
    """The routes by name, and a sentence for each folder that could not be read."""

    routes: Mapping[str, Route]
    problems: list[str] = field(default_factory=list)

    def examples(self) -> list[Example]:
        """What the router learns from: utterances and train examples, by route in name order.

        A route with far more examples than the others (those that trained its model, say) teaches
        with an even choice of them: otherwise it would draw every message to itself.
        """
        lessons = [list(_lessons(self.routes[name])) for name in sorted(self.routes)]
        most = max(FEWEST, round(MOST * median(map(len, lessons)))) if lessons else 0
        return [example for of_route in lessons for example in _spread(of_route, most)]

    def adapters(self) -> dict[str, Path]:
        """The LoRA files that the local model server must load, by the name that versions use."""
        found = {route.version.adapter: route.adapter for route in self.routes.values()}
        return {name: path for name, path in found.items() if name and path}


def builtin_routes_folder() -> Path:
    """The routes that come with Beagle."""
    return Path(__file__).parents[1] / "routes"


def load_routes(*folders: Path) -> Catalog:
    """Every route in `folders`; one in a later folder replaces its namesake in an earlier one.

    A broken route is left out, its earlier namesake stays, and `problems` says why. Raises
    RouteError when a folder is not there at all.
    """
    for folder in folders:
        _places(folder)

    return reload(Catalog({}), *folders)


def reload(last: Catalog, *folders: Path) -> Catalog:
    """The catalogue as the folders are now; where a route is broken, the one in `last` stays and `problems` says so.

    The same holds for all routes of a folder that is not there any more.
    """
    routes: dict[str, Route] = {}
    problems: list[str] = []

    for folder in folders:
        try:
            places = _places(folder)
        except RouteError as error:
            problems.append(f"{error}; {KEPT}")
            places = []
            routes |= {
                name: route for name, route in last.routes.items() if route.folder.parent == folder
            }

        for place in places:
            try:
                routes[place.name] = read_route(place)
            except RouteError as error:
                kept = last.routes.get(place.name)
                if kept is not None and kept.folder == place:
                    routes[place.name] = kept

                problems.append(
                    f"{error}; {KEPT if routes.get(place.name) is kept is not None else LEFT_OUT}"
                )

    return Catalog(MappingProxyType(routes), problems)


def read_route(folder: Path) -> Route:
    """The route that `folder` describes. Raises RouteError naming file, key and remedy."""
    path = folder / "route.md"
    front, body = read_route_file(path)
    rows = read_rows(folder / "examples.jsonl")

    if front.name != folder.name:
        raise RouteError(
            f"loading {path}: key 'name' is {front.name!r}, the folder {folder.name!r}; make them equal"
        )

    adapter = _adapter(front, folder)
    try:
        version = _version(front, body, rows, adapter)
        return Route(
            name=front.name,
            description=front.description,
            utterances=front.utterances,
            examples=tuple(Example(row.text, front.name, row.answer, row.split) for row in rows),
            rows=rows,
            visibility=front.visibility,
            version=version,
            folder=folder,
            adapter=adapter,
        )
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, p['loc']))} {p['msg']}".strip()
            for p in error.errors(include_url=False)
        )
        raise RouteError(f"loading {path}: {found}") from error
    except ValueError as error:
        raise RouteError(f"loading {path}: {error}") from error


def _places(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise RouteError(
            f"loading routes: {str(folder)!r} is no folder; expected one with a sub-folder for each route"
        )

    return sorted(
        place
        for place in folder.iterdir()
        if place.is_dir() and not place.name.startswith((".", "_"))
    )


def _lessons(route: Route) -> Iterator[Example]:
    for text in route.utterances:
        yield Example(text, route.name)

    yield from (example for example in route.examples if example.split == "train")


def _spread(examples: list[Example], most: int) -> list[Example]:
    """At most `most` of them, evenly from the whole list, the first one included."""
    if len(examples) <= most:
        return examples
    return [examples[number * len(examples) // most] for number in range(most)]


def _adapter(front: FrontMatter, folder: Path) -> Path | None:
    if (front.kind == "tuned") != (front.adapter is not None) and not (
        front.kind == "tuned" and front.models
    ):
        raise RouteError(
            f"loading {folder / 'route.md'}: kind {front.kind!r} with adapter {front.adapter!r}; "
            "a tuned route names an adapter file or the tuned model, other kinds have no adapter"
        )

    if front.adapter is None:
        return None

    path = folder / front.adapter
    if path.parent != folder or not path.is_file():
        raise RouteError(
            f"loading {folder / 'route.md'}: key 'adapter': found no file {front.adapter!r} beside it; "
            "expected the name of a GGUF LoRA in the same folder"
        )

    return path


def _version(front: FrontMatter, body: str, rows: tuple[Row, ...], adapter: Path | None) -> Version:
    steps = front.steps or _usual_steps(front)
    output = strict(front.output) if front.output is not None else None
    steps = tuple(
        s.model_copy(update={"output": strict(s.output)})
        if isinstance(s, PromptStep) and s.output
        else s
        for s in steps
    )

    _check_steps(front, body, steps, output)
    name = None
    if adapter is not None:
        with adapter.open("rb") as file:
            name = f"{front.name}-{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"

    return Version(
        route=front.name,
        kind=front.kind,
        models=front.models,
        steps=steps,
        output=output,
        role=front.role.strip(),
        prompt=body,
        shots=_shots(rows, steps),
        limits=front.limits,
        adapter=name,
        cache=front.cache,
    )


def _usual_steps(front: FrontMatter) -> tuple[Step, ...]:
    if front.kind == "rag":
        return (RetrieveStep(do="retrieve"), PromptStep())

    if front.kind == "tools":
        raise ValueError(
            "key 'steps' is missing; a tools route needs one like {do: react, tools: [calculator]}"
        )

    return (PromptStep(),)


def _check_steps(
    front: FrontMatter, body: str, steps: tuple[Step, ...], output: Schema | None
) -> None:
    """Raises ValueError when a later step would fail for a reason that can be seen in the file."""
    needed = {"rag": RetrieveStep, "tools": ReactStep}.get(front.kind)
    if needed is not None and not any(isinstance(step, needed) for step in steps):
        raise ValueError(
            f"key 'steps': kind {front.kind!r} needs a {needed.__name__.lower()}; see docs/how-to/route.md"
        )

    if not body.strip() and not front.role.strip() and front.kind != "tuned":
        raise ValueError("the prompt is empty; write it under the second --- line")
    if front.kind != "tools" and not isinstance(steps[-1], PromptStep):
        raise ValueError("key 'steps': the last step makes the answer; end with {do: prompt}")

    known: list[str] = []
    _check_text("role", front.role, known)

    for place, step in enumerate(steps, start=1):
        if not isinstance(step, PromptStep):
            continue

        if place < len(steps) and not step.into:
            raise ValueError(
                f"key 'steps': the result of step {place} is lost; name it with `into`"
            )

        if step.prompt:
            _check_text("steps", step.prompt, known)
        else:
            _check_text("prompt under the second --- line", body, known)

        _check_text("steps", step.ask, known)
        _check_vote(step, step.output or output)

        if step.into:
            if step.into in {*VARIABLES, *known}:
                raise ValueError(
                    f"key 'steps': the name {step.into!r} is taken; give each `into` a name of its own"
                )

            known.append(step.into)


def _check_text(key: str, source: str, known: Sequence[str]) -> None:
    try:
        check_template(source, known)
    except ValueError as error:
        named = f"key {key!r}" if " " not in key else f"the {key}"
        raise ValueError(f"{named}: {error}") from error


def _check_vote(step: PromptStep, output: Schema | None) -> None:
    properties = (output or {}).get("properties")

    names = list(properties) if isinstance(properties, dict) else []
    if step.vote is not None and step.vote not in names:
        raise ValueError(
            f"key 'steps': vote {step.vote!r} is no field of the output; fields: {', '.join(names) or 'none'}"
        )

    if step.reasoning == "field" and not names:
        raise ValueError(
            "key 'steps': reasoning: field needs an output schema; use reasoning: call for free text"
        )

    if step.reasoning == "field" and "reasoning" in names:
        raise ValueError(
            "key 'steps': the output has a field 'reasoning' already; leave `reasoning` out of the step"
        )


def _shots(rows: tuple[Row, ...], steps: tuple[Step, ...]) -> tuple[Shot, ...]:
    """The train rows that some step may show, in file order; never a dev or test row."""
    usable = [
        Shot(text=row.text, answer=row.answer, thread=row.thread, reasoning=row.reasoning)
        for row in rows
        if row.split == "train" and row.answer is not None
    ]

    asking = [step for step in steps if isinstance(step, PromptStep) and step.shots]
    if asking and not usable:
        raise ValueError(
            "key 'steps': shots need examples; add train rows with an answer to examples.jsonl"
        )

    if any(step.pick == "nearest" for step in asking):
        return tuple(usable)

    return tuple(usable[: max((step.shots for step in asking), default=0)])
