"""A draft as a route folder: written to be edited, and read back by the rules of route files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from router.catalog.catalog import read_route
from router.catalog.export import write_route
from router.catalog.version import Version
from router.errors import InputError
from router.store.versions.drafted_routes import DraftedRoute, DraftText
from workers.drafting.draft import Draft


def write_files(drafted: DraftedRoute, version: Version, folder: Path) -> Path:
    """Writes the draft to `folder/<name>` and returns that folder. Raises RouteError."""
    return write_route(version, drafted.as_route(version), folder)


def read_files(drafted: DraftedRoute, folder: Path, by: str, now: float) -> Draft:
    """Returns the draft as the files say; texts that were there before keep their authors.

    Raises RouteError where the files are no route, and InputError where they name another one or
    would put somebody's words into a version.
    """
    route = read_route(folder)
    if route.name != drafted.name:
        raise InputError(
            f"reading {str(folder)!r}: it is route {route.name!r}, expected {drafted.name!r}; "
            "a draft keeps its name"
        )

    known = {part.text: part for part in (*drafted.rows, *drafted.utterances)}
    shown = [shot.text for shot in route.version.shots]
    somebodys = [text for text in shown if text in known and known[text].user]
    if somebodys:
        raise InputError(
            f"reading {str(folder)!r}: a version never changes, so it may not show a message of "
            f"somebody who may ask to be forgotten, found {somebodys[0]!r:.60}; put examples of "
            "your own first in examples.jsonl, or show fewer"
        )

    utterances = [known.get(text, DraftText(text, by)) for text in route.utterances]
    rows = []
    for row in route.rows:
        origin = known.get(row.text, DraftText(row.text))
        rows.append(replace(origin, split=row.split, answer=row.answer))

    edited = replace(
        drafted,
        version=route.version.id,
        description=route.description,
        utterances=tuple(utterances),
        rows=tuple(rows),
        visibility=route.visibility,
        previews=(),
        at=now,
    )
    return Draft(edited, route.version)
