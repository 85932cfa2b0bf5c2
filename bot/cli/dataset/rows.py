"""`beagle dataset rows`: all rows of a dataset as a file to review in an editor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import load_data_settings
from bot.offline import find_dataset
from router.config import Settings
from router.store import open_store
from router.text.printable import counted, print_line
from workers.datasets.review import from_records, to_jsonl
from workers.privacy.exports import record_exports


def main(
    key: Annotated[
        str,
        typer.Argument(help="The dataset's id, as /beagle rollout shows it, or its candidate's."),
    ],
    file: Annotated[Path, typer.Argument(help="The file to write, as JSON lines.")],
    team: Team = None,
) -> None:
    """Write all rows to a file for review in an editor."""
    print_line(write_rows(load_data_settings(), key, file, team))


def write_rows(settings: Settings, key: str, file: Path, team: str | None = None) -> str:
    """Writes one JSON object a line, and says what to do with the file next."""
    store = open_store(settings.store_url)
    try:
        dataset = find_dataset(store, choose_team(store, team), key)
    finally:
        store.close()

    record_exports(settings.data, [file])
    file.write_text(to_jsonl(from_records(dataset.rows)), "utf-8")
    return (
        f"wrote {counted(len(dataset.rows), 'row')} to {file}; change `review` and `answer`, "
        "then run beagle dataset review"
    )
