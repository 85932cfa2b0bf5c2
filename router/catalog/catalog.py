"""Loads route folders into the catalogue: what Beagle can do, and each route's version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType

from pydantic import ValidationError

from router.catalog.actions import SendAction, check_actions
from router.catalog.output_schema import strict_schema
from router.catalog.reward import check_reward
from router.catalog.route_file import (
    ExampleRow,
    FrontMatter,
    Visibility,
    read_route_file,
    read_rows,
)
from router.catalog.steps import check_steps, resolve_steps, select_shots
from router.catalog.tiers import RouteTier, resolve_tiers
from router.catalog.version import HASH_DIGITS, INCLUDED_MODEL, FrozenModel, RouteName, Version
from router.errors import RouteError
from router.kinds import KINDS
from router.speech.acts import ACTS, Act
from router.types import COUNTEREXAMPLE, NO_ROUTE, Example

MAX_MEDIAN_RATIO = 2.0
"""Times the median route's number of examples that one route may teach the router with."""
MIN_ROUTE_EXAMPLES = 30
"""Examples that a route may always teach the router with."""

KEPT_NOTE = "until then the last good version answers"
SKIPPED_NOTE = "until then it is left out"


class Route(FrozenModel):
    """A named task, as its folder describes it.

    `utterances` and the train examples teach the router; `rows` are all lines of `examples.jsonl`.
    `tiers` are the versions that may answer, the cheapest first; `version` is the last of them, or
    the only one of a route without tiers. `target` is the quality (0-1) that is good enough, None
    for one close to the best tier's. `note` says under an answer what was not done.
    `needs_larger_model` marks a task that the included model mostly gets wrong; `lacks_model` says
    that it takes knowledge, and that no model is set that has any.
    `actions` is how its answers may be passed on. `acts` are the speech acts that it takes, and
    `counterexamples` are near misses: messages that look like its own and that no route serves.
    """

    name: RouteName
    description: str
    utterances: tuple[str, ...]
    examples: tuple[Example, ...]
    rows: tuple[ExampleRow, ...]
    visibility: Visibility
    version: Version
    folder: Path
    adapter: Path | None = None
    tiers: tuple[RouteTier, ...] = ()
    target: float | None = None
    note: str = ""
    needs_larger_model: bool = False
    lacks_model: bool = False
    actions: tuple[SendAction, ...] = ()
    acts: tuple[Act, ...] = ACTS
    counterexamples: tuple[str, ...] = ()

    def is_visible_in(self, channel: str, *, admin: bool = False) -> bool:
        """Returns whether somebody who asks in `channel` may use the route."""
        if self.visibility == "everyone":
            return True
        return admin if self.visibility == "admins" else channel in self.visibility


@dataclass(frozen=True, slots=True)
class Catalog:
    """The routes by name, and a sentence for each folder that could not be read."""

    routes: Mapping[str, Route]
    problems: list[str] = field(default_factory=list)

    def descriptions(self) -> dict[str, str]:
        """Returns each route's description by its name, as a router is trained for them."""
        return {name: route.description for name, route in self.routes.items()}

    def training_examples(self) -> list[Example]:
        """Returns what the router learns from: utterances and train examples, by route name.

        A route with far more examples than the others, such as one that trained its own model, is
        sampled evenly. Otherwise it would attract every message.
        """
        by_route = [_route_training_examples(self.routes[name]) for name in sorted(self.routes)]
        if not by_route:
            return []

        limit = max(MIN_ROUTE_EXAMPLES, round(MAX_MEDIAN_RATIO * median(map(len, by_route))))
        examples = []
        for name, some in zip(sorted(self.routes), by_route, strict=True):
            # Utterances were chosen by hand to show what the route is for; rows are sampled.
            count = min(len(self.routes[name].utterances), limit)
            examples += some[:count]
            examples += _evenly_spaced(some[count:], limit - count)

        for name in sorted(self.routes):
            for text in self.routes[name].counterexamples:
                examples.append(Example(text, NO_ROUTE, name, source=COUNTEREXAMPLE))

        return examples

    def adapter_files(self) -> dict[str, Path]:
        """Returns the LoRA files for the local model server, by the name that versions use."""
        files = {}
        for route in self.routes.values():
            if route.version.adapter and route.adapter:
                files[route.version.adapter] = route.adapter
            for tier in route.tiers:
                if tier.version.adapter and tier.adapter:
                    files[tier.version.adapter] = tier.adapter

        return files


