"""`beagle db recount`: statistics made again from the requests themselves."""

from __future__ import annotations

from contextlib import closing

from bot.cli.terminal import load_data_settings
from router.store import open_store
from router.text.printable import counted, print_line


def main() -> None:
    """Count the statistics of every hour again, should they ever be in doubt."""
    with closing(open_store(load_data_settings().store_url)) as store:
        hours = store.usage_counts.recount()

    print_line(f"{counted(hours, 'hour was', 'hours were')} counted")
