"""The settings of commands about stored data: the installation's, else those of the demo here."""

from __future__ import annotations

import sys
from contextlib import closing

from bot.cli.terminal import load_settings
from bot.demo import data_folder
from router.config import Settings
from router.store import open_store
from router.text.printable import print_line

NOTE = "beagle: no Slack is set up here, so this is about the demo in {folder}"


def load_data_settings() -> Settings:
    """Returns the settings for reading or adding to what is stored.

    Where no installation is set up, and none has stored anything, a demo in the data folder is
    meant: its data then, which is said on stderr. Nothing has to be set for that.
    """
    settings = load_settings()
    folder = settings.data / data_folder.NAME
    if _is_set_up(settings) or not data_folder.is_filled(folder):
        return settings

    print_line(NOTE.format(folder=folder), file=sys.stderr, flush=True)
    # The demo's models are those of the installation, so that none is made twice.
    return settings.model_copy(update={"data": folder, "encoder_folder": settings.encoder_cache})


def _is_set_up(settings: Settings) -> bool:
    secrets = (settings.slack_bot_token, settings.slack_client_secret, settings.database_url)
    if settings.slack_client_id or any(secret.get_secret_value() for secret in secrets):
        return True

    # An installation whose tokens are elsewhere, such as in a service's own environment.
    if not (settings.data / data_folder.DATABASE).exists():
        return False

    with closing(open_store(settings.store_url)) as store:
        return bool(store.known_teams.all())
