"""Damaged documents neither crash, hang nor fill the process that reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.bench.parts.documents import measure, real_files

CASES = Path(__file__).parents[1] / "knowledge" / "cases"


@pytest.mark.fuzz
def test_damaged_documents_harm_nothing():
    # Megabytes of one piece take most of the time and are left to `beagle bench documents`.
    figures = measure(real_files(CASES), 100, seed=1, swollen_bytes=(10_000, 100_000))

    assert (figures["crashes"], figures["hangs"], figures["over_512_mb"]) == (0, 0, 0)
    assert figures["read"]
