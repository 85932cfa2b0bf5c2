"""Each file here is one story of a running stack: its tests keep their order."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of this folder back into the order of their files, after the shuffle.

    A later chapter needs the earlier ones: a workspace that has left answers nobody.
    """
    places = [number for number, item in enumerate(items) if item.path.parent == FOLDER]
    stories = sorted((items[number] for number in places), key=_place_in_file)
    for number, item in zip(places, stories, strict=True):
        items[number] = item


def _place_in_file(item: pytest.Item) -> tuple[str, int]:
    return str(item.path), item.location[1] or 0
