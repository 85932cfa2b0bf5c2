"""What docs tests share: the repository's root and the files that are in version control."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the project that is text: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    if listed.returncode:
        # In CI there is always one; a missing list would pass over all these tests.
        if os.environ.get("CI") == "true":  # noqa: TID251  # tells CI from a laptop
            pytest.fail(listed.stderr.decode())

        pytest.skip("not a git checkout")

    found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in found if path.is_file() and b"\0" not in path.read_bytes()[:8000]]
