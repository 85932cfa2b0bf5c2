#!/usr/bin/env python3
"""Prints the software bill of materials of a lock, as CycloneDX 1.5: `sbom.py serve`.

The same lock gives the same text: it holds no time, and its serial number comes from its content.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ \\\n]+)(?P<more>.*(?:\n {4}--hash=.*)+)", re.M
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
"""RFC 4122's namespace of URLs."""


def components(lock: str) -> list[dict[str, object]]:
    """Returns the packages that a lock's text pins, in its order, each with the hashes it may have.

    CycloneDX's `hashes` are of one file; a package has several, so they are properties.
    """
    found = []
    for entry in ENTRY.finditer(lock):
        name, version = entry["name"], entry["version"]
        hashes = sorted(HASH.findall(entry["more"]))
        purl = f"pkg:pypi/{name}@{version.replace('+', '%2B')}"
        component: dict[str, object] = {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
            "properties": [{"name": "beagle:sha256", "value": value} for value in hashes],
        }
        found.append(component)

    return found


def bill(name: str, lock: str, version: str) -> dict[str, object]:
    """Returns the bill of materials of an installation from the lock of that name."""
    listed = components(lock)
    serial = uuid.uuid5(NAMESPACE, json.dumps([name, version, listed]))
    beagle = f"pkg:generic/beagle-slack@{version}"
    refs = [component["bom-ref"] for component in listed]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": beagle,
                "name": "beagle-slack",
                "version": version,
                "purl": beagle,
            },
            "properties": [{"name": "beagle:lock", "value": f"requirements/{name}.txt"}],
        },
        "components": listed,
        "dependencies": [{"ref": beagle, "dependsOn": refs}],
    }


def main() -> None:
    """Prints the bill of the lock that is named on the command line."""
    name = sys.argv[1] if len(sys.argv) > 1 else "run"
    lock = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    if name == "run":
        # torch is in a file of its own, with the hashes of the public index.
        lock += (ROOT / "requirements/torch.txt").read_text("utf-8")

    project = (ROOT / "pyproject.toml").read_text("utf-8")
    version = re.search(r'^version = "([^"]+)"', project, re.M)
    assert version is not None
    print(json.dumps(bill(name, lock, version[1]), indent=1))


if __name__ == "__main__":
    main()
