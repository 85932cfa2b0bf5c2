"""Writes a version back as a route folder, so that what was optimised or tuned can be read, edited and kept in git."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from router.catalog.catalog import Route, read_route
from router.catalog.route_file import Row
from router.catalog.version import Limits, PromptStep, Version
from router.errors import RouteError

ADAPTER = "adapter.gguf"


def write_route(version: Version, about: Route, folder: Path, adapter: Path | None = None) -> Path:
    """`folder/<route>` holds the version; read again it has the very same id. Returns that folder.

    Description, utterances and the rows that measure come from `about`, the route as it stands now.
    Raises RouteError where something is there already, or where the version cannot be said in a
    file.
    """
    place = folder / version.route
    if place.exists() and any(place.iterdir()):
        raise RouteError(
            f"writing {place}: it is not empty; choose another folder, or move what is there"
        )

    if version.adapter is not None and adapter is None:
        raise RouteError(
            f"writing {place}: the file of adapter {version.adapter!r} was not found; "
            "export where the route's folder or the store that trained it is"
        )

    place.mkdir(parents=True, exist_ok=True)
    try:
        front = yaml.safe_dump(
            _front(version, about), sort_keys=False, allow_unicode=True, width=120
        )
        (place / "route.md").write_text(f"---\n{front}---\n{version.prompt}\n", "utf-8")
        rows = "".join(f"{line}\n" for line in _lines(version, about))
        (place / "examples.jsonl").write_text(rows, "utf-8")

        if adapter is not None:
            shutil.copyfile(adapter, place / ADAPTER)

        found = read_route(place).version.id
    except RouteError:
        shutil.rmtree(place)
        raise

    if found != version.id:
        shutil.rmtree(place)
        raise RouteError(
            f"writing {place}: read again it would be version {found!r}, not {version.id!r}; its examples or steps "
            "cannot be said in a route file"
        )

    return place


def _front(version: Version, about: Route) -> dict[str, Any]:
    """The front matter, without what is left at its default."""
    visibility = about.visibility if isinstance(about.visibility, str) else list(about.visibility)
    keys: dict[str, Any] = {
        "name": version.route,
        "description": about.description,
        "utterances": list(about.utterances),
        "kind": version.kind,
        "models": list(version.models),
        "role": version.role,
        "steps": [_step(step.model_dump(mode="json")) for step in version.steps],
        "output": version.output,
        "limits": version.limits.model_dump() if version.limits != Limits() else None,
        "visibility": visibility if visibility != "everyone" else None,
        "adapter": ADAPTER if version.adapter else None,
        "cache": version.cache or None,
    }

    return {name: value for name, value in keys.items() if value not in (None, "", [])}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    usual = PromptStep().model_dump()
    return {
        name: part for name, part in step.items() if name == "do" or part != usual.get(name, ...)
    }


def _lines(version: Version, about: Route) -> Iterator[str]:
    """The version's own examples first, then everything else that the route has."""
    shown = {shot.text for shot in version.shots}
    rows = [
        Row(
            text=shot.text,
            answer=shot.answer,
            split="train",
            thread=shot.thread,
            reasoning=shot.reasoning,
        )
        for shot in version.shots
    ]

    # With `pick: nearest` every train row with an answer is an example, so no other one may come to
    # them.
    nearest = any(
        isinstance(step, PromptStep) and step.shots and step.pick == "nearest"
        for step in version.steps
    )
    rows += [
        row
        for row in about.rows
        if row.text not in shown
        and not (nearest and row.split == "train" and row.answer is not None)
    ]

    for row in rows:
        yield json.dumps(
            row.model_dump(exclude_defaults=True) | {"split": row.split}, ensure_ascii=False
        )
