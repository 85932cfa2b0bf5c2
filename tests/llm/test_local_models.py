"""Trained models beside the included one: started when wanted, few at once, kept apart."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import local_model
from router.catalog.catalog import builtin_routes_folder
from router.config import Settings
from router.errors import ModelError
from tests.llm.test_local_server import exited
from workers.llm.local.adapter_keys import adapter_scales, own_model, parse_adapter_key
from workers.llm.local.launch import LocalServerOptions
from workers.llm.local.models import FOLDER, LocalModels
from workers.llm.model_client import ServerAddress
from workers.ports import ModelCall, Payer

pytestmark = pytest.mark.model

SMALL = LocalServerOptions(threads=1, slots=1)
ADAPTER = builtin_routes_folder() / "leave" / "adapter.gguf"


@dataclass
class Files:
    """The trained files of workspaces, by the server's name."""

    files: dict[str, Path] = field(default_factory=dict)

    def find(self, key: str) -> Path | None:
        return self.files.get(key)


@pytest.fixture
def files(model_weights: Path, tmp_path: Path) -> Files:
    """Three models of T1 and an adapter of T2; the included weights stand for trained ones."""
    found = Files({"T2/adapter": ADAPTER})
    for name in ("T1/one", "T1/two", "T1/three"):
        path = tmp_path / "files" / f"{name}.gguf"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(model_weights, path) if same_disk(model_weights, path) else path.write_bytes(
            model_weights.read_bytes()
        )
        found.files[name] = path

    return found


def same_disk(one: Path, two: Path) -> bool:
    return one.stat().st_dev == two.parent.stat().st_dev


@pytest.fixture
def models(tmp_path: Path, files: Files) -> Iterator[LocalModels]:
    served = LocalModels(tmp_path, {"leave": ADAPTER}, SMALL, files.find, limit=2)
    yield served
    served.stop()


def call(team: str, adapter: str | None) -> ModelCall:
    return ModelCall(
        [{"role": "user", "content": "hi"}], adapter=adapter, payer=Payer.workspace(team)
    )


def pid_of(models: LocalModels, name: str) -> int:
    return models._servers[name].pid


def test_a_trained_model_has_a_server_of_its_own_and_adapters_have_none(models: LocalModels):
    first = models.own_model("T1/one")
    assert isinstance(first, ServerAddress)
    assert first.url != models.address().url
    assert models.own_model("T1/one") == first
    assert models.own_model("leave") is None
    assert models.own_model("T2/adapter") is None
    assert models.own_model("T1/unknown") is None
    assert list(models.adapters) == ["leave"]


def test_a_route_s_file_may_be_a_model_as_well(tmp_path: Path, model_weights: Path):
    served = LocalModels(tmp_path, {"leave": ADAPTER, "own": model_weights}, SMALL)
    try:
        assert list(served.adapters) == ["leave"]
        assert own_model(call("T1", "own"), served) is not None
        assert own_model(call("T1", "leave"), served) is None
    finally:
        served.stop()


def test_no_workspace_can_name_another_one_s_model(models: LocalModels):
    assert own_model(call("T1", "one"), models) is not None
    for team, name in (("T2", "one"), ("T2", "T1/one"), ("", "one"), ("T1", "T1/one")):
        assert own_model(call(team, name), models) is None
        with pytest.raises(ModelError, match="neither a route's file"):
            adapter_scales(call(team, name), models)


def test_what_wants_nothing_trained_starts_nothing(models: LocalModels):
    assert own_model(call("T1", None), models) is None
    assert set(adapter_scales(call("T1", None), models).values()) == {0.0}
    assert not models._servers


def test_only_so_many_run_at_once_and_the_one_least_asked_for_ends(models: LocalModels):
    models.own_model("T1/one")
    models.own_model("T1/two")
    models.own_model("T1/one")
    ending = pid_of(models, "T1/two")
    models.own_model("T1/three")
    assert set(models._servers) == {"T1/one", "T1/three"}

    # Its last requests are answered first: it ends with the second interval.
    models.unload_removed()
    assert not exited(ending, 0)
    models.unload_removed()
    assert exited(ending)
    assert models.own_model("T1/two") is not None


class TwoModels:
    """Routes whose files are two trained models."""

    def __init__(self, model: Path) -> None:
        self._model = model

    def adapter_files(self) -> dict[str, Path]:
        return {"one": self._model, "two": self._model}


@pytest.mark.parametrize("count", [1, 2])
def test_the_settings_say_how_many_run_at_once(tmp_path, model_weights, count):
    settings = Settings(_env_file=None, data=tmp_path, trained_models_at_once=count)
    served = local_model(settings, TwoModels(model_weights))
    try:
        assert served.own_model("one") != served.own_model("two")
        assert len(served._servers) == count
    finally:
        served.stop()


def test_a_model_whose_file_was_removed_ends_and_leaves_no_folder(
    models: LocalModels, files: Files, tmp_path: Path
):
    models.own_model("T1/one")
    ending = pid_of(models, "T1/one")
    files.files.pop("T1/one").unlink()
    models.unload_removed()
    models.unload_removed()
    assert exited(ending)
    assert not (tmp_path / FOLDER / "T1/one").exists()
    assert models.own_model("T1/one") is None


def test_where_its_server_died_another_starts_with_the_next_request(models: LocalModels):
    before = models.own_model("T1/one")
    dead = pid_of(models, "T1/one")
    os.kill(dead, signal.SIGKILL)
    assert exited(dead)
    after = models.own_model("T1/one")
    assert after is not None
    assert before is not None
    assert after.key != before.key


def test_other_processes_of_the_data_folder_share_the_server(
    models: LocalModels, tmp_path: Path, files: Files
):
    guest = LocalModels(tmp_path, {"leave": ADAPTER}, SMALL, files.find, limit=2)
    mine = models.own_model("T1/one")
    assert guest.own_model("T1/one") == mine
    guest.stop()
    assert models.own_model("T1/one") == mine


def test_stopped_nothing_is_left(tmp_path: Path, files: Files):
    served = LocalModels(tmp_path, {}, SMALL, files.find, limit=1)
    served.own_model("T1/one")
    served.own_model("T1/two")
    pids = [pid_of(served, "T1/two"), *[server.pid for server in served._retired]]
    served.stop()
    assert all(exited(pid) for pid in pids)
    assert parse_adapter_key("T1/one") == ("T1", "one")
