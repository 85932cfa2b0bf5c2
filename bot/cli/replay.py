"""`beagle replay`: requests that were given up, once more."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.app import now
from bot.cli.terminal import load_data_settings
from router.config import Settings
from router.errors import InputError
from router.store import Store, open_store
from router.text.printable import print_line

MAX_REQUESTS = 10_000
"""Dead letters that one call takes up."""


def main(
    request: Annotated[str, typer.Argument(help="A request's id from `beagle doctor`, or `all`.")],
) -> None:
    """Try a request again that was given up."""
    count = requeue(load_data_settings(), request)
    print_line(f"{count} request{'' if count == 1 else 's'} will be tried again")


def requeue(settings: Settings, request: str) -> int:
    """Reopens given-up requests and returns how many; the reaper soon wakes a worker.

    Raises InputError where `request` is neither `all` nor the id of a given-up request.
    """
    store = open_store(settings.store_url)
    try:
        if request == "all":
            letters = store.requests.dead_letters(MAX_REQUESTS)
            return sum(_reopen(store, letter.id) for letter in letters)

        if not _reopen(store, request):
            raise InputError(
                f"replaying request {request!r}: no given-up request has this id; "
                "`beagle doctor` lists them"
            )
        return 1
    finally:
        store.close()


def _reopen(store: Store, key: str) -> bool:
    """Opens a given-up request again; one that was never decided is decided again first."""
    return store.undecided.reopen(key, now()) or store.requests.reopen(key, now())
