"""`beagle db size`: how large the database is, table by table."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict

from bot.cli.terminal import Json, load_data_settings
from router.store import open_store
from router.store.data.sizes import DatabaseSize, database_size
from router.text.printable import print_line

MEGABYTE = 1_000_000


def main(as_json: Json = False) -> None:
    """Print the size of the database and of each table with its indexes."""
    with closing(open_store(load_data_settings().store_url)) as store:
        size = database_size(store)

    print_line(json.dumps(asdict(size)) if as_json else as_text(size))


def as_text(size: DatabaseSize) -> str:
    """Returns a line for the whole, for what is free in it, and for each table."""
    rows = {"all": size.total, "free": size.free, **size.tables}
    return "\n".join(f"{name:20} {number / MEGABYTE:10.1f} MB" for name, number in rows.items())
