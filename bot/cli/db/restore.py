"""`beagle db restore`: a backup back into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import load_settings, report_progress
from router.private_files import make_private
from router.store.data.backup import restore
from router.text.printable import print_line


def main(folder: Annotated[Path, typer.Argument(help="A folder of `beagle db backup`.")]) -> None:
    """Bring a backup back into the empty database of the settings; stop every process before."""
    settings = load_settings()
    make_private(settings.data)
    restore(folder, settings.store_url, settings.data, report_progress)
    print_line(f"restored from {folder}")
