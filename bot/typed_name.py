"""How `beagle` is typed on this machine: commands are shown so that they run as they are shown."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NAME = "beagle"


def typed_name() -> str:
    """Returns `beagle`, or its path below the current folder where the shell does not find it.

    That is `.venv/bin/beagle` in a clone whose environment is not activated.
    """
    own = Path(sys.executable).with_name(NAME)
    return name_for(own, shutil.which(NAME), Path.cwd())


def name_for(own: Path, on_path: str | None, folder: Path) -> str:
    """Returns how the program `own` is typed in `folder`, where the shell finds `on_path`.

    Another `beagle` than our own is not meant. A path elsewhere says nothing to who reads it in
    Slack, so the bare name stands for it.
    """
    is_found = on_path is not None and Path(on_path).resolve() == own.resolve()
    if is_found or not own.exists() or not own.is_relative_to(folder):
        return NAME

    return str(own.relative_to(folder))
