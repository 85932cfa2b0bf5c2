"""Run by a test: fills the disk of a folder, then lets housekeeping empty it."""

import sys
from contextlib import suppress
from pathlib import Path

from router.config import Settings
from router.errors import StoreAwayError
from router.log import set_up_logs
from router.store import open_store
from router.types import Request
from workers.fakes import MemoryQueue
from workers.jobs import queue_of_job
from workers.privacy.housekeeping import Housekeeping

CHUNK = 1_000
DAY = 86_400.0


def main(folder: Path) -> None:
    """Prints what happened, a line each; the log goes to stderr."""
    set_up_logs("json")
    store = open_store(f"sqlite:///{folder / 'beagle.db'}")
    store.disk_reserve.lay_aside()
    for number in range(2_000):
        store.requests.insert(request(number), 1.0)

    with (folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while ballast.write(b"\0" * CHUNK):
            pass

    # SQLite's own log has some room left.
    with suppress(StoreAwayError):
        while True:
            number += 1
            store.requests.insert(request(number), 1.0)

    print("full")
    settings = Settings(_env_file=None, retention_days=30)
    queue = MemoryQueue(queue_of_job())
    housekeeping = Housekeeping(store, queue, "encoder", settings, lambda: 100 * DAY)
    housekeeping.run_once()
    texts = [store.requests.get(f"r{n}").text for n in range(2_000)]
    print("emptied" if not any(texts) else f"{sum(map(bool, texts))} texts are left")
    print("writes again" if store.requests.insert(request(10**6), 1.0) else "no room")


def request(number: int) -> Request:
    return Request(
        id=f"r{number}",
        team="T1",
        channel="C1",
        user="U1",
        ts=f"{number}.0",
        event_id=f"E{number}",
        text="word " * 1_000,
        received_at=DAY,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
