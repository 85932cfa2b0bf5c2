"""A version written to files and read again is the same version."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.routes.export import export_version
from router.catalog.catalog import builtin_routes_folder, load_routes, read_route
from router.catalog.export import write_route
from router.catalog.version import Shot, Version
from router.config import Settings
from router.errors import RouteError
from router.publish import publish_catalog
from router.store import open_store

BUILTIN = load_routes(builtin_routes_folder()).routes


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_every_route_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    route = BUILTIN[name]

    again = read_route(write_route(route.version, route, tmp_path, route.adapter))

    assert again.version == route.version
    assert (again.description, again.utterances) == (route.description, route.utterances)
    assert sorted(row.text for row in again.rows if row.split != "train") == sorted(
        row.text for row in route.rows if row.split != "train"
    )


def optimised() -> Version:
    """Triage as an optimiser might rewrite it: other instructions, other examples."""
    shots = [
        Shot(
            text="yes: no",
            answer={"summary": "no", "queue": "access", "urgency": "low"},
            reasoning="",
        )
    ]

    step = BUILTIN["triage"].version.steps[0].model_dump() | {"shots": 1}
    prompt = "Sort it.\n\n- 2024-01-01 is a date, `{{ message }}` is not: --- yes"
    return BUILTIN["triage"].version.with_changes(
        prompt=prompt, shots=[s.model_dump() for s in shots], steps=[step]
    )


def test_an_optimised_version_comes_back_too(tmp_path: Path) -> None:
    assert read_route(write_route(optimised(), BUILTIN["triage"], tmp_path)).version == optimised()


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    triage, leave = BUILTIN["triage"], BUILTIN["leave"]
    write_route(triage.version, triage, tmp_path)

    with pytest.raises(RouteError, match="not empty"):
        write_route(triage.version, triage, tmp_path)

    with pytest.raises(RouteError, match="adapter"):
        write_route(leave.version, leave, tmp_path)

    unshown = BUILTIN["summarise"].version.with_changes(shots=optimised().model_dump()["shots"])
    with pytest.raises(RouteError, match="read again"):
        write_route(unshown, BUILTIN["summarise"], tmp_path)

    assert [place.name for place in tmp_path.iterdir()] == ["triage"]


def test_the_live_version_is_exported_unless_another_is_named(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data=tmp_path / "data")
    store = open_store(settings.store_url)
    publish_catalog(load_routes(builtin_routes_folder()), store, 1.0)
    store.close()

    assert BUILTIN["reply"].version.id in export_version(settings, "reply", "", tmp_path / "out")

    with pytest.raises(RouteError, match=r"no version 'abc'; known: (?=.*\(tier\))(?=.*\(live\))"):
        export_version(settings, "reply", "abc", tmp_path / "out")

    with pytest.raises(RouteError, match="known: actions"):
        export_version(settings, "nothing", "", tmp_path / "out")
