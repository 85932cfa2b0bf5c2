"""Remembers where commands wrote files with people's words, so that *forget me* reaches them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

FILE = "exports.jsonl"


def record_exports(data: Path, files: Iterable[Path]) -> None:
    """Remembers the files. Without a data folder nothing is installed that could be asked."""
    if not data.is_dir():
        return

    with (data / FILE).open("a", encoding="utf-8") as lines:
        for file in files:
            lines.write(json.dumps({"path": str(file.absolute())}) + "\n")


def exported_files(data: Path) -> list[Path]:
    """Returns the files that are still where they were written."""
    ledger = data / FILE
    if not ledger.is_file():
        return []

    paths = []
    for line in ledger.read_text("utf-8").splitlines():
        path = Path(json.loads(line)["path"])
        if path.is_file() and path not in paths:
            paths.append(path)

    return paths
