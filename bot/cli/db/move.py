"""`beagle db move`: the whole database into another one, such as from SQLite to PostgreSQL."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Annotated

import typer

from bot.cli.terminal import load_settings, report_progress
from router.store import open_store
from router.store.data.copying import copy_store
from router.text.printable import print_line


def main(
    url: Annotated[
        str, typer.Argument(help="The empty database; asked for if left out, as it has a password.")
    ] = "",
) -> None:
    """Copy the database to another one and compare them; run it again after an interruption.

    Stop every process before. Afterwards set DATABASE_URL to the new one.
    """
    settings = load_settings()
    url = url or typer.prompt("URL of the empty database", hide_input=True)
    with (
        closing(open_store(settings.store_url)) as source,
        closing(open_store(url)) as target,
    ):
        states = copy_store(source, target, report_progress)

    print_line(json.dumps({name: state.rows for name, state in states.items()}))
