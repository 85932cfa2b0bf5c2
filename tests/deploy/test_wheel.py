"""The wheel has everything that Beagle reads at run time, and works without a clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("bot", "evals", "router", "workers")
NOT_IN_IT = {".pyc", ".typed"}
LOCAL_ONLY = {"PYTHONPATH": "", "HOME": "", "LC_ALL": "C.UTF-8", "PATH": os.defpath}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build leaves files beside the sources."""
    root = Path(__file__).resolve().parents[2]
    copy = tmp_path_factory.mktemp("sources")
    out = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, copy)
    for name in PACKAGES:
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))

    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", out, copy], check=True, capture_output=True)
    (path,) = out.glob("*.whl")

    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like `site-packages` with the wheel's files."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)

    return folder


def beagle(installed: Path, folder: Path, *arguments: str) -> str:
    """Runs a command of the installed wheel in a folder that is no clone."""
    environment = {**LOCAL_ONLY, "PYTHONPATH": str(installed), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    return done.stdout


def test_every_file_of_the_packages_is_in_the_wheel(wheel, root):
    with zipfile.ZipFile(wheel) as archive:
        there = set(archive.namelist())

    missing = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and path.suffix not in NOT_IN_IT and name not in there:
                missing.append(name)

    assert missing == []


def test_the_installed_code_is_the_one_that_runs(installed, tmp_path):
    script = f"import {','.join(PACKAGES)}; print(bot.__file__, evals.__file__, router.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**LOCAL_ONLY, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert all(Path(name).is_relative_to(installed) for name in done.stdout.split())


def test_commands_run_without_a_clone(installed, tmp_path):
    assert "triage" in beagle(installed, tmp_path, "routes", "list")
    assert beagle(installed, tmp_path, "--version").startswith("beagle ")
