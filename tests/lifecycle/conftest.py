"""What tests of the second half of the weekly loop share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.store import Store, open_store


@pytest.fixture(scope="module")
def walked_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Iterator[int]]]:
    """One store for many random walks, and a number for each."""
    folder: Path = tmp_path_factory.mktemp("walks")
    opened = open_store(f"sqlite:///{folder / 'beagle.db'}")
    yield opened, itertools.count()
    opened.close()
