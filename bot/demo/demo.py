"""The demo: everything on this machine, with a page to try it on and a handbook to ask about."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.app import now
from bot.demo import sample_data as fortnight
from bot.demo.handbook_site import Pages
from bot.demo.stack import Cast, Stage, unheard
from bot.sandbox import seed_data as people
from bot.transport.http_server import Web
from router.config import Settings
from router.index import WORKSPACE
from router.store.knowledge.sources import Source
from workers.knowledge.refresh import read
from workers.runtime.queue import RqQueue

HANDBOOK = Path(__file__).parents[2] / "evals" / "handbook"
SOURCE = "handbook"
GENERAL, LEADS = (people.channel(name, [])["id"] for name in ("general", "leads"))
INCIDENTS = 100
"""Reports in the simulated fortnight: enough to learn from, few enough to be measured in minutes
on two cores."""
LOWERED = {
    # Money: the digest prices answers as those of a model with a list price, the review of eight
    # rows as minutes, and training as a dollar; an answer costs what a rented core costs for as
    # long as the model works on it.
    "BEAGLE_LOCAL_USD_PER_CPU_SECOND": "0.00001",
    "BEAGLE_REFERENCE_MODEL": "gpt-4",
    "BEAGLE_REVIEW_HOURS": "0.1",
    "BEAGLE_TRAINING_USD": "1",
    "BEAGLE_READY_EXAMPLES": "30",
    "BEAGLE_DATASET_SAMPLE": "8",
    "BEAGLE_SHADOW_CALLS": "8",
    "BEAGLE_SHADOW_HOURS": "0",
    "BEAGLE_CANARY_CALLS": "5",
    "BEAGLE_PROVE_ROWS": "1",
}
"""What a workspace would not lower: a report names each of these, with what it replaces."""
TOUR = """
Beagle runs. Open {page} and try, in #general:
  1. @Beagle the vpn is down again for the whole Berlin office      (sorted into a ticket, as strict JSON)
  2. @Beagle how many days of parental leave do we get?             (quoted from a handbook, with links)
  3. @Beagle I'm off next Thursday and Friday, Priya covers         (a tuned 135M model, one LoRA adapter)
  4. @Beagle say this in plain English: …    or   /beagle stats     (streams its answer; what it all cost)
  5. In #leads the week's digest comes up: approve *incident*, then follow its thread to a tuned version that is live.
     The same played for you, in the terminal: beagle demo --script --road
Press Ctrl-C to stop. Logs: {logs}
"""


class Demo(Stage):
    """The stage with the handbook on it."""

    def __init__(
        self, port: int = 0, folder: Path | None = None, tell: Callable[[str], None] = unheard
    ) -> None:
        data = folder or Settings().data / "demo"
        extra = {
            "BEAGLE_ADMINS": people.user_id("ada"),
            "BEAGLE_ADMIN_CHANNEL": LEADS,
            "BEAGLE_LEASE_SECONDS": "4",
            "BEAGLE_REAP_SECONDS": "1",
            **LOWERED,
            # A laptop that does other things meanwhile reads a long prompt slowly; that is no fault
            # of the model.
            "BEAGLE_SILENCE_SECONDS": "40",
        }

        super().__init__(data, Cast(page_port=port, extra=extra, tell=tell))

    def __enter__(self) -> Demo:
        """Everything is ready, and the handbook can be found."""
        super().__enter__()
        self.read_handbook(HANDBOOK)
        # What was asked before today: the weekly look at it makes a digest in #leads within a
        # minute or two.
        fortnight.fill(
            self.store, people.TEAM_ID, GENERAL, fortnight.happenings(now(), incidents=INCIDENTS)
        )

        return self

    def read_handbook(self, folder: Path) -> None:
        """The pages in `folder` can be quoted at once, from a copy that may be edited; their vectors follow."""
        shutil.rmtree(self.handbook, ignore_errors=True)
        shutil.copytree(folder, self.handbook)
        pages = Web("127.0.0.1", 0, Pages(self.handbook))
        pages.start()
        self.at_end(pages.stop)
        self._source = Source(
            people.TEAM_ID,
            SOURCE,
            "folder",
            (str(self.handbook.absolute()),),
            WORKSPACE,
            f"http://127.0.0.1:{pages.port}",
        )

        self.read_again()

    @property
    def handbook(self) -> Path:
        """The demo's own copy of the handbook."""
        return self.folder / "handbook"

    def read_again(self) -> None:
        """The pages can be quoted as they are now."""
        read(self.store, self._source, now())
        queue = RqQueue(self.broker.url, {"embed": "compute"})
        queue.wake("embed", SOURCE)
        queue.close()

    def wait(self) -> None:
        """Blocks until Ctrl-C or SIGTERM."""
        print(TOUR.format(page=self.sandbox.url, logs=self.folder / "logs"), flush=True)
        stopped = threading.Event()

        def stop(*_: Any) -> None:
            stopped.set()

        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, stop)

        stopped.wait()
        print("Stopping …", flush=True)
