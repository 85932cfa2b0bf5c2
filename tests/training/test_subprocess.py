"""A trainer's process is told nothing that it does not need."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from router.config import Settings, bare_environment, environment_names
from workers.training.subprocess import _start_child

SECRETS = [
    *(
        name
        for name, field in environment_names().items()
        if Settings.model_fields[field].annotation is SecretStr
    ),
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "PGPASSWORD"),
]


@pytest.fixture
def _secrets(monkeypatch):
    for name in SECRETS:
        monkeypatch.setenv(name, f"secret of {name}")


@pytest.mark.usefixtures("_secrets")
def test_a_child_that_needs_no_secret_gets_none(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    environment = bare_environment(OMP_NUM_THREADS="1")
    assert "secret of" not in str(environment)
    assert environment["OMP_NUM_THREADS"] == "1"
    # A machine with several cards lends one of them by this.
    assert environment["CUDA_VISIBLE_DEVICES"] == "0"
    assert environment["PATH"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the child's environment from /proc")
@pytest.mark.usefixtures("_secrets")
def test_the_trainer_s_process_has_no_secret(tmp_path):
    with (tmp_path / "log").open("wb") as log, _start_child(1, log) as child:
        try:
            environment = Path(f"/proc/{child.pid}/environ").read_bytes()
        finally:
            child.kill()

    assert b"secret of" not in environment
    assert b"OMP_WAIT_POLICY=passive" in environment
