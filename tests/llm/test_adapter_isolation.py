"""On the real local model, a loaded adapter changes only the calls that select it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from router.catalog.catalog import builtin_routes_folder
from router.config import Settings
from workers.evaluation import interference
from workers.llm.gateway import LOCAL
from workers.llm.litellm_client import open_model
from workers.llm.local.launch import LocalServerOptions
from workers.llm.local.server import LocalModelServer
from workers.ports import LanguageModel, ModelCall, ModelReply

pytestmark = pytest.mark.model
PATIENCE_SECONDS = 600.0
"""A time-out that only passes when something hangs, however slow the machine is."""
ADAPTER = builtin_routes_folder() / "leave" / "adapter.gguf"


class Patient:
    """A model without a time limit."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        return self._model.complete(replace(call, timeout_seconds=PATIENCE_SECONDS), on_text)


def read_much(model: LanguageModel) -> None:
    """Fills the server's cache with other prompts of several lengths."""
    for words in (40, 120, 300):
        text = " ".join(f"report {number} came late" for number in range(words))
        model.complete(
            ModelCall([{"role": "user", "content": text}], models=(LOCAL,), output_tokens=2)
        )


def test_others_get_the_same_words_before_and_after_an_adapter_is_loaded(
    tmp_path: Path, model_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interference, "PROBES", dict(list(interference.PROBES.items())[:5]))
    server = LocalModelServer.start(
        tmp_path,
        {},
        LocalServerOptions(threads=2, slots=1, seconds=PATIENCE_SECONDS),
        lambda name: ADAPTER if name == "it" else None,
    )

    try:
        settings = Settings(  # type: ignore[call-arg]  # pydantic-settings takes _env_file
            _env_file=None,
            stall_timeout_seconds=PATIENCE_SECONDS,
            connect_timeout_seconds=PATIENCE_SECONDS,
            model_timeout_seconds=PATIENCE_SECONDS,
        )
        model = Patient(open_model(settings, server, lambda: 1.0, lambda: 0.0))
        before = interference.probe(model)
        assert not server.adapters
        on = interference.probe(model, "it")
        assert list(server.adapters) == ["it"]
        read_much(model)
        after = interference.probe(model)
    finally:
        server.stop()

    assert after == before
    assert on != before
