"""The repository's root, its tracked files, and a way to run a tool of the environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture
def tool() -> Callable[..., str]:
    """Runs a tool of this environment and returns its output; findings fail the test."""

    def run(name: str, *arguments: str | Path) -> str:
        command = [str(Path(sys.executable).with_name(name)), *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said

        return said

    return run
