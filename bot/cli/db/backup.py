"""`beagle db backup`: a copy of the database and of trained files, while Beagle runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import load_data_settings, report_progress
from router.store.data.backup import back_up
from router.text.printable import print_line


def main(folder: Annotated[Path, typer.Argument(help="A new folder for the backup.")]) -> None:
    """Copy the database and trained files into a folder; Beagle may go on running."""
    settings = load_data_settings()
    manifest = back_up(settings.store_url, settings.data, folder, report_progress)
    print_line(json.dumps({"folder": str(folder), **manifest}))
