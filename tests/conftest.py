"""Fixtures for every test: a store, a fixed clock, and no network beyond loopback."""

from __future__ import annotations

import gc
import itertools
import os
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import structlog

from router.store import Store, open_store
from router.types import Decision, Request, Score
from tests.fixtures.local_model import local_model, model_weights, training_packages
from tests.fixtures.stores import open_sqlite
from tests.slow_tests import is_slow, listed

if TYPE_CHECKING:
    from bot.demo.stack import LocalStack
    from tests.fixtures.postgres import Databases
    from workers.llm.fake_server import FakeServer

__all__ = ["local_model", "model_weights", "training_packages"]  # fixtures for every folder

os.environ.setdefault("OMP_NUM_THREADS", "1")  # noqa: TID251  # before anything loads numpy
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # noqa: TID251  # fail, do not wait

LONG_FIRST = ("nightly", "chaos", "fuzz", "training", "model", "browser", "slow")
"""Markers of tests that take seconds to minutes; files with the first of them start first."""

# A deadline, or a complaint that examples are slow to make, says something about the machine only.
hypothesis.settings.register_profile(
    "beagle", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("beagle")


def pytest_collection_finish() -> None:
    """Spares the cycle collector the modules that were imported: it would walk them each time."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marks the slow tests, and puts the files that take longest first, each in its own order.

    Several processes take one file after the other. What starts last ends last.
    """
    slow = listed()
    for item in items:
        if is_slow(item.nodeid, slow):
            item.add_marker("slow")

    yield  # The shuffle, what `-m` leaves out, and what a folder says of its own order.

    ranks: dict[Path, int] = {}
    numbers: Counter[Path] = Counter()
    for item in items:
        marks = [mark.name for mark in item.iter_markers() if mark.name in LONG_FIRST]
        rank = min([LONG_FIRST.index(name) for name in marks], default=len(LONG_FIRST))
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
        numbers[item.path] += 1

    # Among the others the files with the most tests come first.
    items.sort(key=lambda item: (ranks[item.path], -numbers[item.path], str(item.path)))


class Clock:
    """A clock that moves only when a test calls `forward`."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    opened = open_sqlite(tmp_path / "beagle.db")
    yield opened
    opened.close()


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL server, started when the first test asks for one."""
    from tests.fixtures.postgres import running

    with running() as server:
        yield server


@pytest.fixture
def postgresql_store(databases: Databases) -> Iterator[Store]:
    opened = open_store(databases.fresh())
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite_store", "postgresql_store"], ids=["sqlite", "postgresql"])
def every_store(request: pytest.FixtureRequest) -> Store:
    """Each store in turn: the contract is the same for every database."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def make_request(clock: Clock) -> Callable[..., Request]:
    numbers = itertools.count(1)

    def make(text: str = "please do it", **over: object) -> Request:
        n = next(numbers)
        values = {
            "id": f"r{n}",
            "team": "T1",
            "channel": "C1",
            "user": "U1",
            "ts": f"{1_800_000_000 + n}.000000",
            "event_id": f"Ev{n}",
            "text": text,
            "received_at": clock(),
        }

        return Request(**(values | over))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_decision() -> Callable[..., Decision]:
    def make(route: str | None = "triage", **over: object) -> Decision:
        values = {
            "verb": "route" if route else "out_of_scope",
            "route": route,
            "confidence": 0.9,
            "margin": 0.8,
            "in_scope": 0.95,
            "scores": (Score("triage", 0.9), Score("rewrite", 0.1)),
            "router_version": "router1",
        }
        return Decision(**(values | over))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def model() -> Iterator[FakeServer]:
    """A model server on loopback with one reply; tests change its speed and its faults."""
    from workers.llm.fake_server import fake_model_server

    with fake_model_server(text="A clearer sentence.") as running:
        yield running


@pytest.fixture(scope="module")
def stack(model: FakeServer) -> Iterator[LocalStack]:
    """The real bot, one worker and a broker as processes, in front of a loopback Slack.

    Each file has its own: what one leaves in a channel or in the index would reach the next.
    """
    from bot.demo.stack import LocalStack, StackConfig
    from bot.sandbox import seed_data
    from tests.fixtures.slack import LATENCY, assert_everything_acknowledged

    # A socket's path must be short; pytest's own folders are too deep on some machines.
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        extra = {
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_LEASE_SECONDS": "3",
            "BEAGLE_REAPER_INTERVAL_SECONDS": "0.5",
            "BEAGLE_ADMINS": seed_data.user_id("ada"),
        }

        config = StackConfig(
            workers={"worker-0": "answer"},
            extra=extra,
            local_model=False,
            limits=False,
            latency=LATENCY,
        )
        with LocalStack(Path(folder), config) as running:
            yield running
            assert_everything_acknowledged(running.sandbox)


@pytest.fixture
def retries_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's SDK retries as often as always, but does not wait seconds in between."""
    from slack_sdk.http_retry.handler import default_interval_calculator

    monkeypatch.setattr(default_interval_calculator, "calculate_sleep_duration", lambda _: 0.0)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for a data directory with a broker in it: the path of a socket must be short."""
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that connects to anything but this machine fails at once."""
    connect = socket.socket.connect

    def checked(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise AssertionError(f"a test tried to reach {address!r}")

        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", checked)


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """What a command sets about logs in this process is over with its test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
