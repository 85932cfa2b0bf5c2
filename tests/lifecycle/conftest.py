"""What tests of the second half of the weekly loop share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.config import Settings
from router.store import Store, open_store


@pytest.fixture(scope="module")
def walked_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Iterator[int]]]:
    """One store for many random walks, and a number for each."""
    folder: Path = tmp_path_factory.mktemp("walks")
    opened = open_store(f"sqlite:///{folder / 'beagle.db'}")
    yield opened, itertools.count()
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The default settings with a data folder of the test's own."""
    return Settings(_env_file=None, data=tmp_path / "data", admins=("UADA",))  # type: ignore[call-arg]  # pydantic's own