def builtin_routes_folder() -> Path:
    """Returns the folder of the routes that come with Beagle."""
    return Path(__file__).parents[1] / "routes"


def load_routes(*folders: Path, larger_model: bool = True) -> Catalog:
    """Returns every route in `folders`; a later folder's route replaces an earlier namesake.

    Without a `larger_model` than the included one, tiers that need one are left out.

    A broken route is left out, its earlier namesake stays, and `problems` says why. Raises
    RouteError when a folder is missing.
    """
    for folder in folders:
        _route_folders(folder)

    return reload_routes(Catalog({}), *folders, larger_model=larger_model)


def reload_routes(last: Catalog, *folders: Path, larger_model: bool = True) -> Catalog:
    """Returns the catalogue of the folders as they are now.

    `larger_model` is as in `load_routes`. Where a route is broken, the one in `last` stays and
    `problems` says so. The same holds for all routes of a folder that is missing now.
    """
    routes: dict[str, Route] = {}
    problems: list[str] = []

    for folder in folders:
        try:
            route_folders = _route_folders(folder)
        except RouteError as error:
            problems.append(f"{error}; {KEPT_NOTE}")
            routes |= {
                name: route for name, route in last.routes.items() if route.folder.parent == folder
            }
            continue

        for route_folder in route_folders:
            name = route_folder.name
            try:
                routes[name] = _read_route_or_explain(route_folder, larger_model)
            except RouteError as error:
                stored = last.routes.get(name)
                if stored is not None and stored.folder == route_folder:
                    routes[name] = stored

                still_answers = stored is not None and routes.get(name) is stored
                note = KEPT_NOTE if still_answers else SKIPPED_NOTE
                problems.append(f"{error}; {note}")

    return Catalog(MappingProxyType(routes), problems)


def read_route(folder: Path, *, larger_model: bool = True) -> Route:
    """Returns the route that `folder` describes; `larger_model` is as in `load_routes`.

    Raises RouteError naming file, key and remedy.
    """
    path = folder / "route.md"
    front, prompt = read_route_file(path)
    rows = read_rows(folder / "examples.jsonl")

    if front.name != folder.name:
        raise RouteError(
            f"loading {path}: key 'name' is {front.name!r}, the folder {folder.name!r}; "
            "make them equal"
        )

    def make_version(part: FrontMatter, prompt: str) -> tuple[Version, Path | None]:
        adapter = _adapter_file(part, folder)
        return build_version(part, prompt, rows, adapter), adapter

    try:
        tiers = resolve_tiers(front, prompt, make_version, larger_model=larger_model)
        if tiers:
            version, adapter = tiers[-1].version, tiers[-1].adapter
        else:
            version, adapter = make_version(front, prompt)

        check_actions(front.actions, version.output)

        return Route(
            name=front.name,
            description=front.description,
            utterances=front.utterances,
            examples=tuple(
                Example(row.text, front.name, row.answer, row.split)
                for row in rows
                if not row.counterexample
            ),
            rows=rows,
            visibility=front.visibility,
            version=version,
            folder=folder,
            adapter=adapter,
            # One that is left alone is no choice.
            tiers=tiers if len(tiers) > 1 else (),
            target=front.target,
            note=front.note,
            needs_larger_model=front.needs_larger_model,
            lacks_model=_lacks_model(version, larger_model=larger_model),
            actions=front.actions,
            acts=front.acts,
            counterexamples=(
                *front.counterexamples,
                *(row.text for row in rows if row.counterexample),
            ),
        )
    except ValidationError as error:
        raise RouteError(f"loading {path}: {_problems(error)}") from error
    except ValueError as error:
        raise RouteError(f"loading {path}: {error}") from error


