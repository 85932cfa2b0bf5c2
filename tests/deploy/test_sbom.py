"""The bill of materials lists what a lock pins, and is the same each time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid

import pytest


@pytest.fixture(scope="module", params=["run", "serve"])
def lock(root, request):
    text = (root / "requirements" / f"{request.param}.txt").read_text("utf-8")
    if request.param == "run":
        text += (root / "requirements/torch.txt").read_text("utf-8")

    return request.param, text


def printed(root, name: str) -> str:
    command = [sys.executable, "deploy/sbom.py", name]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def test_it_lists_every_pin_with_all_its_hashes(root, lock) -> None:
    name, text = lock
    bill = json.loads(printed(root, name))

    listed = {part["name"]: part for part in bill["components"]}
    pins = dict(re.findall(r"^([a-z0-9-]+)==([^\s\\]+)", text, re.MULTILINE))
    assert {part: listed[part]["version"] for part in listed} == pins

    hashes = [entry["value"] for part in listed.values() for entry in part["properties"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", text))
    assert len(pins) > 50


def test_it_has_what_cyclonedx_demands(root, lock) -> None:
    """The required properties of its schema 1.5, and references that lead somewhere."""
    bill = json.loads(printed(root, lock[0]))

    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1)
    assert uuid.UUID(bill["serialNumber"].removeprefix("urn:uuid:"))
    own = bill["metadata"]["component"]
    references = [part["bom-ref"] for part in [own, *bill["components"]]]
    assert len(set(references)) == len(references)
    for part in bill["components"]:
        assert part["type"] == "library"
        assert part["purl"].startswith(f"pkg:pypi/{part['name']}@")

    (dependency,) = bill["dependencies"]
    assert [dependency["ref"], *dependency["dependsOn"]] == references


def test_the_same_lock_gives_the_same_text(root) -> None:
    assert printed(root, "serve") == printed(root, "serve")
    assert printed(root, "serve") != printed(root, "run")


def test_the_image_has_its_own(root) -> None:
    image = (root / "deploy/Dockerfile").read_text("utf-8")

    assert 'deploy/sbom.py "$LOCK" > sbom.json' in image
