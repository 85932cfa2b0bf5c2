"""The modules that the image's build runs make what a container then looks for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from router.encoder.onnx import EXPORT
from workers.knowledge.relevance.quote_scorer import ADAPTERS, scorer_files

DOCKERFILE = Path(__file__).parents[2] / "deploy" / "Dockerfile"
OWN_MODULE = re.compile(r"\.venv/bin/python -m ((?:bot|workers|router)\.[^\\\n]+)")


@pytest.mark.model
def test_the_build_makes_the_models_where_a_container_looks_for_them(tmp_path: Path):
    text = DOCKERFILE.read_text("utf-8")
    looked_for = re.search(r"BEAGLE_ENCODER_FOLDER=/srv/beagle/(\S+)", text)
    assert looked_for is not None
    commands = [match[1].split() for match in OWN_MODULE.finditer(text)]
    assert commands

    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    made = tmp_path / looked_for[1]
    assert EXPORT.metadata(made)["admitted"]
    assert scorer_files(ADAPTERS).metadata(made)["admitted"]
