"""What the commands share: the settings, the `--json` option, progress lines."""

from __future__ import annotations

import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated

import typer

from bot.demo import data_folder
from bot.demo.demo_settings import settings_by_field
from router.config import Settings, read_settings
from router.log import set_up_logs
from router.private_files import make_private
from router.text.printable import print_line

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
DEMO_NOTE = "beagle: no Slack is set up here, so this is about the demo in {folder}"


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


def load_data_settings() -> Settings:
    """Returns the settings of every command that reads or adds to what is stored.

    Where no installation is set up, and none has stored anything, a demo in the data folder is
    meant: its data and its settings then, which is said on stderr. Nothing has to be set for that.
    """
    settings = load_settings()
    if settings.log_level == "info":
        # Whoever typed the command reads its result; what a job logs meanwhile is for operators.
        set_up_logs(settings.log, "warning")

    folder = demo_folder(settings)
    if folder is None:
        return settings

    print_line(DEMO_NOTE.format(folder=folder), file=sys.stderr, flush=True)
    # The demo's models are those of the installation, so that none is made twice.
    return read_settings(**settings_by_field(), data=folder, encoder_folder=settings.encoder_cache)


def demo_folder(settings: Settings) -> Path | None:
    """Returns the folder of the demo that commands are about; None where an installation is."""
    folder = settings.data / data_folder.NAME
    if _is_set_up(settings) or not data_folder.is_filled(folder):
        return None

    return folder


def report_progress(text: str) -> None:
    """Prints one line on stderr; stdout is left to the command's result."""
    print_line(f"beagle: {text} …", file=sys.stderr, flush=True)


def _is_set_up(settings: Settings) -> bool:
    secrets = (settings.slack_bot_token, settings.slack_client_secret, settings.database_url)
    if settings.slack_client_id or any(secret.get_secret_value() for secret in secrets):
        return True

    # An installation whose tokens are elsewhere, such as in a service's own environment.
    if not (settings.data / data_folder.DATABASE).exists():
        return False

    # Slow to import, and most commands that print help or check their arguments need no store.
    from router.store import open_store

    with closing(open_store(settings.store_url)) as store:
        return bool(store.known_teams.all())
