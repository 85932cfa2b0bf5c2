"""What the commands share: the settings, the `--json` option, progress lines."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Annotated

import typer

from router.config import Settings, read_settings
from router.log import set_up_logs
from router.private_files import make_private
from router.text.printable import print_line

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def load_settings() -> Settings:
    """Returns the settings of the environment, and configures logging by them.

    What others may do with an existing data folder is taken away.
    """
    settings = read_settings()
    set_up_logs(settings.log, settings.log_level)
    with suppress(OSError):
        # Whichever command needs the folder says what is wrong with it.
        if settings.data.is_dir():
            make_private(settings.data)

    return settings


def report_progress(text: str) -> None:
    """Prints one line on stderr; stdout is left to the command's result."""
    print_line(f"beagle: {text} …", file=sys.stderr, flush=True)
