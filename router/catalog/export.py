"""Writes a version back as a route folder, so that it can be read, edited and kept in git."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from router.catalog.catalog import Route, read_route
from router.catalog.route_file import ExampleRow
from router.catalog.version import PromptStep, RequestLimits, Version
from router.errors import RouteError
from router.speech.acts import ACTS
from router.text.strict_yaml import dump_yaml

ADAPTER_FILE = "adapter.gguf"


def write_route(version: Version, route: Route, folder: Path, adapter: Path | None = None) -> Path:
    """Writes the version to `folder/<route>` and returns that folder.

    Read again, the folder has the version's id. Description, utterances and the rows that measure
    come from `route`, the route as it is now. Raises RouteError when the target is not empty, the
    adapter's file is missing, or the version cannot be expressed in a file.
    """
    target = folder / version.route
    if target.exists() and any(target.iterdir()):
        raise RouteError(
            f"writing {target}: it is not empty; choose another folder, or move what is there"
        )

    if version.adapter is not None and adapter is None:
        raise RouteError(
            f"writing {target}: the file of adapter {version.adapter!r} was not found; "
            "export where the route's folder or the store that trained it is"
        )

    target.mkdir(parents=True, exist_ok=True)
    try:
        _write_files(version, route, target, adapter)
        written_id = read_route(target).version.id
    except RouteError:
        shutil.rmtree(target)
        raise

    # Only reading the files back proves that they describe this very version.
    if written_id != version.id:
        shutil.rmtree(target)
        raise RouteError(
            f"writing {target}: read again it would be version {written_id!r}, "
            f"not {version.id!r}; its examples or steps cannot be expressed in a route file"
        )

    return target


def _write_files(version: Version, route: Route, target: Path, adapter: Path | None) -> None:
    front = dump_yaml(_front_matter(version, route))
    (target / "route.md").write_text(f"---\n{front}---\n{version.prompt}\n", "utf-8")

    lines = [f"{_json_line(row)}\n" for row in _rows(version, route)]
    (target / "examples.jsonl").write_text("".join(lines), "utf-8")

    if adapter is not None:
        shutil.copyfile(adapter, target / ADAPTER_FILE)


def _front_matter(version: Version, route: Route) -> dict[str, object]:
    """Returns the front matter without the keys that are at their default."""
    visibility = route.visibility if isinstance(route.visibility, str) else list(route.visibility)
    keys: dict[str, object] = {
        "name": version.route,
        "description": route.description,
        "note": route.note,
        "actions": [a.model_dump(mode="json", exclude_unset=True) for a in route.actions],
        "utterances": list(route.utterances),
        "kind": version.kind,
        "models": list(version.models),
        "role": version.role,
        "steps": [_step(step.model_dump(mode="json")) for step in version.steps],
        "output": version.output,
        "limits": version.limits.model_dump() if version.limits != RequestLimits() else None,
        "visibility": visibility if visibility != "everyone" else None,
        "adapter": ADAPTER_FILE if version.adapter else None,
        "cache": version.cache or None,
        "needs_text": version.needs_text or None,
        "grounding": version.grounding,
        "extractive": version.extractive or None,
        "needs_knowledge": version.needs_knowledge or None,
        "needs_larger_model": route.needs_larger_model or None,
        "acts": list(route.acts) if route.acts != ACTS else None,
        "counterexamples": _own_counterexamples(route),
        "reward": [check.model_dump(mode="json") for check in version.reward],
    }

    return {name: value for name, value in keys.items() if value not in (None, "", [])}


def _own_counterexamples(route: Route) -> list[str]:
    """Returns those that are no rows of `examples.jsonl`."""
    rows = {row.text for row in route.rows if row.counterexample}
    return [text for text in route.counterexamples if text not in rows]


def _step(step: Mapping[str, object]) -> dict[str, object]:
    """Returns a step's `do` and the keys in which it differs from a default prompt step."""
    default = PromptStep().model_dump()
    return {
        name: value
        for name, value in step.items()
        if name == "do" or value != default.get(name, ...)
    }


def _rows(version: Version, route: Route) -> list[ExampleRow]:
    """Returns the version's own examples first, then the route's other rows."""
    shot_texts = {shot.text for shot in version.shots}
    rows = [
        ExampleRow(
            text=shot.text,
            answer=shot.answer,
            split="train",
            thread=shot.thread,
            reasoning=shot.reasoning,
        )
        for shot in version.shots
    ]

    # `pick: nearest` makes an example of every train row with an answer, so adding one would
    # change the version.
    picks_nearest = any(
        isinstance(step, PromptStep) and step.shots and step.pick == "nearest"
        for step in version.steps
    )
    for row in route.rows:
        would_be_shown = picks_nearest and row.split == "train" and row.answer is not None
        if row.text not in shot_texts and not would_be_shown:
            rows.append(row)

    return rows


def _json_line(row: ExampleRow) -> str:
    # The split is written out even at its default: people edit these files.
    values = row.model_dump(exclude_defaults=True) | {"split": row.split}
    return json.dumps(values, ensure_ascii=False)