def _read_route_or_explain(folder: Path, larger_model: bool) -> Route:
    """Like `read_route`, but every failure is a RouteError: one folder never stops the others."""
    try:
        return read_route(folder, larger_model=larger_model)
    except RouteError:
        raise
    except Exception as error:
        # The files are anybody's, and libraries raise what they like for the oddest of them.
        raise RouteError(
            f"loading {folder}: {type(error).__name__}; expected a route as docs/how-to/route.md "
            "describes it; correct the files or remove the folder"
        ) from error


def _lacks_model(version: Version, *, larger_model: bool) -> bool:
    """Returns whether the route takes knowledge, and the included model is the first to answer."""
    models = version.models or (() if larger_model else (INCLUDED_MODEL,))
    return version.needs_knowledge and models[:1] == (INCLUDED_MODEL,)


def _problems(error: ValidationError) -> str:
    problems = []
    for part in error.errors(include_url=False):
        key = ".".join(map(str, part["loc"]))
        problems.append(f"{key} {part['msg']}".strip())

    return "; ".join(problems)


def _route_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise RouteError(
            f"loading routes: {str(folder)!r} is no folder; "
            "expected one with a sub-folder for each route"
        )

    # Editors and tools leave folders like `.git` and `__pycache__`.
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))
    )


def _route_training_examples(route: Route) -> list[Example]:
    utterances = [Example(text, route.name) for text in route.utterances]
    return utterances + [example for example in route.examples if example.split == "train"]


def _evenly_spaced(examples: Sequence[Example], limit: int) -> Sequence[Example]:
    """Returns at most `limit` examples, evenly from the whole list, the first one included."""
    if len(examples) <= limit:
        return examples
    return [examples[number * len(examples) // limit] for number in range(limit)]


def _adapter_file(front: FrontMatter, folder: Path) -> Path | None:
    path = folder / "route.md"
    takes_adapter = KINDS[front.kind].takes_adapter
    is_complete = front.adapter is not None or bool(front.models)

    if (takes_adapter and not is_complete) or (not takes_adapter and front.adapter is not None):
        raise RouteError(
            f"loading {path}: kind {front.kind!r} with adapter {front.adapter!r}; a tuned route "
            "names an adapter file or the tuned model, other kinds have no adapter"
        )

    if front.adapter is None:
        return None

    adapter = folder / front.adapter
    # A name with a separator could reach a file outside the folder.
    if adapter.parent != folder or not adapter.is_file():
        raise RouteError(
            f"loading {path}: key 'adapter': found no file {front.adapter!r} beside it; "
            "expected the name of a GGUF LoRA in the same folder"
        )

    return adapter


def build_version(
    front: FrontMatter, prompt: str, rows: Sequence[ExampleRow], adapter: Path | None = None
) -> Version:
    """Returns the version that a file describes. Raises ValueError when it cannot be served."""
    steps = resolve_steps(front)
    output = strict_schema(front.output) if front.output is not None else None
    check_steps(front, prompt, steps, output)
    check_reward(front.reward, output)

    return Version(
        route=front.name,
        kind=front.kind,
        models=front.models,
        steps=steps,
        output=output,
        role=front.role.strip(),
        prompt=prompt,
        shots=select_shots(rows, steps),
        limits=front.limits,
        adapter=_adapter_name(front.name, adapter) if adapter is not None else None,
        cache=front.cache,
        vision=front.vision,
        needs_text=front.needs_text,
        grounding=front.grounding,
        extractive=front.extractive,
        needs_knowledge=front.needs_knowledge,
        reward=front.reward,
    )


def _adapter_name(route: str, adapter: Path) -> str:
    """Returns a name with the file's hash, so that a changed adapter makes another version."""
    with adapter.open("rb") as file:
        return f"{route}-{hashlib.file_digest(file, 'sha256').hexdigest()[:HASH_DIGITS]}"
