"""A trainer's process is told nothing that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from pydantic import SecretStr

from router.config import Settings, bare_environment, environment_names
from workers.runtime.processes import wait_until
from workers.training.subprocess import _start_child
from workers.training.trainers import ChatExample, TrainingOptions

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
        environ = Path(f"/proc/{child.pid}/environ")
        try:
            # Empty for a moment, while the kernel puts the new program in place of the old one.
            assert wait_until(lambda: environ.read_bytes() != b"", 60)
            environment = environ.read_bytes()
        finally:
            child.kill()

    assert b"secret of" not in environment
    assert b"OMP_WAIT_POLICY=passive" in environment


def test_a_trainer_whose_packages_are_missing_says_which_to_install(tmp_path: Path) -> None:
    """As on a machine that only answers: torch cannot be imported."""
    job = {
        "trainer": "lora",
        "examples": [asdict(ChatExample([{"role": "user", "content": "hello"}], "hi"))],
        "base": str(tmp_path),
        "folder": str(tmp_path),
        "options": asdict(TrainingOptions()),
    }
    script = (
        "import sys; sys.modules['torch'] = None; "
        "from workers.training.subprocess import main; main()"
    )

    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(job).encode() + b"\n")
        child.stdin.flush()
        answer = json.loads(child.stdout.readline())

    assert "install the extra 'tune'" in answer["refused"]
