"""On the real local model: an adapter that was loaded changes what it is switched on for, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.catalog.catalog import builtin_routes_folder
from router.config import Settings
from workers.evaluation import interference as forgetting
from workers.llm.gateway import LOCAL
from workers.llm.litellm_client import open_model
from workers.llm.local_server import LocalModel, Options
from workers.ports import Call, Model

pytestmark = pytest.mark.model
ADAPTER = builtin_routes_folder() / "leave" / "adapter.gguf"


def read_much(model: Model) -> None:
    """Other people's prompts of several lengths lie in the server, as on a working day."""
    for words in (40, 120, 300):
        text = " ".join(f"report {number} came late" for number in range(words))
        model.complete(Call([{"role": "user", "content": text}], models=(LOCAL,), output_tokens=2))


def test_others_get_the_same_words_before_and_after_an_adapter_is_loaded(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "PROBES", dict(list(forgetting.PROBES.items())[:5]))
    server = LocalModel.start(
        tmp_path, {}, Options(threads=2, slots=1), lambda name: ADAPTER if name == "it" else None
    )

    try:
        model = open_model(Settings(_env_file=None), server, lambda: 1.0, lambda: 0.0)  # type: ignore[call-arg]  # pydantic's own
        before = forgetting.probe(model)
        assert not server.adapters
        on = forgetting.probe(model, "it")
        assert list(server.adapters) == ["it"]
        read_much(model)
        after = forgetting.probe(model)
    finally:
        server.stop()

    assert after == before
    assert on != before
