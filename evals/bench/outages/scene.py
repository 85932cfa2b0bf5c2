"""The running product with the parts that an outage may touch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from bot.demo.stack import LocalStack
from evals.bench.stacks.latency_proxy import LatencyProxy
from workers.llm.fake_server import FakeServer
from workers.runtime.processes import wait_until

TEXT = "!rewrite please make this sentence number {n} a little clearer"
"""What people ask, after the mention."""
MODEL_SECONDS = 0.5
LEASE_SECONDS = 4.0
DOCTOR_SECONDS = 120.0
"""The longest that an outage is drawn out until the doctor has answered."""
END_CONNECTIONS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """The running product, its model, and the ways to its database or broker where one is needed.

    `seconds` is how long the outage lasts, `clock` the file that sets the processes' clock, and
    `waiting` how many messages wait at a start. `examined` is set once the doctor has answered.
    """

    stack: LocalStack
    model: FakeServer
    seconds: float
    proxy: LatencyProxy | None = None
    database: URL | None = None
    clock: Path | None = None
    waiting: int = 0
    examined: threading.Event = field(default_factory=threading.Event)

    def pause(self, share: float = 1.0) -> None:
        """Waits for as long as the outage lasts, or for a share of it.

        The whole of it lasts at least until the doctor has answered.
        """
        wait_until(lambda: False, self.seconds * share)
        if share == 1.0:
            self.examined.wait(DOCTOR_SECONDS)

    def say(self, *statements: str) -> None:
        """Runs statements on the database server itself, and ends every other connection."""
        assert self.database is not None
        engine = create_engine(self.database, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

            connection.execute(END_CONNECTIONS)

        engine.dispose()


@dataclass(frozen=True, slots=True)
class Outage:
    """One thing that goes wrong.

    Attributes:
        open: Starts the product for outages that last so many seconds. Those that share the
            function run on one and the same product.
        run: Makes it go wrong, waits, and makes it good again.
        silences: Whether nobody can be told anything before it is over: Slack is not reached, or no
            connection to it can be opened.
        prepare: Posts messages before it begins, which count as well; returns their ts.
    """

    open: Callable[[float], AbstractContextManager[Scene]]
    run: Callable[[Scene], None]
    silences: bool = False
    prepare: Callable[[Scene], list[str]] | None = None
