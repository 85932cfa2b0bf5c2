"""`beagle dataset export`: the reviewed rows as files for other trainers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import load_data_settings
from bot.offline import find_dataset
from router.config import Settings
from router.store import open_store
from router.text.printable import print_line
from workers.datasets.review import from_records
from workers.privacy.exports import record_exports
from workers.training.chat_format import export_dataset
from workers.training.tune import tuned_system_prompt


def main(
    key: Annotated[
        str,
        typer.Argument(help="The dataset's id, as /beagle rollout shows it, or its candidate's."),
    ],
    folder: Annotated[Path, typer.Argument(help="The folder to write into.")],
    team: Team = None,
) -> None:
    """Write the reviewed rows in the chat format that other trainers read."""
    print_line(export_rows(load_data_settings(), key, folder, team))


def export_rows(settings: Settings, key: str, folder: Path, team: str | None = None) -> str:
    """Writes a file for each split and the dataset's card, and names them."""
    store = open_store(settings.store_url)
    try:
        dataset = find_dataset(store, choose_team(store, team), key)
    finally:
        store.close()

    system = tuned_system_prompt(dataset.route)
    files = export_dataset(folder, dataset.id, from_records(dataset.rows), system, dataset.card)
    record_exports(settings.data, files)
    return "\n".join(f"wrote {file}" for file in files)
